"""Calls of which somebody makes transcripts: written while they run, at their end, and when disks refuse."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_transcripts import Transcripts, handler
from audiohook_fw_transcripts.files import save

from audiohook_fw import PluginError

STEM = "30b0e395-84d3-4570-ac13-9a62d8f514c0.transcript"
CONVERSATION = "e160e428-53e2-487c-977d-96989bf5c99d"


@pytest.fixture
def call(audiohook_session: Any, audiohook_call: Any, tmp_path: Path) -> Any:
    """Make an opened call whose conversation goes to `tmp_path`."""

    def make(**settings: Any) -> Any:
        known = {"directory": str(tmp_path), "formats": ["json"], **settings}
        it = audiohook_session(Transcripts, settings=known)
        it.open()
        it.audio(audiohook_call.silence(1.0))
        return it

    return make


def written(tmp_path: Path) -> Any:
    return json.loads((tmp_path / f"{STEM}.json").read_bytes())


def texts(tmp_path: Path) -> list[str]:
    return [one["text"] for one in written(tmp_path)["utterances"]]


@pytest.mark.parametrize(("how", "state"), [("close", "complete"), ("lose", "interrupted")])
def test_both_sides_are_written_at_the_end_however_it_comes(
    how: str, state: str, call: Any, say: Any, tmp_path: Path
) -> None:
    it = call(formats=["txt", "json", "vtt"])
    it.event(
        say("and you?", 2, channel="internal"), say("good", 1), say("I am fi", 4, id="x", is_final=False)
    )
    getattr(it, how)()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{STEM}.{f}" for f in ("json", "txt", "vtt")]
    assert texts(tmp_path) == ["good", "and you?", "I am fi"]
    assert [one["final"] for one in written(tmp_path)["utterances"]] == [True, True, False]
    assert written(tmp_path)["state"] == state


def test_a_call_in_which_nothing_is_said_leaves_nothing(call: Any, tmp_path: Path) -> None:
    call().close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_server_would_lose_is_bounded(call: Any, say: Any, tmp_path: Path) -> None:
    it = call(save_seconds=5)
    it.event(say("one", 1))
    it.advance(4.9)
    assert list(tmp_path.iterdir()) == []
    it.event(say("two", 2))
    it.advance(0.2)
    assert (texts(tmp_path), written(tmp_path)["state"]) == (["one", "two"], "running")
    it.event(say("three", 3))
    it.advance(5.1)
    assert texts(tmp_path) == ["one", "two", "three"]
    before = (tmp_path / f"{STEM}.json").stat().st_mtime_ns
    it.advance(60)
    assert (tmp_path / f"{STEM}.json").stat().st_mtime_ns == before  # nothing new, nothing written
    it.close()
    assert written(tmp_path)["state"] == "complete"


def test_printing_shows_finals_once_and_is_warned_of(
    call: Any, say: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    it = call(print=True)
    assert "personal data" in caplog.text
    it.event(say("hel", 1, id="a", is_final=False), say("hello\x1b[2J", 1, id="a"), say("hello", 1, id="a"))
    assert capsys.readouterr().out == "0:00:01.0 external: hello[2J\n"
    it.close()


def test_nothing_is_printed_or_logged_by_default(
    call: Any, say: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    it = call()
    it.event(say("my secret", 1))
    it.close()
    assert capsys.readouterr().out == ""
    assert "my secret" not in caplog.text


class Refusing:
    """A disk that refuses so many times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.tried = 0

    def __call__(self, *args: Any) -> None:
        self.tried += 1
        if self.tried <= self.times:
            raise OSError(28, "No space left on device")
        save(*args)


def test_a_disk_that_refuses_for_a_while_loses_nothing(
    call: Any, say: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(handler, "save", refusing := Refusing(4))
    it = call(save_seconds=1)
    it.event(say("one", 1))
    it.advance(1.1)
    problem = f"conversations cannot be written to {tmp_path}: No space left on device"
    assert it.plugin.check_health() == problem
    it.close()
    assert refusing.tried == 5
    assert texts(tmp_path) == ["one"]
    assert it.plugin.check_health() is None
    ours = [r.levelname for r in caplog.records if r.name.startswith("audiohook_fw_transcripts")]
    assert ours == ["ERROR", "WARNING"]


def test_what_is_lost_is_said(
    call: Any, say: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(handler, "save", refusing := Refusing(99))
    it = call(save_seconds=100)
    it.event(say("one", 1))
    it.close()
    assert refusing.tried == len(handler.TRIES)
    assert [r.getMessage() for r in caplog.records if "is lost" in r.getMessage()] == [
        f"the conversation of a call is lost: conversations cannot be written to {tmp_path}: "
        "No space left on device"
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_used_fails_the_plugin_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    plugin = Transcripts(Transcripts.Settings(directory=tmp_path / "file"))
    with pytest.raises(PluginError, match=r"plugins\.transcripts\.directory"):
        asyncio.run(plugin.on_startup(None))  # type: ignore[arg-type]


def test_erasing_deletes_a_conversation(tmp_path: Path, snapshot: Any, say: Any) -> None:
    plugin = Transcripts(Transcripts.Settings(directory=tmp_path))
    save(snapshot(say("one")), tmp_path, ["txt", "vtt"])
    assert asyncio.run(plugin.on_erase(CONVERSATION)) == 2
    save(snapshot(say("one"), state="running"), tmp_path, ["txt"])
    with pytest.raises(PluginError, match="erase once more"):
        asyncio.run(plugin.on_erase(CONVERSATION))
    assert list(tmp_path.iterdir()) == []
