"""The recorder with a store: from the call to the object, and past SIGKILL."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder.store import Store
from audiohook_fw_recorder.store_settings import StoreSettings

from audiohook_fw import MediaFormat
from audiohook_fw.audio import parse_wav
from audiohook_fw.client import AudioSource, CallOptions, ClientCall, run_call
from audiohook_fw.config.toml import toml_value
from audiohook_fw.plugin import PluginManager, PluginStatus, ServerContext

ID = "6f1c3d58-0000-4000-8000-0000000000ab"
STEREO = MediaFormat("PCMU", ("external", "internal"))
SERVER = ServerContext(version="0", node="test")
Section = Callable[..., dict[str, Any]]


async def start(load: Any, **settings: Any) -> PluginManager:
    manager: PluginManager = load(**settings)
    await manager.startup(SERVER)
    return manager


async def until(is_true: Callable[[], Any]) -> None:
    async with asyncio.timeout(90):
        while not await asyncio.to_thread(is_true):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_call_goes_into_the_store(
    load: Any, new_call: Any, recordings: Any, any_section: Section
) -> None:
    section = any_section()
    manager = await start(load, store=section)
    call = new_call(manager, STEREO)
    await call.open()
    audio = np.random.default_rng(1).bytes(16_000)
    call.audio(audio)
    await call.close()
    store = Store(StoreSettings.model_validate(section))
    await until(lambda: len(list(store.objects(ID))) == 2)
    await manager.shutdown(SERVER)
    assert list(recordings.directory.glob("[!.]*")) == []
    sidecar = json.loads(store.read(store.key(ID, f"{ID}.json")))
    assert sidecar["state"] == "complete"
    assert parse_wav(store.read(store.key(ID, f"{ID}.wav"))).payload == audio


async def test_a_shutdown_has_what_waits_uploaded(
    load: Any, new_call: Any, recordings: Any, any_section: Section
) -> None:
    section = any_section()
    manager = await start(load, store=section)
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(b"\x11" * 1600)
    await call.close()
    await manager.shutdown(SERVER)
    assert len(list(Store(StoreSettings.model_validate(section)).objects(ID))) == 2
    assert list(recordings.directory.glob(".owner-*")) == []


async def test_a_call_goes_on_without_its_store(
    load: Any, new_call: Any, recordings: Any, section: Section, proxy: Any
) -> None:
    proxy.close()
    manager = await start(load, store=section(connect_timeout=1.0))
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(b"\x11" * 1600)
    await call.close()
    sidecar = await asyncio.to_thread(recordings.sidecar)
    assert "owner" in sidecar
    async with asyncio.timeout(90):
        while not (problems := await manager.check_health(SERVER, timeout=30.0)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert "connection" in problems["recorder"]
    await manager.shutdown(SERVER)
    assert len(recordings.wav().payload) == 1600
    proxy.open()
    again = await start(load, store=section())
    await until(lambda: not list(recordings.directory.glob("[!.]*")))
    await again.shutdown(SERVER)


@pytest.mark.parametrize(
    ("store", "problem"),
    [
        ({"url": "s3://b", "options": {"regoin": "x"}}, "store cannot be used: .*'regoin' is not valid"),
        ({"url": "s3://b", "ca_file": "missing.pem"}, "missing.pem: No such file"),
        ({"url": "file:///dev/null/x"}, "store cannot be used"),
    ],
)
async def test_a_store_that_cannot_be_opened_is_told(load: Any, store: Any, problem: str) -> None:
    manager = await start(load, store=store)
    (record,) = (record for record in manager.records if record.name == "recorder")
    assert record.status is PluginStatus.FAILED
    assert re.search(problem, str(record.error)), record.error


async def test_a_missing_library_is_told(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    manager = await start(load, store={"url": "s3://b"})
    (record,) = (record for record in manager.records if record.name == "recorder")
    assert record.status is PluginStatus.FAILED
    assert "pip install 'audiohook-fw-recorder[store]'" in str(record.error)


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
store = {}
"""


class Server:
    """A server in a process of its own."""

    def __init__(self, directory: Path, section: dict[str, Any]) -> None:
        self._directory = directory
        self._store = Store(StoreSettings.model_validate(section))
        (directory / "audiohook.toml").write_text(CONFIGURATION.format(toml_value(section)))

    async def start(self) -> str:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "audiohook_fw", "serve"),
            cwd=self._directory,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "HOME": str(self._directory)},
        )
        assert self._process.stderr is not None
        while line := (await self._process.stderr.readline()).decode():
            if url := re.search(r"ws://\S+", line):
                self._drain = asyncio.ensure_future(self._process.stderr.read())
                return url[0]
        raise AssertionError("the server did not start")

    async def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        await self._drain


@pytest.mark.parametrize("after", [0.0, 0.3, 0.7])
async def test_a_killed_server_uploads_everything_once_when_it_is_back(
    tmp_path: Path, any_section: Section, after: float
) -> None:
    section = any_section()
    server = Server(tmp_path, section)
    url = await server.start()
    short = [_options(url, 0.6) for _ in range(4)]
    long = [_options(url, 30.0) for _ in range(3)]
    playing: list[ClientCall] = []
    calls = [asyncio.ensure_future(run_call(option, on_start=playing.append)) for option in (*short, *long)]
    async with asyncio.timeout(60):
        while len(playing) < len(calls) or any(call.seconds < 0.6 for call in playing):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(after)  # the short ones are being uploaded, or are not, or were
    await server.kill()
    reports = [await call for call in calls]
    await server.start()
    store = Store(StoreSettings.model_validate(section))
    await until(lambda: not list((tmp_path / "calls").glob("[!.]*")))
    await server.kill()
    keys = sorted(stored.key for stored in store.objects())
    expected = [
        store.key(r.ids.conversation, f"{r.ids.session}{suffix}")
        for r in reports
        for suffix in (".json", ".wav")
    ]
    assert keys == sorted(expected)
    for report in reports:
        content = store.read(store.key(report.ids.conversation, f"{report.ids.session}.wav"))
        wav = parse_wav(content)
        sidecar = json.loads(store.read(store.key(report.ids.conversation, f"{report.ids.session}.json")))
        assert not wav.truncated
        assert report.expected_recording().startswith(wav.payload)
        assert sidecar["audio"]["samples"] == len(wav.samples)
        assert sidecar["state"] in ("complete", "interrupted")
        assert "owner" not in sidecar
    states = [store.read(key).count(b'"interrupted"') for key in keys if key.endswith(".json")]
    assert sum(states) >= len(long)


def _options(url: str, duration: float) -> CallOptions:
    return CallOptions(url=url, api_key="key", duration=duration, source=AudioSource.tone(), keep_audio=True)
