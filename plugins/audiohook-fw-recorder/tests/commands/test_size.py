"""Ten thousand tiny calls, and a call of six hours: all is found, and memory stays small."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.commands.replaying import Job, Setting, replay_recording

RATE = 8000
HOURS = 6 * 3600 * RATE


@contextmanager
def at_most(megabytes: float) -> Iterator[None]:
    """See that no more memory is used at any time."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 1e6, f"{peak / 1e6:.1f} MB"


@pytest.fixture
def long(archive: Any) -> Path:
    """Make a recording of six hours, most of which is a hole in its file."""
    path = archive.add("a", seconds=1)
    with path.with_suffix(".wav").open("r+b") as file:
        header = file.read(58)
        size = 2 * HOURS
        file.truncate(58 + size)
        file.seek(0)
        sizes = {4: 50 + size, 46: HOURS, 54: size}
        for place, number in sizes.items():
            header = header[:place] + number.to_bytes(4, "little") + header[place + 4 :]
        file.write(header)
    archive.change(path, lambda content: content["audio"].update(samples=HOURS))
    return Path(path)


def test_a_call_of_six_hours(archive: Any, long: Path, tmp_path: Path) -> None:
    with at_most(25):  # its file has 346 MB
        assert archive.json("verify")[0]["verdict"] == "ok"
        assert "6:00:00" in archive.run("info").stdout
        options = ["--from", "5:00:00", "--to", "5:01:00", "--per-channel"]
        (item,) = archive.json("export", "--into", tmp_path / "out", *options)
    assert (item["problem"], item["seconds"]) == (None, 60.0)


def test_a_replay_of_six_hours(archive: Any, long: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "quiet.py"
    text = "from audiohook_fw import hookimpl\n@hookimpl\ndef on_audio(frame):\n    frame.samples\n"
    plugin.write_text(text)
    job = Job(long.stem, archive.directory, long.read_text(), HOURS / RATE)
    with at_most(25):
        done = replay_recording(job, Setting((str(plugin),), frame_ms=2000), lambda seconds: None)
    assert done.result is not None
    assert (done.result["position"], done.result["faults"]) == (HOURS, [])


def test_ten_thousand_tiny_calls(archive: Any) -> None:
    path = archive.add("t", seconds=0.02)
    sidecar = path.read_text()
    for number in range(9_999):
        name = f"{number:08x}-0000-4000-8000-000000000000"
        path.with_name(f"{name}.json").write_text(
            sidecar.replace('"session_id": "t"', f'"session_id": "{name}"')
        )
    assert archive.run("verify").stdout == "10000 recordings: 10000 whole, 0 not; 10000 without a checksum\n"
    assert [item["name"][:8] for item in archive.json("list", "00000007-0000-4000-8000-000000000000")] == [
        "00000007"
    ]
    with at_most(20):
        lines = archive.run("list").stdout.splitlines()
    assert len(lines) == 10_001
