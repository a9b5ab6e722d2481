"""What is announced of a recording, and how other plugins come to hear it."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.announcing import Announcer, id_of, recording_finished
from audiohook_fw_recorder.document import Document

from audiohook_fw import Event, MediaFormat, PluginInfo, RecordingFinished, ServerContext, hookimpl
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import PluginManager, load_plugins

ID = "6f1c3d58-0000-4000-8000-0000000000ab"
STEREO = MediaFormat("PCMU", ("external", "internal"))
EVENT = RecordingFinished(id="r", session_id="s", conversation_id="c", url="file:///r.wav")


def document(*names: str, **more: Any) -> Document:
    channels = ["external", "internal"]
    files = [{"name": name, "channels": channels if len(names) == 1 else channels[:1]} for name in names]
    return Document.model_validate(
        {
            "format": "audiohook-recording/1",
            "session_id": ID,
            "conversation_id": "c",
            "started_at": "2026-01-31T12:00:00.000123Z",
            "state": "complete",
            "audio": {
                "format": "wav",
                "encoding": "PCMU",
                "rate": 8000,
                "channels": channels,
                "samples": 16_000,
                "files": files,
            },
            "events": [],
            "gaps": [],
            **more,
        }
    )


def test_one_file_is_told_as_itself_and_several_as_their_sidecar(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(bytes(100))
    one = recording_finished(document("a.wav"), tmp_path, "a", ["file:///a.wav", "file:///a.json"])
    assert (one.url, one.size, one.sha256) == ("file:///a.wav", 100, "")
    assert (one.samples, one.channels, one.rate, one.format) == (16_000, 2, 8000, "wav")
    (tmp_path / "b.wav").write_bytes(bytes(20))
    both = document("a.wav", "b.wav", state="interrupted")
    two = recording_finished(both, tmp_path, "a", ["1", "2", "file:///a.json"])
    assert (two.url, two.size, two.sha256, two.state) == ("file:///a.json", 120, "", "interrupted")
    (tmp_path / "b.wav").unlink()
    assert recording_finished(both, tmp_path, "a", ["1", "2", "3"]).size is None


def test_the_id_is_the_same_whenever_it_is_looked_at(tmp_path: Path) -> None:
    first = document("a.wav")
    assert id_of(first, ID) == f"{ID}@2026-01-31T12:00:00.000123+00:00"
    first.save(tmp_path / "a.json")
    assert id_of(Document.read(tmp_path / "a.json"), ID) == id_of(first, ID)
    later = first.model_copy(update={"started_at": datetime(2026, 1, 31, 13, tzinfo=UTC)})
    assert len({id_of(first, ID), id_of(first, f"{ID}-2"), id_of(later, ID)}) == 3
    assert recording_finished(first, tmp_path, "a" * 199, ["u"]).id.startswith("a" * 100)


async def told(announcer: Announcer) -> bool:
    """Announce from another thread; return whether it was taken."""
    answers: list[bool] = []
    thread = threading.Thread(target=announcer.tell, args=(EVENT, answers.append))
    thread.start()
    while not answers:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    thread.join()
    return answers[0]


@pytest.mark.parametrize("answer", [True, False, OSError("it broke")])
async def test_the_answer_comes_back_whatever_it_is(answer: bool | OSError) -> None:
    async def announce(event: Event, timeout: float) -> bool:
        assert event == EVENT
        if isinstance(answer, OSError):
            raise answer
        return answer

    announcer = Announcer(ServerContext(version="0", node="test", announce=announce))
    assert announcer.is_heard
    assert await told(announcer) is (answer is True)


async def test_without_a_server_nobody_hears() -> None:
    assert not Announcer().is_heard
    assert await told(Announcer())
    assert not Announcer(ServerContext(version="0", node="test")).is_heard


def test_a_loop_that_is_closed_takes_nothing() -> None:
    async def announce(event: Event, timeout: float) -> bool:
        return True

    async def make() -> Announcer:
        return Announcer(ServerContext(version="0", node="test", announce=announce))

    answers: list[bool] = []
    asyncio.run(make()).tell(EVENT, answers.append)
    assert answers == [False]


class Listener:
    """A plugin that takes announcements when it is not busy."""

    info = PluginInfo(consumes=(RecordingFinished,))

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.busy = 0

    @hookimpl
    async def on_announced(self, event: Event) -> None:
        self.events.append(event)
        if self.busy:
            self.busy -= 1
            raise OSError("busy")


def loaded(directory: Path, **others: object) -> tuple[PluginManager, ServerContext]:
    core = Settings.model_validate({"plugins": {"enabled": ["recorder"]}})
    section = Loaded.of(core, {"recorder": {"directory": str(directory)}}).plugin_section
    manager = load_plugins(core.plugins, section, core.limits, extra=others)
    server = ServerContext(version="0", node="t", announce=manager.announce, is_heard=manager.is_heard)
    return manager, server


async def final(directory: Path) -> Document:
    for _ in range(6000):
        path = directory / f"{ID}.json"
        if path.exists() and (found := Document.read(path)).state == "complete" and found.owner is None:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("it is not finished")


async def test_a_call_is_announced_until_it_is_taken(new_call: Any, tmp_path: Path) -> None:
    listener = Listener()
    listener.busy = 2
    manager, server = loaded(tmp_path, listener=listener)
    await manager.startup(server)
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(bytes(3200))
    await call.close()
    document = await final(tmp_path)
    assert len(listener.events) == 3
    event = listener.events[0]
    assert listener.events == [event] * 3
    assert isinstance(event, RecordingFinished)
    assert event.id == id_of(document, ID)
    assert event.url == (tmp_path / f"{ID}.wav").as_uri()
    assert (event.samples, event.size, event.state) == (1600, 3258, "complete")
    await manager.shutdown(server)


async def test_a_recording_that_a_killed_server_left_is_announced(new_call: Any, tmp_path: Path) -> None:
    manager, server = loaded(tmp_path)
    await manager.startup(server)
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(bytes(3200))
    await call.close()
    left = (await final(tmp_path)).owned_by("0" * 16)
    left.model_copy(update={"state": "recording"}).save(tmp_path / f"{ID}.json")
    await manager.shutdown(server)

    listener = Listener()
    manager, server = loaded(tmp_path, listener=listener)  # which starts after the recorder
    await manager.startup(server)
    for _ in range(6000):
        if Document.read(tmp_path / f"{ID}.json").owner is None:
            break
        await asyncio.sleep(0.01)
    (event,) = listener.events
    assert isinstance(event, RecordingFinished)
    assert (event.id, event.state) == (id_of(left, ID), "interrupted")
    await manager.shutdown(server)


async def test_when_nobody_listens_the_writer_completes_it(
    new_call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audiohook_fw_recorder.finish.Finisher.submit", None)  # it is not called
    manager, server = loaded(tmp_path, other=object)
    await manager.startup(server)
    call = new_call(manager, STEREO)
    await call.open()
    await call.close()
    assert (await final(tmp_path)).state == "complete"
    await manager.shutdown(server)
