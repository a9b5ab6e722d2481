"""Retention: what is old goes, and nothing else; wall time is passed in."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder import retention as module
from audiohook_fw_recorder.ledger import LEDGER, Removed, check_ledger, digest_of
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.retention import Retention

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    """Wall time and monotonic seconds; the first can be set apart from the second."""

    def __init__(self) -> None:
        self.now = NOW
        self.passed = 0.0

    def advance(self, step: timedelta) -> None:
        self.now += step
        self.passed += step.total_seconds()


def stem(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def record(directory: Path, number: int, ended: datetime | None, **changes: Any) -> None:
    content = {
        "format": "audiohook-recording/1",
        "session_id": stem(number),
        "conversation_id": stem(number + 1000),
        "started_at": (NOW - 300 * DAY).isoformat(),
        "audio": {"rate": 8000, "samples": 1, "files": [{"name": f"{stem(number)}.wav"}]},
        "state": "complete",
        **({"ended_at": ended.isoformat()} if ended else {}),
        **changes,
    }
    (directory / f"{stem(number)}.wav").write_bytes(b"12345")
    (directory / f"{stem(number)}.json").write_text(json.dumps(content))


def make(directory: Path, clock: Clock, **options: Any) -> Retention:
    return Retention(directory, 30, clock=lambda: clock.now, passed=lambda: clock.passed, **options)


def left(directory: Path) -> list[int]:
    """Return the numbers of the recordings whose files are both there."""
    names = {path.name for path in directory.iterdir()}
    wavs = {int(name[24:36]) for name in names if name.endswith(".wav")}
    assert wavs == {int(name[24:36]) for name in names if name.endswith(".json")}
    return sorted(wavs)


def test_what_is_old_goes_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    record(tmp_path, 1, NOW - 31 * DAY)
    record(tmp_path, 2, NOW - 30 * DAY - timedelta(seconds=1))
    record(tmp_path, 3, NOW - 30 * DAY)
    record(tmp_path, 4, NOW - DAY)
    record(tmp_path, 5, NOW + 1000 * DAY)  # by a clock that was wrong
    record(tmp_path, 6, None, state="interrupted")  # began 300 days ago
    record(tmp_path, 7, None, state="recording")  # and was written last just now
    (tmp_path / "notes.json").write_text(json.dumps({"ended_at": "2000-01-01T00:00:00+00:00"}))
    (tmp_path / "old.txt").write_text("")
    os.utime(tmp_path / "old.txt", (1e9, 1e9))
    clock = Clock()
    retention = make(tmp_path, clock)
    removed = retention.run_once()
    assert (removed.recordings, removed.files) == (3, 6)
    (tmp_path / "notes.json").unlink()
    assert left(tmp_path) == [3, 4, 5, 7]
    assert (tmp_path / "old.txt").exists()
    (entry,) = [json.loads(line) for line in (tmp_path / LEDGER).read_text().splitlines()]
    assert entry["action"] == "retention"
    assert entry["conversations"] == sorted(digest_of(stem(1000 + number)) for number in (1, 2, 6))
    assert (entry["recordings"], entry["files"], entry["bytes"]) == (3, 6, removed.bytes)
    assert "6 files" in caplog.text
    clock.advance(timedelta(hours=1))
    assert retention.run_once().recordings == 1
    assert left(tmp_path) == [4, 5, 7]
    assert retention.run_once() == Removed()
    assert check_ledger(tmp_path).lines == 2


def test_a_damaged_one_goes_by_when_it_was_written(tmp_path: Path) -> None:
    record(tmp_path, 1, NOW)
    record(tmp_path, 2, NOW)
    for number, written in ((1, NOW - 31 * DAY), (2, NOW)):
        path = tmp_path / f"{stem(number)}.json"
        path.write_text("{")
        os.utime(path, (written.timestamp(),) * 2)
    assert make(tmp_path, Clock()).run_once().recordings == 1
    assert left(tmp_path) == [2]


def test_what_a_process_works_on_stays(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    owner.hold()
    record(tmp_path, 1, NOW - 31 * DAY, owner=owner.token)
    record(tmp_path, 2, NOW - 31 * DAY, owner="0123456789abcdef")  # gone
    assert make(tmp_path, Clock()).run_once().recordings == 1
    assert left(tmp_path) == [1]
    owner.release()
    assert make(tmp_path, Clock()).run_once().recordings == 1


def test_what_is_being_deleted_since_it_was_uploaded_is_left_to_the_sweep(tmp_path: Path) -> None:
    record(tmp_path, 1, NOW - 31 * DAY)  # its audio may be a later call's of the same session
    (tmp_path / f"{stem(1)}.json").rename(tmp_path / f"{stem(1)}.stored.json")
    assert make(tmp_path, Clock()).run_once() == Removed()


def test_many_share_few_lines(tmp_path: Path) -> None:
    for number in range(250):
        record(tmp_path, number, NOW - 31 * DAY)
    record(tmp_path, 251, NOW)
    (tmp_path / f"{stem(1)}.json.tmp").write_text("{")  # goes with it
    removed = make(tmp_path, Clock()).run_once()
    assert (removed.recordings, removed.files) == (250, 501)
    assert left(tmp_path) == [251]
    state = check_ledger(tmp_path)
    assert (state.lines, state.problems) == (3, [])


def test_what_cannot_be_deleted_keeps_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in (1, 2, 3):
        record(tmp_path, number, NOW - 31 * DAY)
    (tmp_path / f"{stem(2)}.wav").unlink()
    (tmp_path / f"{stem(2)}.wav").mkdir()
    assert make(tmp_path, Clock()).run_once().recordings == 2
    assert left(tmp_path) == [2]
    assert "1 old recordings cannot be deleted" in caplog.text
    assert not json.loads((tmp_path / LEDGER).read_text())["complete"]


@pytest.mark.parametrize("days", [1000, -1000])
def test_a_clock_that_jumps_deletes_nothing_at_once(
    tmp_path: Path, days: int, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    retention = make(tmp_path, clock)
    record(tmp_path, 1, NOW - DAY)
    assert retention.run_once() == Removed()
    clock.now += days * DAY
    assert retention.run_once() == Removed()
    assert "the clock has jumped" in caplog.text
    clock.now -= days * DAY
    retention.run_once()
    clock.advance(timedelta(hours=1))
    assert retention.run_once() == Removed()
    clock.advance(30 * DAY)
    assert retention.run_once().recordings == 1


def test_trouble_is_logged_and_not_raised(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert make(tmp_path / "gone", Clock()).run_once() == Removed()
    assert "old recordings are not deleted: No such file" in caplog.text
    record(tmp_path, 1, NOW - 31 * DAY)
    (tmp_path / LEDGER).mkdir()
    assert make(tmp_path, Clock()).run_once() == Removed()
    assert left(tmp_path) == [1]
    (tmp_path / LEDGER).rmdir()
    clock = Clock()
    clock.now = datetime.min.replace(tzinfo=UTC)
    assert make(tmp_path, clock).run_once() == Removed()


def test_its_thread_looks_at_once_and_each_hour_until_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY", 0.01)
    clock = Clock()
    retention = make(tmp_path, clock)
    assert retention.stop(0)
    retention.start()
    for number in (1, 2):
        record(tmp_path, number, NOW - 31 * DAY)
        wait_until(lambda: left_or_none(tmp_path) == [])
    assert retention.stop(60)
    assert not any(thread.name == "audiohook-recorder-retention" for thread in threading.enumerate())
    record(tmp_path, 3, NOW - 31 * DAY)
    assert left(tmp_path) == [3]


def test_stopping_does_not_wait_for_the_hour(tmp_path: Path) -> None:
    retention = make(tmp_path, Clock())
    retention.start()
    assert retention.stop(60)


def left_or_none(directory: Path) -> list[str]:
    return [name for name in os.listdir(directory) if name.endswith((".wav", ".json"))]


def wait_until(true: Any) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)
