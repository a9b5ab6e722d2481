"""A turn of the loop, shared by the calls that catch up."""

from __future__ import annotations

import asyncio

from audiohook_fw.server.turn import LONGEST, Turn


async def test_a_turn_is_over_when_it_took_long_and_the_next_begins_anew() -> None:
    now = 5.0
    turn = Turn(lambda: now)
    assert not turn.is_over()
    now += LONGEST
    assert not turn.is_over()
    now += 0.001
    assert turn.is_over()
    await asyncio.sleep(0)
    assert not turn.is_over()
    now += LONGEST + 0.001
    assert turn.is_over()
