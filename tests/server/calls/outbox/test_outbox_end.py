"""Faults, the end, and whatever else is wished: the client's rules and limits hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from logging import LogRecord
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    Close,
    DisconnectReason,
    Opened,
    Update,
)
from audiohook_fw.server.outbox import ANSWERS, LAST_MESSAGES

ID = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
MONO = {"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}


async def test_a_broken_socket_ends_the_writer(line: Any) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(0)
    it.broken = ConnectionResetError("gone")
    it.ping()
    with pytest.raises(ConnectionResetError):
        await it.writer


async def test_a_client_that_does_not_read_ends_the_writer(line: Any) -> None:
    it = line(write_timeout=10)
    await it.open()
    it.gate.clear()
    begun = it.loop.time()
    it.ping()
    with pytest.raises(TimeoutError):
        await it.writer
    assert it.loop.time() - begun == pytest.approx(10)


async def test_flushed_waits_for_what_is_queued_and_for_what_is_being_written(line: Any) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(1)
    await it.outbox.flushed()
    it.gate.clear()
    it.say("a")
    waiting = asyncio.ensure_future(it.outbox.flushed())
    await asyncio.sleep(1)
    assert len(it.outbox.entities) == 0
    assert not waiting.done()
    it.gate.set()
    await waiting
    assert it.names == ["a"]


async def test_flushed_waits_for_tokens_too(line: Any) -> None:
    it = line()
    await it.open()
    for number in range(100):
        it.say(number, size=16_000)
    await it.outbox.flushed()
    assert it.names == list(range(100))
    assert it.loop.time() > 5


async def test_closed_is_the_last_word(line: Any) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(1)
    it.receive(Close(reason="end"))
    it.gate.clear()
    it.say("on its way")
    await asyncio.sleep(1)
    it.say("late")
    it.outbox.closed()
    it.outbox.closed()
    it.say("too late")
    it.outbox.want_pause(True)
    it.outbox.play(b"\xff")
    it.outbox.disconnect(DisconnectReason.ERROR)
    it.outbox.reconnect("draining")
    it.gate.set()
    await asyncio.sleep(30)
    assert it.types == ["opened", "event", "event", "closed"]
    assert it.names == ["on its way", "late"]
    assert it.outbox.entities.cleared == 1
    assert it.outbox.unsendable == 0


async def test_closed_takes_finals_that_wait_along_even_after_429(line: Any) -> None:
    it = line()
    await it.open()
    it.outbox.back_off(60)
    for number in range(256):
        it.say(number, replaces=str(number), size=1_200)
        if number % 10 == 0:
            it.say("interim", replaces=f"i{number}", interim=True)
    await asyncio.sleep(30)
    it.receive(Close(reason="end"))
    it.outbox.closed()
    await asyncio.sleep(0.001)
    assert it.types[-1] == "closed"
    assert it.names == list(range(256))
    assert it.types.count("event") < 10


async def test_a_closing_call_merges_what_has_no_token_of_its_own(line: Any) -> None:
    it = line()
    await it.open()
    for number in range(100):
        it.say(number, size=500)
    await asyncio.sleep(0.001)
    sent = it.types.count("event")
    assert sent < 25
    it.receive(Close(reason="end"))
    await it.outbox.flushed()
    it.outbox.closed()
    await asyncio.sleep(0.001)
    assert it.names == list(range(100))
    assert it.types.count("event") <= sent + 4
    assert it.types[-1] == "closed"


async def test_what_even_the_end_does_not_take_is_said_and_counted(
    line: Any, records: list[LogRecord]
) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(0)
    it.outbox.back_off(60)
    for number in range(100):
        it.say(number, size=50_000)
    it.receive(Close(reason="end"))
    it.outbox.closed()
    await asyncio.sleep(0.001)
    assert it.types[-1] == "closed"
    took = len(it.names)
    assert LAST_MESSAGES <= took < 100
    assert it.outbox.entities.cleared == 100 - took
    assert any(f"{100 - took} results are lost" in record.getMessage() for record in records)
    it.faults.clear()  # 429: it was more than the client takes


async def test_disconnect_is_sent_once(line: Any) -> None:
    it = line()
    await it.open()
    it.outbox.disconnect(DisconnectReason.COMPLETED, "first")
    it.outbox.disconnect(DisconnectReason.ERROR, "second")
    await asyncio.sleep(1)
    it.outbox.disconnect(DisconnectReason.ERROR, "third")
    await asyncio.sleep(1)
    assert it.types == ["opened", "disconnect"]
    assert it.sent[-1][1]["parameters"] == {"reason": "completed", "info": "first"}


async def test_wishes_that_are_repeated_fill_no_memory(line: Any) -> None:
    it = line()
    await it.open()
    it.gate.clear()
    it.ping()
    await asyncio.sleep(1)
    for _ in range(1_000):
        it.outbox.disconnect(DisconnectReason.COMPLETED)
        it.outbox.reconnect("draining")
        it.outbox.flush_playback()
        it.outbox.want_pause(True)
    assert len(it.outbox._answers) == 2
    assert len(it.outbox.entities) == 1
    it.gate.set()
    await asyncio.sleep(1)
    assert it.types == ["opened", "pong", "disconnect", "event"]


async def test_disconnect_goes_before_answers_that_wait_for_tokens(line: Any) -> None:
    it = line()
    await it.open()
    for _ in range(60):
        it.ping()
    await asyncio.sleep(0.001)
    assert it.outbox._answers
    it.outbox.disconnect(DisconnectReason.ERROR)
    await asyncio.sleep(0.001)
    assert it.types[-1] == "disconnect"
    await asyncio.sleep(30)
    assert it.types.count("pong") == 60
    assert it.faults == []


async def test_disconnect_replaces_an_opened_that_waits(line: Any) -> None:
    it = line()
    it.write()
    await asyncio.sleep(0)
    it.offer()
    it.outbox.opened(Opened(media=[MONO]))
    it.outbox.disconnect(DisconnectReason.COMPLETED)
    await asyncio.sleep(1)
    assert it.types == ["disconnect"]
    assert [message.type for message in it.noted] == ["disconnect"]


async def test_an_opened_that_cannot_be_sent_ends_the_call_at_once(
    line: Any, caplog: pytest.LogCaptureFixture
) -> None:
    it = line()
    it.write()
    it.offer()
    it.outbox.opened(Opened(media=[{**MONO, "format": "L16"}]))
    await asyncio.sleep(0.001)
    assert it.types == ["disconnect"]
    assert it.sent[0][1]["parameters"]["reason"] == "error"
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_an_opened_that_comes_too_late_is_no_error(line: Any, caplog: pytest.LogCaptureFixture) -> None:
    it = line()
    it.write()
    it.offer()
    it.receive(Close(reason="end"))
    it.outbox.opened(Opened(media=[MONO]))
    await asyncio.sleep(1)
    it.outbox.closed()
    await asyncio.sleep(1)
    assert it.types == ["closed"]
    assert caplog.records == []


async def test_info_that_could_not_be_sent_is_made_to_fit(line: Any) -> None:
    it = line()
    await it.open()
    it.outbox.disconnect(DisconnectReason.COMPLETED, "\ud800" + "x" * 100_000)
    await asyncio.sleep(1)
    assert it.sent[-1][1]["parameters"]["info"] == "?" + "x" * 255


@pytest.mark.parametrize("variables", [{"a": 1}, {"a": "x" * 70_000}, {"a": "\ud800"}, {1: "a"}])
async def test_output_variables_that_could_not_be_sent_are_refused_when_given(
    variables: Any, line: Any
) -> None:
    it = line()
    await it.open()
    with pytest.raises(LocalProtocolError, match="output variables") as caught:
        it.outbox.disconnect(DisconnectReason.COMPLETED, None, variables)
    assert caught.value.__cause__ is None
    it.outbox.disconnect(DisconnectReason.COMPLETED, None, {"ok": "yes"})
    await asyncio.sleep(1)
    assert it.sent[-1][1]["parameters"]["outputVariables"] == {"ok": "yes"}


async def test_a_flood_of_pings_fills_no_memory(line: Any) -> None:
    it = line()
    await it.open()
    await asyncio.sleep(0)
    it.gate.clear()
    last = [it.ping() for _ in range(5_000)][-1]
    assert len(it.outbox._answers) <= ANSWERS
    it.gate.set()
    await asyncio.sleep(60)
    assert it.sent[-1][1]["clientseq"] == last


async def test_a_disconnect_survives_a_flood_of_pings(line: Any) -> None:
    it = line()
    await it.open()
    it.gate.clear()
    await asyncio.sleep(1)
    it.outbox.disconnect(DisconnectReason.ERROR)
    for _ in range(500):
        it.ping()
    it.gate.set()
    await asyncio.sleep(60)
    assert "disconnect" in it.types


_WISHES = st.sampled_from(
    ["pause", "resume", "final", "interim", "ping", "update", "play", "flush", "reconnect", "big"]
)


_STEPS = st.lists(
    st.tuples(_WISHES, st.sampled_from([0.0, 0.0, 0.01, 0.19, 0.21, 0.5, 1.0, 5.0]), st.integers(1, 12)),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(steps=_STEPS, end=st.sampled_from(["", "close", "disconnect"]))
def test_no_sequence_of_wishes_breaks_a_limit_or_a_rule_of_the_client(
    steps: Any, end: str, virtually: Callable[..., Any], make_line: Any
) -> None:
    virtually(_wish(make_line, steps, end))


async def _wish(make_line: Any, steps: list[tuple[str, float, int]], end: str) -> None:
    it = make_line()
    await it.open()
    for wish, pause, times in steps:
        for _ in range(times):
            _do(it, wish)
        await asyncio.sleep(pause)
    if end == "close":
        it.receive(Close(reason="end"))
        it.outbox.closed()
    elif end:
        it.outbox.disconnect(DisconnectReason.COMPLETED)
    await asyncio.sleep(120)
    await it.stop()
    beyond = it.faults.count("rate limit exceeded")  # of results that the end takes along
    assert beyond <= (LAST_MESSAGES if end == "close" else 0)
    assert len(it.faults) == beyond
    assert it.types.count("opened") == 1
    assert it.types.count("closed") == (end == "close")
    assert it.types.count("disconnect") == (end == "disconnect")
    assert "closed" not in it.types[:-1]
    if not end:
        wishes = [wish for wish, _, _ in steps if wish in ("pause", "resume")]
        assert it.client.server_paused is (bool(wishes) and wishes[-1] == "pause")
        assert len(it.outbox.entities) == 0
        assert not it.outbox._audio
        assert not it.client.ping_outstanding


def _do(it: Any, wish: str) -> None:
    match wish:
        case "pause" | "resume":
            it.outbox.want_pause(wish == "pause")
        case "final" | "interim":
            it.say(wish, replaces="u", interim=wish == "interim")
        case "big":
            it.say(wish, size=20_000)
        case "ping":
            it.ping()
        case "update":
            it.outbox.updated(it.receive(Update()).seq)
        case "play":
            it.outbox.play(b"\xff" * 5_000)
        case "flush":
            it.outbox.flush_playback()
        case "reconnect":
            it.outbox.reconnect("draining")
