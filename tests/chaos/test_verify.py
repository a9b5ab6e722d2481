"""The harness itself: it sees each invariant that is broken, and none in what is right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.audio import WavWriter
from audiohook_fw.protocol import MediaFormat

from .behaviours import BEHAVIOURS, draw
from .checks import BrokenError, Checks
from .played import Played, WireCheck
from .report import write_section
from .stage import Stage
from .verify import is_quiet, verify_books, verify_recordings

SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
AUDIO = bytes(range(100)) * 2
SHA = hashlib.sha256(AUDIO).hexdigest()
Rows = list[dict[str, Any]]


def good_rows() -> Rows:
    end = {"kind": "end", "call": 1, "session": SESSION, "position": 150, "audio": 100, "samples": 100}
    end |= {"bytes": 200, "frames": 2, "sha256": SHA, "media": True, "clamped": 0, "problems": []}
    decided = {"kind": "decided", "call": 1, "session": SESSION, "accepted": True}
    return [decided, *({**end, "plugin": name} for name in ("inline", "lane", "late"))]


def good_call() -> Played:
    return Played(7, "plain", SESSION, opened=1, whole=True, sent=200, sha256=SHA, position=150)


def test_what_is_right_is_counted() -> None:
    checks = Checks()
    assert len(verify_books(good_rows(), [good_call()], checks)) == 1
    assert checks.count["on_end comes once for an accepted call"] == 3


def twice(rows: Rows) -> None:
    rows.append(rows[1])


def missing(rows: Rows) -> None:
    del rows[2]


def unseen(rows: Rows) -> None:
    rows.clear()


def decided_twice(rows: Rows) -> None:
    rows.append(rows[0])


def rejected(rows: Rows) -> None:
    rows[0]["accepted"] = False


def troubled(rows: Rows) -> None:
    rows[3]["problems"] = ["the position ran backwards"]


def different(rows: Rows) -> None:
    rows[2]["sha256"] = "other"


def lost(rows: Rows) -> None:
    for row in rows[1:]:
        row["bytes"] -= 2


def garbled(rows: Rows) -> None:
    for row in rows[1:]:
        row["sha256"] = "other"


def longer(rows: Rows) -> None:
    for row in rows[1:]:
        row["position"] += 1


@pytest.mark.parametrize(
    "spoil",
    [twice, missing, unseen, decided_twice, rejected, troubled, different, lost, garbled, longer],
)
def test_what_is_wrong_in_the_books_is_seen(spoil: Callable[[Rows], None]) -> None:
    rows = good_rows()
    spoil(rows)
    with pytest.raises(BrokenError) as caught:
        verify_books(rows, [good_call()], Checks())
    assert (caught.value.number, caught.value.session) == (7, SESSION)


def record(directory: Path) -> tuple[Path, dict[str, Any]]:
    """Write what the recorder would: 100 samples of audio with a gap of 50 in their middle."""
    wav = WavWriter(directory / f"{SESSION}.wav", MediaFormat("PCMU", ("external", "internal")))
    wav.write(AUDIO[:100])
    wav.write_silence(50)
    wav.write(AUDIO[100:])
    wav.close()
    sidecar = {
        "state": "complete",
        "audio": {"samples": 150},
        "totals": {"position": 150, "audio": 100, "overflow": 0},
        "gaps": [{"start": 50, "length": 50, "cause": "pause"}],
        "errors": {},
    }
    return directory / f"{SESSION}.json", sidecar


def test_a_right_recording_is_removed(tmp_path: Path) -> None:
    path, sidecar = record(tmp_path)
    path.write_text(json.dumps(sidecar), encoding="utf-8")
    verify_recordings(tmp_path, good_rows()[1:2], [good_call()], Checks())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "recording"},
        {"audio": {"samples": 149}},
        {"totals": {"position": 150, "audio": 100, "overflow": 1}},
        {"totals": {"position": 150, "audio": 99, "overflow": 0}},
        {"gaps": []},
        {"gaps": [{"start": 0, "length": 50, "cause": "pause"}]},
        {"gaps": [{"start": 50, "length": 50, "cause": "overflow"}]},
        {"errors": {"ENOSPC": 1}},
    ],
    ids=str,
)
def test_a_wrong_recording_is_seen(tmp_path: Path, wrong: dict[str, Any]) -> None:
    path, sidecar = record(tmp_path)
    path.write_text(json.dumps(sidecar | wrong), encoding="utf-8")
    with pytest.raises(BrokenError):
        verify_recordings(tmp_path, good_rows()[1:2], [good_call()], Checks())


def test_missing_and_stray_recordings_are_seen(tmp_path: Path) -> None:
    with pytest.raises(BrokenError):
        verify_recordings(tmp_path, good_rows()[1:2], [good_call()], Checks())
    path, sidecar = record(tmp_path)
    path.write_text(json.dumps(sidecar), encoding="utf-8")
    with pytest.raises(BrokenError):
        verify_recordings(tmp_path, [], [], Checks())


def message(seq: int, type_: str, clientseq: int = 1) -> str:
    return json.dumps({"seq": seq, "type": type_, "clientseq": clientseq})


@pytest.mark.parametrize(
    "heard",
    [
        [message(2, "opened")],
        [message(1, "opened"), message(2, "opened")],
        [message(1, "opened"), message(2, "pong", 1)],
        [message(1, "opened", 5)],
        [message(1, "closed", 2)],
        [message(1, "closed", 3), message(2, "event")],
        [message(1, "closed", 3), b"audio"],
    ],
)
def test_a_server_that_breaks_a_rule_is_seen(heard: list[str | bytes]) -> None:
    wire = WireCheck(Checks())
    for seq, type_ in enumerate(("open", "ping", "close"), 1):
        wire.sent(message(seq, type_))
    *before, last = heard
    for one in before:
        wire.received(one)
    with pytest.raises(BrokenError):
        wire.received(last)


def test_a_ping_without_a_pong_is_seen() -> None:
    wire = WireCheck(Checks())
    wire.sent(message(1, "ping"))
    wire.end()  # right before the end it may lack its pong
    wire.sent(message(2, "ping"))
    with pytest.raises(BrokenError):
        wire.end()


@pytest.mark.parametrize(
    "left",
    [
        {"connections": 1},
        {"lane_bytes": 1},
        {"fds": 9},
        {"tasks": {"audiohook-lane:x:y": 1}},
        {"alive": {"Call": 1}},
    ],
    ids=str,
)
def test_what_is_left_of_a_call_is_seen(left: dict[str, Any]) -> None:
    nothing = {"connections": 0, "calls": 0, "lane_bytes": 0, "held": 0, "alive": {}}
    before = {**nothing, "fds": 8, "tasks": {"main": 1}}
    assert is_quiet({**before, "tasks": {"main": 1, "planted-leak:faulty": 3}}, before)
    assert not is_quiet({**before, **left}, before)


def test_the_same_seed_draws_the_same_calls() -> None:
    one, other = (Stage(None, "seed", Checks()) for _ in range(2))  # type: ignore[arg-type]
    drawn = [draw(one.rng(number)) for number in range(1_000)]
    assert drawn == [draw(other.rng(number)) for number in range(1_000)]
    assert set(drawn) == set(BEHAVIOURS)


def test_only_its_section_of_a_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- calls -->old<!-- /calls -->\nafter\n", encoding="utf-8")
    write_section(page, "calls", ["new"])
    assert page.read_text(encoding="utf-8") == "before\n<!-- calls -->\nnew\n<!-- /calls -->\nafter\n"
    with pytest.raises(ValueError, match="0 sections drains"):
        write_section(page, "drains", ["new"])
