"""Lists of addresses: Genesys' answer, the FAQ's older shape, files of one's own, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_genesys.ranges import Range, RangesError, read_file, read_ranges, select

FAQ = {
    "entities": [
        {"cidr": "192.0.2.17/32", "service": "audiohook", "region": "us-east-1"},
        {"cidr": "192.0.2.18/32", "service": "audiohook", "region": "eu-central-1"},
    ]
}
"""The shape that the FAQ shows: without a direction."""


def _entry(**facts: Any) -> dict[str, Any]:
    return {"cidr": "192.0.2.1/32", "service": "audiohook", "region": "eu-central-1", **facts}


def test_the_shape_of_the_faq() -> None:
    listing = read_ranges(FAQ)
    assert listing.skipped == 0
    assert {entry.cidr for entry in listing.ranges} == {"192.0.2.17/32", "192.0.2.18/32"}
    assert read_ranges(FAQ["entities"]) == listing


@pytest.mark.parametrize(
    ("direction", "taken", "skipped"),
    [
        ("outbound", 1, 0),
        ("both", 1, 0),
        ("OUTBOUND", 1, 0),
        (None, 1, 0),
        ("", 1, 0),
        ("inbound", 0, 0),
        ("sideways", 0, 1),
    ],
)
def test_only_what_genesys_sends_from(direction: object, taken: int, skipped: int) -> None:
    listing = read_ranges({"entities": [_entry(direction=direction)]})
    assert (len(listing.ranges), listing.skipped) == (taken, skipped)


@pytest.mark.parametrize(
    ("entity", "reason"),
    [
        (None, "it has no cidr"),
        ("192.0.2.1", "it has no cidr"),
        ({}, "it has no cidr"),
        (_entry(cidr=5), "it has no cidr"),
        (_entry(cidr="192.0.2.0/33"), "'192.0.2.0/33' is no network"),
        (_entry(cidr="example.com"), "'example.com' is no network"),
        (
            _entry(cidr="192.0.2.77/24"),
            "'192.0.2.77/24' is no network; write 192.0.2.0/24, or 192.0.2.77 for that address alone",
        ),
        (
            _entry(cidr="2001:db8::1/32"),
            "'2001:db8::1/32' is no network; write 2001:db8::/32, or 2001:db8::1 for that address alone",
        ),
        (_entry(cidr="0.0.0.0/0"), "0.0.0.0/0 is too wide to be meant"),
        (_entry(cidr="fe80::1%a\nb"), r"'fe80::1%a\nb' is no network; write it without its zone"),
        (_entry(cidr="::ffff:0.0.0.0/96"), "0.0.0.0/0 is too wide to be meant"),
        (
            _entry(cidr="::ffff:192.0.2.77/120"),
            "'::ffff:192.0.2.77/120' is no network; write 192.0.2.0/24, or 192.0.2.77 for that address alone",
        ),
        (_entry(cidr="::/0"), "::/0 is too wide to be meant"),
        (_entry(direction="sideways"), "direction 'sideways' is not known"),
    ],
)
def test_what_is_skipped(entity: object, reason: str) -> None:
    listing = read_ranges({"entities": [_entry(cidr="192.0.2.9"), entity]})
    assert {entry.cidr for entry in listing.ranges} == {"192.0.2.9/32"}
    assert listing.reasons == (f"entry 2: {reason}",)


def test_only_a_few_reasons_are_told() -> None:
    listing = read_ranges([{}] * 1_000)
    assert (listing.skipped, len(listing.reasons)) == (1_000, 5)


@pytest.mark.parametrize("data", [None, 5, "x", {}, {"entities": {}}, {"entities": "x"}])
def test_what_is_no_list(data: object) -> None:
    with pytest.raises(RangesError, match="expected is"):
        read_ranges(data)


def test_a_list_that_is_too_long() -> None:
    with pytest.raises(RangesError, match="too many"):
        read_ranges([_entry()] * 20_001)


def test_networks_are_canonical() -> None:
    listing = read_ranges([_entry(cidr=" 192.0.2.0/255.255.255.0 "), _entry(cidr="2001:DB8:0::1")])
    assert {entry.cidr for entry in listing.ranges} == {"192.0.2.0/24", "2001:db8::1/128"}


def test_networks_of_ipv4_addresses_in_ipv6_are_those_of_ipv4() -> None:
    listing = read_ranges([_entry(cidr="::ffff:192.0.2.5"), _entry(cidr="::ffff:198.51.100.0/120")])
    assert {entry.cidr for entry in listing.ranges} == {"192.0.2.5/32", "198.51.100.0/24"}


def test_names_that_would_harm_a_terminal() -> None:
    listing = read_ranges([_entry(service="audio\nhook", region="eu\x1b[2J")])
    assert {(entry.service, entry.region) for entry in listing.ranges} == {("audio?hook", "eu?[2j")}


def test_services_and_regions() -> None:
    entries = [
        Range("192.0.2.10/32", "audiohook", "eu-central-1"),
        Range("192.0.2.9/32", "audiohook", "us-east-1"),
        Range("2001:db8::/48", "audiohook", "us-east-1"),
        Range("192.0.2.10/32", "byot-stt", "eu-central-1"),
        Range("192.0.2.11/32"),
    ]
    assert [e.cidr for e in select(entries, ["audiohook"], [])] == [
        "192.0.2.9/32",
        "192.0.2.10/32",
        "2001:db8::/48",
    ]
    assert [e.cidr for e in select(entries, ["audiohook"], ["eu-central-1"])] == ["192.0.2.10/32"]
    assert len(select(entries, [], [])) == 5
    assert select(entries, ["nothing"], []) == []


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ranges.json"
    path.write_text(json.dumps(FAQ), encoding="utf-8")
    assert read_file(path) == read_ranges(FAQ)


def test_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "ranges.json"
    path.write_text(json.dumps(FAQ), encoding="utf-8-sig")  # as editors on Windows save it
    assert read_file(path) == read_ranges(FAQ)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{\n  'entities': []\n}", r"ranges.json, line 2: this is no JSON"),
        (b"\xff\xfe", "this is no JSON"),
        (b"[" * 100_000, "this is no JSON"),
        (b"{}", "this is no list of addresses"),
        (None, "ranges.json: No such file"),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "ranges.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RangesError, match=problem):
        read_file(path)
