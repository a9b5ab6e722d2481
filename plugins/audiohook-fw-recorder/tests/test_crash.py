"""SIGKILL in the middle of calls: every recording opens, and holds all but the last second (encrypted: 5)."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.age_spool import mend_segments
from audiohook_fw_recorder.decrypting import segments

from audiohook_fw.audio import read_wav
from audiohook_fw.client import AudioSource, CallOptions, CallReport, ClientCall, Timeline, run_call

CONFIGURATION = """
[server]
port = 0
admin_port = "off"
[[auth.keys]]
name = "test"
api_key = "key"
unsigned = true
[plugins]
enabled = ["recorder"]
[plugins.recorder]
directory = "calls"
flush_seconds = 0.5
"""


async def start(directory: Path, more: str = "") -> tuple[asyncio.subprocess.Process, str]:
    (directory / "audiohook.toml").write_text(CONFIGURATION + more)
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "audiohook_fw", "serve"),
        cwd=directory,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(directory)},
    )
    assert server.stderr is not None
    while line := (await server.stderr.readline()).decode():
        if url := re.search(r"ws://\S+", line):
            return server, url[0]
    raise AssertionError("the server did not start")


async def play(
    server: asyncio.subprocess.Process, url: str, *, after: float, bound: float
) -> list[tuple[CallReport, int]]:
    """Kill a server under calls; return what they sent, and how many bytes of it must be there.

    Args:
        after: seconds of call. bound: seconds from then to the end; what was sent before must be there.
    """
    options = [
        CallOptions(
            url=url,
            api_key="key",
            duration=30.0,
            frame_ms=frame_ms,
            source=AudioSource.tone(),
            timeline=Timeline.parse(["pause@0.5", "resume@0.9"]),
            keep_audio=True,
        )
        for frame_ms in (20, 100, 200)
    ]
    playing: list[ClientCall] = []
    calls = [asyncio.ensure_future(run_call(option, on_start=playing.append)) for option in options]
    async with asyncio.timeout(60):
        while len(playing) < len(calls) or any(c.seconds < after for c in playing):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    owed = {call.report.ids.session: call.report.ledger.audio_bytes for call in playing}
    assert all(length > 16_000 * (after - 0.5) for length in owed.values()), "the calls were not running"
    await asyncio.sleep(bound)
    server.send_signal(signal.SIGKILL)
    await server.wait()
    reports: list[CallReport] = [await call for call in calls]
    return [(report, owed[report.ids.session]) for report in reports]


@pytest.mark.parametrize("after", [1.3, 2.9])
async def test_a_killed_server_loses_at_most_a_second(tmp_path: Path, after: float) -> None:
    server, url = await start(tmp_path)
    for report, owed in await play(server, url, after=after, bound=1.0):
        sent = report.expected_recording()
        path = tmp_path / "calls" / f"{report.ids.session}.wav"
        wav = read_wav(path)
        assert len(wav.payload) >= owed
        assert sent.startswith(wav.payload)
        sidecar = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert sidecar["state"] == "recording"
        assert [event["type"] for event in sidecar["events"]] == ["pause", "resume"]


async def test_a_killed_server_loses_at_most_five_seconds_of_encrypted_calls(
    tmp_path: Path, key: Any
) -> None:
    server, url = await start(tmp_path, f"[plugins.recorder.encryption]\nrecipients = ['{key.public}']\n")
    for report, owed in await play(server, url, after=2.9, bound=5.0):
        path = tmp_path / "calls" / f"{report.ids.session}.tar"
        length = mend_segments(path)
        found = bytearray(b"\xff" * 2 * length)
        stored = list(segments(path, key.identities))
        assert len(stored) <= length / 32_000 + 3  # one each 4 s, and at pause and resume
        for start_, audio in stored:
            found[2 * start_ : 2 * start_ + len(audio.payload)] = audio.payload
        assert len(found) >= owed
        assert report.expected_recording().startswith(found)
    with_content = [path for path in (tmp_path / "calls").iterdir() if path.stat().st_size]
    assert sorted(path.suffix for path in with_content) == [".json"] * 3 + [".tar"] * 3
