"""SIGKILL in the middle of calls: every recording opens, and holds all but the last second (encrypted: 5).

Where audio waits for what is redacted in it, it lacks that time, too.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder.age_spool import stored_segments
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

TELLER = """
from audiohook_fw import Event, PluginInfo, hookimpl


class Redacted(Event, event_type="redact.span"):
    channel: str
    kind: str
    start: int
    length: int


info = PluginInfo(emits=(Redacted,))


@hookimpl
def on_audio(session, frame):
    if frame.position >= 4000 and frame.position % 4000 < frame.length:
        with open("told.txt", "a") as file:
            print(session.id, frame.position, file=file)
        session.emit(Redacted(channel="internal", kind="card", start=frame.position - 3000, length=1000))
"""

TORN = tarfile.TarInfo("000009999999-000010000000.wav.age").tobuf(tarfile.USTAR_FORMAT)[:300]


async def start(
    directory: Path, more: str = "", configuration: str = CONFIGURATION
) -> tuple[asyncio.subprocess.Process, str]:
    (directory / "audiohook.toml").write_text(configuration + more)
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
    encrypted = f"[plugins.recorder.encryption]\nrecipients = ['{key.public}']\n"
    server, url = await start(tmp_path, encrypted)
    played = await play(server, url, after=2.9, bound=5.0)
    lengths = {}
    for report, owed in played:
        path = tmp_path / "calls" / f"{report.ids.session}.tar"
        with path.open("r+b") as file:  # as if it had been killed in the middle of a write, too
            length = max(segment.end for segment in stored_segments(file, path.name))
            file.truncate(path.stat().st_size - 1024)
            file.seek(0, os.SEEK_END)
            file.write(TORN)
        found = bytearray(b"\xff" * 2 * length)
        stored = list(segments(path, key.identities))
        assert len(stored) <= length / 32_000 + 3  # one each 4 s, and at pause and resume
        for start_, audio in stored:
            found[2 * start_ : 2 * start_ + len(audio.payload)] = audio.payload
        assert len(found) >= owed
        assert report.expected_recording().startswith(found)
        lengths[path.with_suffix(".json")] = length, path.read_bytes().removesuffix(TORN) + bytes(1024)
    with_content = [path for path in (tmp_path / "calls").iterdir() if path.stat().st_size]
    assert sorted(path.suffix for path in with_content) == [".json"] * 3 + [".tar"] * 3

    server, _ = await start(tmp_path, encrypted)  # the next one completes what it can
    async with asyncio.timeout(60):
        while any("owner" in json.loads(path.read_text(encoding="utf-8")) for path in lengths):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    server.terminate()
    await server.wait()
    for path, (length, archive) in lengths.items():
        sidecar = json.loads(path.read_text(encoding="utf-8"))
        assert (sidecar["state"], sidecar["audio"]["format"]) == ("interrupted", "age")
        assert sidecar["audio"]["samples"] == length
        assert path.with_suffix(".tar").read_bytes() == archive


@pytest.mark.parametrize("encrypted", [False, True])
async def test_what_was_told_to_be_redacted_is_silent_after_a_kill(
    tmp_path: Path, key: Any, encrypted: bool
) -> None:
    (tmp_path / "teller.py").write_text(TELLER)
    configuration = CONFIGURATION.replace(
        'enabled = ["recorder"]', 'enabled = ["recorder", "teller"]\nmodules = ["./teller.py"]'
    )
    more = "redact_margin = 0\nredact_window = 2.0\n"
    if encrypted:
        more += f"[plugins.recorder.encryption]\nrecipients = ['{key.public}']\n"
    server, url = await start(tmp_path, more, configuration)
    played = await play(server, url, after=8.7 if encrypted else 2.9, bound=1.0)
    lines = [line.split() for line in (tmp_path / "told.txt").read_text().splitlines()]
    for report, owed in played:
        path = tmp_path / "calls" / f"{report.ids.session}.wav"
        sent = np.frombuffer(report.expected_recording(), np.uint8).reshape(-1, 2)
        found = np.full_like(sent, 0xFF)
        length = 0
        if encrypted:
            for begin, audio in segments(path.with_suffix(".tar"), key.identities):
                length = begin + len(audio.samples)
                found[begin:length] = np.frombuffer(audio.payload, np.uint8).reshape(-1, 2)
            assert length <= len(sent) - 8000, "nothing had to wait"
        else:
            content = np.frombuffer(read_wav(path).payload, np.uint8).reshape(-1, 2)
            length = len(content)
            found[:length] = content
        told = [int(at) for session, at in lines if session == report.ids.session and int(at) <= owed // 2]
        silent = [at for at in told if at - 2000 <= length]
        assert len(silent) >= 2
        for at in silent:
            assert (found[at - 3000 : at - 2000, 1] == 0xFF).all()
        assert np.array_equal(found[:length, 0], sent[:length, 0])
        changed = np.flatnonzero(found[:length, 1] != sent[:length, 1])
        assert 0 < len(changed) <= 1000 * len([at for session, at in lines if session == report.ids.session])
