"""Timers and rates of a call are those of the settings, not the defaults."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.plugin import Transcript, hookimpl
from audiohook_fw.protocol import Close


def now() -> float:
    return asyncio.get_running_loop().time()


class Keep:
    """Keeps the session."""

    session: Any

    @hookimpl
    def on_opened(self, session: Any) -> None:
        self.session = session


@pytest.mark.parametrize("seconds", [1.0, 3.0])
async def test_open_timeout(seconds: float, house: Any) -> None:
    house.limit(open_timeout=seconds)
    await house.start()
    caller = await house.call()
    begun = now()
    await caller.reader
    assert now() - begun == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("seconds", [2.0, 12.0])
async def test_silence_timeout(seconds: float, house: Any) -> None:
    house.limit(silence_timeout=seconds)
    await house.start()
    caller = await house.opened()
    begun = now()
    await caller.until("disconnect")
    assert now() - begun == pytest.approx(seconds, abs=0.1)
    await caller.reader


@pytest.mark.parametrize("seconds", [0.5, 3.0])
async def test_linger(seconds: float, house: Any) -> None:
    house.limit(linger=seconds)
    await house.start()
    caller = await house.opened()
    await caller.say(Close(reason="end"))
    await caller.until("closed")
    begun = now()
    await caller.reader
    assert now() - begun == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("seconds", [0.2, 2.0])
async def test_outbox_deadline(seconds: float, house: Any) -> None:
    class Flood:
        @hookimpl
        def on_close(self, session: Any) -> None:
            for number in range(200):
                text = f"{number} " + "x" * 20_000
                session.emit(Transcript(channel="external", text=text, start=0, length=80))

    house.limit(outbox_deadline=seconds)
    await house.start(flood=Flood())
    caller = await house.opened(product="transcription")
    begun = now()
    await caller.close()
    assert now() - begun == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("rate", [0.5, 2.0])
async def test_message_rate(rate: float, house: Any) -> None:
    house.limit(message_rate=rate, message_burst=4)
    await house.start()
    caller = await house.opened()
    begun = now()
    for _ in range(8):  # with `opened` these are five more than the burst
        await caller.ping()
    assert now() - begun == pytest.approx(5 / rate, abs=0.1)
    await caller.close()


@pytest.mark.parametrize("rate", [0.5, 2.0])
async def test_pause_rate(rate: float, house: Any) -> None:
    keep = Keep()
    house.limit(pause_rate=rate, pause_burst=1)
    await house.start(keep=keep)
    caller = await house.opened()
    begun = now()
    for number in range(3):
        with keep.session.pause("test"):
            await caller.until("pause", count=number + 1)
        await caller.until("resume", count=number + 1)
    assert now() - begun == pytest.approx(2 / rate, abs=0.1)
    await caller.close()
