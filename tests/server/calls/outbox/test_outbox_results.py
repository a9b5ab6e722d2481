"""What goes to the client besides answers: results, and audio to play."""

from __future__ import annotations

import asyncio
import json
from logging import LogRecord
from typing import Any

import pytest

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    Open,
    Opened,
    Participant,
    WireEntity,
)
from audiohook_fw.server.outbox import PLAYBACK_BYTES, PLAYBACK_FRAME, RESERVE

ID = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
MONO = {"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}


async def test_each_result_has_a_message_of_its_own(line: Any) -> None:
    it = line()
    await it.open()
    for number in range(100):
        it.say(number)
    await asyncio.sleep(30)
    assert it.names == list(range(100))
    assert it.types.count("event") == 100


async def test_a_long_queue_is_merged_before_anything_is_lost(line: Any) -> None:
    it = line()
    await it.open()
    for number in range(2_000):
        it.say(number)
        await asyncio.sleep(0.02)
    await asyncio.sleep(60)
    assert it.names == list(range(2_000))
    assert (it.outbox.entities.dropped, it.outbox.entities.merged > 0) == (0, True)


async def test_nothing_is_lost_in_a_minute_of_silence_after_429(line: Any) -> None:
    it = line()
    await it.open()
    it.outbox.back_off(60)
    for number in range(120):
        it.say(f"interim {number}", replaces=str(number), interim=True)
        it.say(number, replaces=str(number))
        await asyncio.sleep(0.49)
    assert it.names == []
    await asyncio.sleep(60)
    assert it.names == list(range(120))
    assert it.types.count("event") == 120


async def test_what_is_lost_beyond_the_bound_is_said_and_counted(line: Any, records: list[LogRecord]) -> None:
    it = line(outbox_events=10)
    await it.open()
    it.outbox.back_off(60)
    for number in range(30):
        it.say(number)
    await asyncio.sleep(90)
    assert it.names == list(range(20, 30))
    assert it.outbox.entities.lost == 20
    assert {r.levelname for r in records if "limits.outbox_events" in r.getMessage()} == {"WARNING"}


async def test_a_second_final_of_an_utterance_is_not_sent(line: Any, records: list[LogRecord]) -> None:
    it = line()
    await it.open()
    it.say("final", replaces="u")
    await asyncio.sleep(1)
    it.say("late interim", replaces="u", interim=True)
    it.say("again", replaces="u")
    await asyncio.sleep(1)
    assert it.names == ["final"]
    assert it.outbox.entities.duplicates == 1
    assert any("a second final" in record.getMessage() for record in records)


async def test_a_final_waits_for_no_token_while_both_sides_send_interims(line: Any) -> None:
    it = line()
    await it.open()
    late = []
    for number in range(600):
        for side in "ab":
            it.say(f"{side} {number}", replaces=f"{side} {number // 30}", interim=True)
        if number % 30 == 29:
            said = it.loop.time()
            for side in "ab":
                it.say(f"final {side} {number}", replaces=f"{side} {number // 30}")
            await asyncio.sleep(0.05)
            late += [sent - said for sent in it.times("event") if sent >= said]
        await asyncio.sleep(0.05)
    await asyncio.sleep(5)
    finals = [name for name in it.names if name.startswith("final")]
    assert len(finals) == 40
    assert max(late) < 0.01
    assert len(it.times("event")) < 25 + 5 * 40


async def test_a_stale_interim_is_never_sent(line: Any) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(0)
    it.gate.clear()
    it.say("blocks")
    await asyncio.sleep(1)
    for number in range(50):
        it.say(f"interim {number}", replaces="u", interim=True)
    it.say("final", replaces="u")
    it.gate.set()
    await asyncio.sleep(1)
    assert it.names == ["blocks", "final"]


async def test_a_result_that_is_too_long_is_dropped_alone(line: Any) -> None:
    it = line()
    await it.open()
    it.say("long", size=64_000)
    it.say("short")
    await asyncio.sleep(1)
    assert it.names == ["short"]
    assert (it.outbox.forbidden, it.outbox.unsendable) == (1, 1)


async def test_a_backlog_of_wide_letters_is_sent_whole(line: Any) -> None:
    it = line()
    await it.open()
    for number in range(40):
        it.outbox.send_entity(WireEntity(type="transcript", data={"name": number, "text": "語" * 3_000}))
    await asyncio.sleep(10)
    assert it.names == list(range(40))
    assert it.outbox.unsendable == 0


async def test_more_results_than_the_client_takes_lose_interims_only(line: Any) -> None:
    it = line(outbox_events=20)
    await it.open()
    for number in range(400):
        it.say(f"final {number}", size=20_000) if number % 40 == 0 else it.say(
            number, interim=True, size=20_000
        )
        await asyncio.sleep(0.01)
    await asyncio.sleep(20)
    assert [name for name in it.names if isinstance(name, str)] == [f"final {n}" for n in range(0, 400, 40)]
    assert it.outbox.entities.dropped > 100


async def test_audio_in_small_pieces_is_joined_and_arrives_whole(line: Any) -> None:
    it = line()
    await it.open()
    audio = bytes(range(250)) * 3_000
    for start in range(0, len(audio), 160):
        it.outbox.play(audio[start : start + 160])
        if start % 16_000 == 0:
            await asyncio.sleep(0.02)
    await asyncio.sleep(30)
    assert b"".join(it.played) == audio
    assert max(map(len, it.played)) <= PLAYBACK_FRAME


async def test_streamed_audio_keeps_within_the_limit_with_room_to_spare(line: Any) -> None:
    it = line()
    await it.open()
    for _ in range(50 * 30):
        it.outbox.play(b"\xff" * 160)
        await asyncio.sleep(0.02)
    await asyncio.sleep(1)
    assert len(b"".join(it.played)) == 160 * 50 * 30
    assert len(it.played) <= 25 + 31 * 5 - RESERVE


async def test_too_much_audio_is_refused_and_what_was_queued_stays(line: Any) -> None:
    it = line()
    await it.open()
    it.outbox.play(b"\xff" * PLAYBACK_BYTES)
    with pytest.raises(LocalProtocolError, match="too much"):
        it.outbox.play(b"\xff")
    await asyncio.sleep(60)
    assert len(b"".join(it.played)) == PLAYBACK_BYTES


async def test_audio_before_opened_waits(line: Any) -> None:
    it = line()
    it.receive(Open(organization_id=ID, conversation_id=ID, participant=Participant(id=ID), media=[MONO]))
    it.write()
    it.outbox.play(b"hello")
    await asyncio.sleep(1)
    assert it.sent == []
    it.outbox.opened(Opened(media=[MONO]))
    await asyncio.sleep(1)
    assert it.types == ["opened", "audio"]


async def test_flushing_drops_what_waits_and_newer_audio_comes_after_barge_in(line: Any) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(0)
    it.gate.clear()
    it.outbox.play(b"played")
    await asyncio.sleep(1)
    for number in range(3):
        it.say(number)
    it.outbox.play(b"old")
    it.outbox.flush_playback()
    it.outbox.flush_playback()
    it.outbox.play(b"new")
    it.gate.set()
    await asyncio.sleep(1)
    assert it.played == [b"played", b"new"]
    assert it.names == ["barge_in", 0, 1, 2]
    assert it.types.index("event") < it.sent.index((it.loop.time() - 1, b"new"))


async def test_newer_audio_waits_for_a_barge_in_that_has_no_token(line: Any) -> None:
    it = line()
    await it.open()
    for number in range(30):
        it.say(number)
        await asyncio.sleep(0)
    it.outbox.flush_playback()
    it.outbox.play(b"new")
    await asyncio.sleep(10)
    assert it.names.count("barge_in") == 1
    sent = [json.dumps(what) if isinstance(what, dict) else "audio" for _, what in it.sent]
    assert sent.index("audio") > next(n for n, text in enumerate(sent) if '"barge_in"' in text)
    assert it.played == [b"new"]
