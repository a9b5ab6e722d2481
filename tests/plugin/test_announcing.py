"""Events of no live call: who hears them, and whether all have taken them."""

from __future__ import annotations

import asyncio
from typing import Any

from audiohook_fw.plugin import (
    Event,
    PluginInfo,
    RecordingFinished,
    ServerContext,
    SpeechStarted,
    Transcript,
    hookimpl,
)
from audiohook_fw.plugin.records import PluginStatus

SERVER = ServerContext(version="0", node="test")
FINISHED = RecordingFinished(id="r", session_id="s", conversation_id="c", url="file:///r.wav")


async def test_announcements_come_to_those_who_consume_them(bench: Any) -> None:
    told: list[str] = []

    def hears(name: str, *consumes: type[Event], fault: float | BaseException | None = None) -> object:
        class Plugin:
            info = PluginInfo(consumes=consumes)

            @hookimpl
            async def on_announced(self, event: Event) -> None:
                told.append(name)
                if isinstance(fault, BaseException):
                    raise fault
                await asyncio.sleep(fault or 0)

        return Plugin

    event = RecordingFinished(id="r", session_id="s", conversation_id="c", url="file:///r.wav")
    manager = bench.load(
        all=hears("all"), this=hears("this", RecordingFinished), other=hears("other", Transcript), none=object
    )
    assert await manager.announce(event, 2)
    assert told == ["all", "this"]
    for fault in (OSError("disk"), 9.0):
        manager = bench.load(well=hears("well"), ill=hears("ill", fault=fault))
        assert not await manager.announce(event, 2)
        assert bench.metrics.value("audiohook.hook.faults", plugin="ill", hook="on_announced") == 1
    assert told[2:] == ["well", "ill"] * 2


class Listener:
    """Takes a while to start, and notes what it is told."""

    info = PluginInfo(consumes=(RecordingFinished,))

    def __init__(self) -> None:
        self.told: list[Event] = []
        self.started = False

    @hookimpl
    async def on_startup(self) -> None:
        await asyncio.sleep(5)
        self.started = True

    @hookimpl
    def on_announced(self, event: Event) -> None:
        assert self.started
        self.told.append(event)


async def test_announcements_wait_until_all_have_started(bench: Any) -> None:
    listener = Listener()
    manager = bench.load(first=object, listener=listener)
    starting = asyncio.create_task(manager.startup(SERVER))
    await asyncio.sleep(1)
    assert not await manager.announce(FINISHED, 1)  # in vain, for so long
    assert await manager.announce(FINISHED, 30)
    await starting
    assert listener.told == [FINISHED]


async def test_who_is_shut_down_has_not_taken_it(bench: Any) -> None:
    first, second = Listener(), Listener()
    manager = bench.load(first=first, second=second)
    answers: list[bool] = []

    class Announcer:
        @hookimpl
        async def on_shutdown(self) -> None:
            answers.append(await manager.announce(FINISHED, 30))

    manager = bench.load(first=first, announcer=Announcer, second=second)
    await manager.startup(SERVER)
    await manager.shutdown(SERVER)
    assert answers == [False]
    assert first.told == second.told == []
    manager = bench.load(first=first, announcer=Announcer)
    await manager.startup(SERVER)
    await manager.shutdown(SERVER)
    assert answers == [False, True]
    assert first.told == [FINISHED]


async def test_quarantined_plugins_are_told_too_and_failed_ones_are_not(bench: Any) -> None:
    listener = Listener()
    manager = bench.load(listener=listener)
    await manager.startup(SERVER)
    record = manager.records[0]
    record.status = PluginStatus.QUARANTINED
    assert manager.is_heard("recording_finished")
    assert await manager.announce(FINISHED, 30)
    assert listener.told == [FINISHED]
    record.fail(PluginStatus.FAILED, "for a test")
    assert not manager.is_heard("recording_finished")
    assert await manager.announce(FINISHED, 30)
    assert listener.told == [FINISHED]


async def test_what_is_emitted_is_known_as_far_as_plugins_say_so(bench: Any) -> None:
    class Emitter:
        info = PluginInfo(emits=(SpeechStarted, "acme.mood"))

        @hookimpl
        def on_startup(self) -> None: ...

    manager = bench.load(emitter=Emitter, listener=Listener)
    server = ServerContext(version="0", node="test", is_emitted=manager.is_emitted)
    assert server.is_emitted(SpeechStarted)
    assert server.is_emitted("speech_started")
    assert server.is_emitted("acme.mood")
    assert not server.is_emitted(RecordingFinished)
    manager.records[0].status = PluginStatus.QUARANTINED
    assert server.is_emitted("acme.mood")
    manager.records[0].fail(PluginStatus.FAILED, "for a test")
    assert not server.is_emitted("acme.mood")
    assert not ServerContext(version="0", node="test").is_emitted("acme.mood")


def test_who_hears_what_is_known(bench: Any) -> None:
    manager = bench.load(listener=Listener, deaf=object)
    server = ServerContext(version="0", node="test", announce=manager.announce, is_heard=manager.is_heard)
    assert server.is_heard(RecordingFinished)
    assert not server.is_heard(SpeechStarted)
    assert not ServerContext(version="0", node="test").is_heard(RecordingFinished)
