"""The writer: what goes first, what waits for tokens, and what a client that says 429 gets."""

from __future__ import annotations

import asyncio
from typing import Any

from audiohook_fw.protocol import (
    Close,
    Update,
)
from audiohook_fw.server.outbox import RESERVE

ID = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
MONO = {"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}


async def test_answers_go_first_then_the_pause_then_results_then_audio(line: Any) -> None:
    it = line()
    await it.open()
    it.outbox.play(b"\xff" * 160)
    it.say("a")
    it.outbox.want_pause(True)
    it.ping()
    await asyncio.sleep(0.1)
    assert it.types == ["opened", "pong", "pause", "event", "audio"]


async def test_answers_carry_the_number_they_answer(line: Any) -> None:
    it = line()
    await it.open()
    first, second = it.ping(), it.ping()
    update = it.receive(Update(language="de-DE"))
    it.outbox.updated(update.seq)
    closing = it.receive(Close(reason="end"))
    await asyncio.sleep(0.1)
    it.outbox.closed()
    await asyncio.sleep(0.1)
    answers = [(what["type"], what["clientseq"]) for _, what in it.sent[1:]]
    assert answers == [("pong", first), ("pong", second), ("updated", update.seq), ("closed", closing.seq)]


async def test_everything_that_is_written_is_noted_before(line: Any) -> None:
    it = line()
    await it.open()
    it.gate.clear()
    it.ping()
    await asyncio.sleep(1)
    assert [message.type for message in it.noted] == ["opened", "pong"]
    assert it.types == ["opened"]
    it.gate.set()
    await asyncio.sleep(1)
    assert [message.type for message in it.noted] == it.types


async def test_results_leave_tokens_for_answers(line: Any) -> None:
    it = line()
    await it.open()
    for number in range(200):
        it.say(number)
        await asyncio.sleep(0.001)
    begun = it.loop.time()
    for _ in range(RESERVE):
        it.ping()
    await asyncio.sleep(0.05)
    assert it.times("pong") == [begun] * RESERVE


async def test_small_bursts_leave_room_for_results_too(line: Any) -> None:
    it = line(message_burst=2, pause_burst=1)
    await it.open()
    it.say("a")
    it.outbox.play(b"\xff")
    it.outbox.want_pause(True)
    await asyncio.sleep(5)
    assert sorted(it.types) == ["audio", "event", "opened", "pause"]


async def test_the_end_waits_for_no_token(line: Any) -> None:
    it = line()
    await it.open()
    for _ in range(40):
        it.ping()
    await asyncio.sleep(0)
    it.receive(Close(reason="end"))
    it.outbox.closed()
    await asyncio.sleep(0.001)
    assert it.types[-1] == "closed"


async def test_nothing_comes_unasked(line: Any) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(60)
    assert it.types == ["opened"]


async def test_only_the_last_wish_of_a_moment_is_sent(line: Any) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(1)
    for wish in (True, False, True):
        it.outbox.want_pause(wish)
    await asyncio.sleep(1)
    it.outbox.want_pause(True)
    await asyncio.sleep(1)
    for wish in (False, True):
        it.outbox.want_pause(wish)
    await asyncio.sleep(1)
    assert it.types == ["opened", "pause"]


async def test_a_wish_before_opened_waits_for_it_and_is_not_sent_when_the_call_starts_so(line: Any) -> None:
    for start_paused, expected in ((None, ["opened", "pause"]), (True, ["opened"])):
        it = line()
        it.outbox.want_pause(True)
        await it.open(start_paused=start_paused)
        await asyncio.sleep(1)
        assert it.types == expected


async def test_a_start_pause_that_nobody_wants_any_more_is_taken_back(line: Any) -> None:
    it = line()
    it.outbox.want_pause(True)
    it.outbox.want_pause(False)
    await it.open(start_paused=True)
    await asyncio.sleep(1)
    assert it.types == ["opened", "resume"]


async def test_flip_flop_keeps_within_the_limits_and_ends_as_wished(line: Any) -> None:
    it = line()
    await it.open()
    for number in range(1_000):
        it.outbox.want_pause(number % 2 == 0)
        await asyncio.sleep(0.01)
    it.outbox.want_pause(True)
    await asyncio.sleep(5)
    assert it.server.pause.server is True
    assert it.client.server_paused is True
    assert 15 < len(it.times("pause")) <= 4 + 15 * 2


async def test_flip_flop_takes_no_tokens_that_it_cannot_use(line: Any) -> None:
    it = line()
    await it.open()
    said = []
    for number in range(2_000):
        it.outbox.want_pause(number % 2 == 0)
        if number % 200 == 199:
            it.say(number)
            said.append(it.loop.time())
        await asyncio.sleep(0.01)
    await asyncio.sleep(5)
    late = [sent - when for sent, when in zip(it.times("event"), said, strict=True)]
    assert max(late) < 1.5


async def test_a_pause_in_a_closing_call_is_no_wish_any_more(line: Any) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(1)
    it.receive(Close(reason="end"))
    it.outbox.want_pause(True)
    await asyncio.sleep(1)
    assert it.types == ["opened"]


async def test_after_429_only_answers_are_sent_until_the_time_is_over(line: Any) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(1)
    it.outbox.back_off(5.0)
    it.outbox.back_off(1.0)
    it.say("a")
    it.outbox.want_pause(True)
    it.outbox.play(b"\xff")
    it.ping()
    await asyncio.sleep(4.9)
    assert it.types == ["opened", "pong"]
    await asyncio.sleep(0.2)
    assert it.types == ["opened", "pong", "pause", "event", "audio"]


async def test_nonsense_in_429_does_not_silence_a_call(line: Any) -> None:
    it = line()
    await it.open()
    it.outbox.back_off(1e12)
    it.outbox.want_pause(True)
    await asyncio.sleep(61)
    assert it.types == ["opened", "pause"]
