"""Events of no live call: who hears them, and whether all have taken them."""

from __future__ import annotations

import asyncio
from typing import Any

from audiohook_fw.plugin import Event, PluginInfo, RecordingFinished, Transcript, hookimpl


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
