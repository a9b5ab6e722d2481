"""Source addresses: the allowlist, and who is believed about them."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.auth import AddressPolicy

PROXIES = ["10.0.0.0/8", "fd00::/8"]


@pytest.mark.parametrize(
    ("allowed", "address", "expected"),
    [
        ([], "192.0.2.7", True),
        ([], "", True),
        (["192.0.2.0/24"], "192.0.2.7", True),
        (["192.0.2.0/24"], "192.0.3.7", False),
        (["192.0.2.0/24"], "", False),
        (["192.0.2.0/24"], "unix", False),
        (["192.0.2.7"], "192.0.2.7", True),
        (["192.0.2.9/24"], "192.0.2.7", True),
        ([ip_network("192.0.2.0/24")], "192.0.2.7", True),
        (["198.51.100.0/24", "192.0.2.0/24"], "192.0.2.7", True),
        (["2001:db8::/32"], "2001:db8::1", True),
        (["2001:db8::/32"], "2001:DB8:0::1", True),
        (["2001:db8::/32"], "2001:db9::1", False),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["192.0.2.0/24"], "::ffff:192.0.2.7", True),
        (["::ffff:192.0.2.0/120"], "192.0.2.7", True),
        (["::ffff:192.0.2.0/120"], "::ffff:192.0.3.7", False),
        (["0.0.0.0/0"], "2001:db8::1", False),
        (["::/0"], "192.0.2.7", False),
    ],
)
def test_allowlist(allowed: list[str], address: str, expected: bool) -> None:
    assert AddressPolicy(allowed).allows(address) is expected


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("fe80::1%eth0", [], "fe80::1"),
        # an untrusted peer may claim what it likes
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
        # one proxy, several, in one line or more
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.9"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1", "10.0.0.9"], "198.51.100.1"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        # what the client itself sent stands left of what the proxy saw
        ("10.0.0.1", ["203.0.113.5, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.5", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.2, 198.51.100.1, 10.0.0.9"], "198.51.100.1"),
        ("10.0.0.1", ["garbage, 198.51.100.1"], "198.51.100.1"),
        # all of them proxies: the leftmost
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        # forms
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::5]:4711"], "2001:db8::5"),
        ("10.0.0.1", ['"[2001:DB8::5]"'], "2001:db8::5"),
        ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        # unknown rather than wrong
        ("10.0.0.1", ["unknown"], ""),
        ("10.0.0.1", ["198.51.100.1,"], ""),
        ("10.0.0.1", ["198.51.100.1, _hidden, 10.0.0.2"], ""),
        ("", ["198.51.100.1"], ""),
        ("/run/socket", ["198.51.100.1"], ""),
    ],
)
def test_client_address(peer: str, forwarded: list[str], client: str) -> None:
    assert AddressPolicy(trusted_proxies=PROXIES).client_address(peer, forwarded) == client


def test_nobody_is_believed_by_default() -> None:
    assert AddressPolicy().client_address("10.0.0.1", ["198.51.100.1"]) == "10.0.0.1"


@given(st.text(), st.lists(st.text()))
def test_spoofed_lines_never_get_past_an_untrusted_hop(spoofed: str, more: list[str]) -> None:
    policy = AddressPolicy(["203.0.113.0/24"], PROXIES)
    line = f"{spoofed}, 203.0.113.5, 198.51.100.1"
    assert policy.client_address("10.0.0.1", [*more, line]) == "198.51.100.1"
    assert policy.client_address("198.51.100.1", [*more, spoofed]) == "198.51.100.1"


@given(st.text(), st.lists(st.text()))
def test_arbitrary_texts_give_an_address_or_nothing(peer: str, forwarded: list[str]) -> None:
    policy = AddressPolicy(["192.0.2.0/24"], ["0.0.0.0/0", "::/0"])
    address = policy.client_address(peer, forwarded)
    assert address == "" or AddressPolicy().client_address(address) == address
    assert policy.allows(peer) in (True, False)


def test_wrong_networks_are_named() -> None:
    with pytest.raises(ValueError, match="not-a-network"):
        AddressPolicy(["not-a-network"])
    with pytest.raises(ValueError, match=r"192\.0\.2\.0/33"):
        AddressPolicy(trusted_proxies=["192.0.2.0/33"])
