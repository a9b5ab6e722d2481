"""Erase and retention through the plugin, while calls are recorded."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.ledger import LEDGER, check_ledger

from audiohook_fw import MediaFormat
from audiohook_fw.plugin import Erased, PluginManager, ServerContext

ID = "6f1c3d58-0000-4000-8000-0000000000ab"
STEREO = MediaFormat("PCMU", ("external", "internal"))
SERVER = ServerContext(version="0", node="test")


def age(path: Path, days: int) -> None:
    """Let a call have ended some days ago."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["ended_at"] = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    path.write_text(json.dumps(content), encoding="utf-8")


async def recorded(manager: PluginManager, new_call: Any, recordings: Any) -> None:
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(b"\x00" * 1600)
    await call.close()
    await asyncio.to_thread(recordings.sidecar)


async def test_a_call_is_erased_when_it_is_over(
    manager: PluginManager, new_call: Any, recordings: Any
) -> None:
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(b"\x00" * 1600)
    await asyncio.to_thread(recordings.sidecar, state="recording")
    (refused,) = await manager.erase(ID, 60)
    assert (refused.plugin, refused.count) == ("recorder", 0)
    assert refused.problem.startswith("a call of it is being recorded (")
    await call.close()
    await asyncio.to_thread(recordings.wav)
    assert await manager.erase(ID, 60) == (Erased("recorder", 2),)
    assert [p.name for p in recordings.directory.iterdir() if not p.name.startswith(".owner-")] == [LEDGER]
    assert check_ledger(recordings.directory).lines == 1
    assert await manager.erase(ID, 60) == (Erased("recorder", 0),)
    await manager.shutdown(SERVER)


async def test_a_call_that_was_uploaded_is_erased_there(
    load: Any, new_call: Any, recordings: Any, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    manager = load(store={"url": f"file://{store}"})
    await manager.startup(SERVER)
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(b"\x00" * 1600)
    await call.close()

    def files() -> list[str]:
        return sorted(path.name for path in store.rglob("*") if path.is_file())

    for _ in range(6000):
        if files() == [f"{ID}.json", f"{ID}.wav"] and not list(recordings.directory.glob("*.json")):
            break
        await asyncio.sleep(0.01)
    assert [path.parent.name for path in store.rglob("*.json")] == [ID]
    assert await manager.erase(ID, 60) == (Erased("recorder", 2),)
    assert files() == []
    (entry,) = [json.loads(line) for line in (recordings.directory / LEDGER).read_text().splitlines()]
    assert (entry["files"], entry["objects"], entry["complete"]) == (0, 2, True)
    await manager.shutdown(SERVER)


async def test_trouble_is_in_words(manager: PluginManager, recordings: Any) -> None:
    (recordings.directory / LEDGER).mkdir()
    (refused,) = await manager.erase(ID, 60)
    assert refused.problem == f"{recordings.directory / LEDGER}: Is a directory"
    await manager.shutdown(SERVER)


async def test_old_recordings_go_when_the_server_starts(
    load: Any, new_call: Any, recordings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first = load()
    await first.startup(SERVER)
    await recorded(first, new_call, recordings)
    await recorded(first, new_call, recordings)
    await first.shutdown(SERVER)
    sidecars = sorted(recordings.directory.glob("*.json"))
    age(sidecars[0], days=8)
    age(sidecars[1], days=6)
    second = load(retention_days=7)
    await second.startup(SERVER)
    for _ in range(6000):
        if not sidecars[0].exists():
            break
        await asyncio.sleep(0.01)
    await second.shutdown(SERVER)
    assert not any(thread.name == "audiohook-recorder-retention" for thread in threading.enumerate())
    assert [path.exists() for path in sidecars] == [False, True]
    assert sorted(path.suffix for path in recordings.directory.iterdir()) == [".json", ".jsonl", ".wav"]
    assert "recordings older than 7 days are deleted: 2 files, 0 objects" in caplog.text


@pytest.mark.parametrize("days", [0, -1, 36_501, "week"])
async def test_days_that_cannot_be(load: Any, days: Any) -> None:
    (record,) = [record for record in load(retention_days=days).records if record.name == "recorder"]
    assert record.status == "invalid_config"
    assert "retention_days" in record.error
