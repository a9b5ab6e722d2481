"""The examples of hooks that have nothing to do with a server's start or end, as in `test_hooks.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from audiohook_fw import Erased, PluginError, RecordingFinished, ServerContext

Example = Callable[..., Any]


async def test_hook_on_erase(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bench = example()
    await bench.begin()
    await bench.finish()
    (note,) = (tmp_path / "notes").iterdir()
    (command,) = bench.manager.register_commands()

    def forget() -> tuple[int, str]:
        result = CliRunner().invoke(command.app, [note.name.upper()])
        return result.exit_code, result.output

    assert await asyncio.to_thread(forget) == (0, "on_erase: 1\n")
    assert not note.exists()
    assert await asyncio.to_thread(forget) == (0, "on_erase: 0\n")
    note.touch()
    assert await bench.manager.erase(note.name, 10) == (Erased("on_erase", 1),)
    note.mkdir()
    assert (await asyncio.to_thread(forget))[0] == 1
    with pytest.raises(PluginError, match="cannot be deleted"):
        bench.module.on_erase(note.name)


async def test_hook_on_announced(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bench = example()
    server = ServerContext(version="0", node="test", announce=bench.manager.announce)
    ids = {"session_id": "s", "conversation_id": "c", "url": "file:///a.wav"}
    for name in ("a", "b", "a"):
        assert await bench.module.announce(server, RecordingFinished(id=name, **ids))
    assert (tmp_path / "recordings.txt").read_text() == "a\nb\n"
    (tmp_path / "recordings.txt").unlink()
    (tmp_path / "recordings.txt").mkdir()
    assert not await bench.module.announce(server, RecordingFinished(id="c", **ids))
