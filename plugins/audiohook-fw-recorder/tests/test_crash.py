"""SIGKILL in the middle of calls: every recording opens, and holds all but the last second."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

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


async def start(directory: Path) -> tuple[asyncio.subprocess.Process, str]:
    (directory / "audiohook.toml").write_text(CONFIGURATION)
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


@pytest.mark.parametrize("after", [1.3, 2.9])
async def test_a_killed_server_loses_at_most_a_second(tmp_path: Path, after: float) -> None:
    server, url = await start(tmp_path)
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
    # All but the last second: what had been sent a second before the end must be there.
    owed = {call.report.ids.session: call.report.ledger.audio_bytes for call in playing}
    await asyncio.sleep(1.0)
    server.send_signal(signal.SIGKILL)
    await server.wait()
    reports: list[CallReport] = [await call for call in calls]
    for report in reports:
        sent = report.expected_recording()
        path = tmp_path / "calls" / f"{report.ids.session}.wav"
        wav = read_wav(path)
        assert owed[report.ids.session] > 16_000 * (after - 0.5), "the call was not running"
        assert len(wav.payload) >= owed[report.ids.session]
        assert sent.startswith(wav.payload)
        sidecar = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert sidecar["state"] == "recording"
        assert [event["type"] for event in sidecar["events"]] == ["pause", "resume"]
