"""What a call adds to the metrics."""

from __future__ import annotations

import re
from typing import Any

from audiohook_fw.plugin import Transcript, hookimpl


class Talker:
    """Emits more results than may be sent at once, and closes in a lane."""

    @hookimpl
    def on_audio(self, session: Any) -> None:
        for number in range(80):
            session.emit(Transcript(channel="external", text=f"word {number}", start=0, length=80))

    @hookimpl
    async def on_close(self) -> None: ...


def exported(house: Any, line: str) -> float:
    """Return the value of one line as Prometheus gets it."""
    text = house.metrics.render()[0].decode()
    (value,) = re.findall(rf"^{re.escape(line)} (\S+)$", text, re.MULTILINE)
    return float(value)


async def test_messages_are_counted_by_type_both_ways(house: Any) -> None:
    await house.start()
    caller = await house.opened()
    for _ in range(3):
        await caller.ping()
    await caller.close()
    await house.idle()
    for name, type_, count in [
        ("messages.received", "open", 1),
        ("messages.received", "ping", 3),
        ("messages.received", "close", 1),
        ("outbox.sent", "opened", 1),
        ("outbox.sent", "pong", 3),
        ("outbox.sent", "closed", 1),
    ]:
        assert house.value(name, type=type_) == count, (name, type_)


async def test_how_long_opening_and_closing_took_is_recorded_once_per_call(house: Any) -> None:
    await house.start(talker=Talker())
    for _ in range(2):
        await (await house.opened()).close()
    await house.idle()
    names = {
        "audiohook.open.duration": '{outcome="accepted"}',
        "audiohook.close.duration": "",
        "audiohook.on_close.duration": '{plugin="talker"}',
    }
    for name, attributes in names.items():
        assert exported(house, f"{name.replace('.', '_')}_seconds_count{attributes}") == 2


async def test_results_that_are_sent_together_are_counted_as_merged(house: Any) -> None:
    house.limit(outbox_events=100)
    await house.start(talker=Talker())
    caller = await house.opened(product="transcription")
    await caller.hear(b"\x10" * 1_600)
    await caller.stay(20)
    await caller.close()
    await house.idle()
    sent = sum(len(message["parameters"]["entities"]) for message in caller.all("event"))
    assert sent == 80
    assert house.value("outbox.merged") == 80 - house.value("outbox.sent", type="event") > 0
