"""The ledger: a chain that shows what was done to it, and survives what happens to it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.ledger import FIRST, LEDGER, Ledger, LedgerState, Removed, check_ledger, digest_of

ID = "6F1C3D58-0000-4000-8000-0000000000AB"
MISSED = "the line before it is not the one that was there when it was written"


def append(directory: Path, *, times: int = 1, conversations: int = 1) -> None:
    for _ in range(times):
        with Ledger(directory) as ledger:
            ledger.append("erase", [digest_of(ID)] * conversations, Removed(1, 2, 3, 4))


def lines(directory: Path) -> list[bytes]:
    return (directory / LEDGER).read_bytes().splitlines(keepends=True)


def test_a_line_tells_what_but_not_of_whom(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.append("retention", [digest_of(ID)], Removed(1, 2, 3, 4))
        ledger.append("erase", [digest_of(ID)], Removed(), complete=False, plugins={"notes": 5})
        last = ledger.last
    first, second = (json.loads(line) for line in lines(tmp_path))
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "action": "retention",
        "conversations": [hashlib.sha256(ID.lower().encode()).hexdigest()],
        "recordings": 1,
        "files": 2,
        "objects": 3,
        "bytes": 4,
        "complete": True,
        "before": FIRST,
    }
    assert (second["plugins"], second["complete"]) == ({"notes": 5}, False)
    assert second["before"] == hashlib.sha256(lines(tmp_path)[0][:-1]).hexdigest()
    assert check_ledger(tmp_path) == LedgerState(2, last, [])
    assert ID.lower() not in (tmp_path / LEDGER).read_text().lower()
    assert (tmp_path / LEDGER).stat().st_mode & 0o777 == 0o600


def test_none_is_right(tmp_path: Path) -> None:
    assert check_ledger(tmp_path) == LedgerState(0, FIRST, [])


@pytest.mark.parametrize("conversations", [0, 1, 3000])  # shorter and longer than what is read at a time
def test_it_goes_on_where_it_ended(tmp_path: Path, conversations: int) -> None:
    append(tmp_path, times=4, conversations=conversations)
    state = check_ledger(tmp_path)
    assert (state.lines, state.problems) == (4, [])


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (lambda all_: [all_[0].replace(b'"files": 2', b'"files": 1'), *all_[1:]], [f"line 2: {MISSED}"]),
        (lambda all_: all_[1:], [f"line 1: {MISSED}"]),
        (lambda all_: [all_[0], all_[2]], [f"line 2: {MISSED}"]),
        (lambda all_: [all_[1], all_[0], all_[2]], [f"line {n}: {MISSED}" for n in (1, 2, 3)]),
        (lambda all_: [*all_[:2], b"nonsense\n"], ["line 3: this is no JSON"]),
        (lambda all_: [*all_[:2], b"[1]\n"], ["line 3: this is no line of a ledger"]),
        (lambda all_: [*all_[:2], all_[2][:-5]], ["line 3: its last line is cut off"]),
        (lambda all_: [*all_[:2], all_[2][:-1]], ["line 3: its last line is cut off"]),
    ],
)
def test_what_was_done_to_it_is_seen(tmp_path: Path, change: Any, problems: list[str]) -> None:
    append(tmp_path, times=3)
    assert check_ledger(tmp_path).problems == []
    (tmp_path / LEDGER).write_bytes(b"".join(change(lines(tmp_path))))
    assert check_ledger(tmp_path).problems == [f"{LEDGER}: {problem}" for problem in problems]


@pytest.mark.parametrize("left", [1, 100, -1])
@pytest.mark.parametrize("whole", [0, 2])
def test_a_line_that_was_cut_off_goes_with_the_next_one(tmp_path: Path, whole: int, left: int) -> None:
    append(tmp_path, times=whole + 1, conversations=2000)
    (tmp_path / LEDGER).write_bytes(b"".join(lines(tmp_path)[:whole]) + lines(tmp_path)[whole][:left])
    append(tmp_path)
    state = check_ledger(tmp_path)
    assert (state.lines, state.problems) == (whole + 1, [])


def test_a_disk_that_fills_up_leaves_it_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(tmp_path)
    before = lines(tmp_path)
    write = os.write

    def half(descriptor: int, content: bytes) -> int:
        if len(content) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content[:50])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space"):
        append(tmp_path)
    assert lines(tmp_path) == before
    monkeypatch.undo()
    append(tmp_path)
    assert check_ledger(tmp_path).problems == []


def test_many_write_one_after_the_other(tmp_path: Path) -> None:
    threads = [threading.Thread(target=append, args=(tmp_path,), kwargs={"times": 20}) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state = check_ledger(tmp_path)
    assert (state.lines, state.problems) == (100, [])


def test_it_is_no_link_to_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / LEDGER).symlink_to("elsewhere")
    with pytest.raises(OSError), Ledger(tmp_path):  # noqa: PT011
        raise AssertionError
