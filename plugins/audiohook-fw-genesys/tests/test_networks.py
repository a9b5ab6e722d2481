"""Finding an address among networks: the same as asking each of them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, ip_network

import pytest
from audiohook_fw_genesys.networks import Networks
from hypothesis import given
from hypothesis import strategies as st

NETWORKS = [ip_network(text) for text in ("192.0.2.10/32", "198.51.100.0/28", "2001:db8::/48", "10.0.0.0/8")]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.0.2.10", True),
        ("192.0.2.11", False),
        ("198.51.100.15", True),
        ("198.51.100.16", False),
        ("10.255.255.255", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("::ffff:192.0.2.10", True),
        ("::c000:20a", False),
        ("", False),
        ("example.com", False),
    ],
)
def test_addresses(address: str, found: bool) -> None:
    assert (address in Networks(NETWORKS)) is found


def test_none_at_all() -> None:
    assert len(Networks()) == 0
    assert "192.0.2.10" not in Networks()
    assert len(Networks(NETWORKS)) == 4


networks = st.builds(
    lambda number, length: IPv4Network((number >> (32 - length) << (32 - length), length)),
    st.integers(0, 2**32 - 1),
    st.integers(8, 32),
)


@given(st.lists(networks), st.integers(0, 2**32 - 1))
def test_it_is_the_same_as_asking_each(listed: list[IPv4Network], number: int) -> None:
    for address in [IPv4Address(number), *(network.broadcast_address for network in listed)]:
        assert (str(address) in Networks(listed)) is any(address in network for network in listed)
