"""Addresses come at once and go after a while; the disk always holds a whole list."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from audiohook_fw_genesys.address_book import AddressBook
from audiohook_fw_genesys.allowlist import DAY
from audiohook_fw_genesys.ranges import Range, RangesError

A, B, C = (Range(f"192.0.2.{number}/32", "audiohook", "eu-central-1", "outbound") for number in (1, 2, 3))
NOW = 1_800_000_000.0


def _book(grace: float = 7 * DAY) -> AddressBook:
    return AddressBook("https://api.mypurecloud.de", grace)


def test_added_at_once_and_removed_after_days() -> None:
    book = _book()
    assert book.update({A, B}, NOW) == ({A, B}, set())
    assert book.update({A, C}, NOW + 3600) == ({C}, set())
    assert set(book.ranges) == {A, B, C}
    book.update({A, C}, NOW + 3600 + 6.9 * DAY)
    assert B in book.ranges
    assert book.update({A, C}, NOW + 3600 + 7 * DAY) == (set(), {B})


def test_one_that_comes_back_begins_anew() -> None:
    book = _book()
    book.update({A, B}, NOW)
    book.update({A}, NOW + DAY)
    book.update({A, B}, NOW + 6 * DAY)
    book.update({A}, NOW + 10 * DAY)
    book.update({A}, NOW + 16 * DAY)
    assert B in book.ranges
    assert book.update({A}, NOW + 17 * DAY) == (set(), {B})


def test_days_without_an_answer_do_not_count() -> None:
    """Nobody saw it missing while nobody could ask."""
    book = _book()
    book.update({A, B}, NOW)
    book.update({A}, NOW + 30 * DAY)
    assert B in book.ranges


def test_a_clock_that_is_set_back() -> None:
    book = _book()
    book.update({A, B}, NOW)
    book.update({A}, NOW + 100 * DAY)
    book.update({A}, NOW)
    assert book.update({A}, NOW + 7 * DAY) == (set(), {B})


def test_without_grace() -> None:
    book = _book(0.0)
    book.update({A, B}, NOW)
    assert book.update({A}, NOW + 1) == (set(), {B})


def test_what_is_missing_longest_goes_first_when_there_is_too_much() -> None:
    book = _book()
    for day in range(5):
        book.update({Range(f"10.{day}.{n >> 8}.{n & 255}/32") for n in range(10_000)}, NOW + day * DAY)
    assert len(book.ranges) == 40_000
    assert {entry.cidr.split(".")[1] for entry in book.ranges} == {"1", "2", "3", "4"}


def test_the_disk_keeps_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "ranges.json"
    book = _book()
    book.update({A, B}, NOW)
    book.update({A, C}, NOW + DAY)
    book.save(path)
    again = _book()
    assert again.load(path)
    assert (set(again.ranges), again.updated) == ({A, B, C}, NOW + DAY)
    again.update({A, C}, NOW + 7.9 * DAY)
    assert B in again.ranges
    assert again.update({A, C}, NOW + 8 * DAY) == (set(), {B})
    assert os.listdir(tmp_path) == ["ranges.json"]


def test_of_another_region_it_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "ranges.json"
    book = _book()
    book.update({A}, NOW)
    book.save(path)
    assert not AddressBook("https://api.mypurecloud.com", 1.0).load(path)
    assert not _book().load(tmp_path / "none.json")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"format": "other"}', b"\xff", b"[" * 100_000]
)
def test_a_file_that_is_none_of_ours(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ranges.json"
    path.write_bytes(content)
    with pytest.raises(RangesError, match=r"ranges\.json"):
        _book().load(path)


def test_strange_entries_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "ranges.json"
    book = _book()
    book.update({A}, NOW)
    book.save(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["entities"] += [None, {"cidr": "0.0.0.0/0"}, {"cidr": "192.0.2.9", "missing_since": "x"}]
    content["updated"] = "never"
    path.write_text(json.dumps(content), encoding="utf-8")
    book = _book()
    assert book.load(path)
    assert {entry.cidr for entry in book.ranges} == {"192.0.2.1/32", "192.0.2.9/32"}
    assert book.updated == 0


def test_a_disk_that_refuses_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ranges.json"
    book = _book()
    book.update({A}, NOW)
    book.save(path)
    before = path.read_bytes()
    book.update({A, B}, NOW)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        book.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["ranges.json"]
