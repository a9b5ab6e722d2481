"""The writer: what goes first, what waits for tokens, what is dropped. In virtual time, without a socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiohook_fw.config import LimitsSettings
from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    ClientProtocol,
    Close,
    Complaint,
    DisconnectReason,
    Open,
    Opened,
    Participant,
    Paused,
    PauseReceived,
    Ping,
    Resumed,
    ResumeReceived,
    ServerMessage,
    ServerProtocol,
    Update,
    Violated,
    WireEntity,
)
from audiohook_fw.server.outbox import ANSWERS, PLAYBACK_BYTES, PLAYBACK_FRAME, RESERVE, Outbox

ID = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
MONO = {"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}
NOW = timedelta(0)


class Line:
    """An outbox, and a client at the other end of its wire that judges what arrives, and when.

    Attributes:
        sent: what was written: time, and the JSON object or the bytes.
        faults: what a strict client objects to: bad numbers, wrong answers, limits.
        gate: cleared, writing waits for it. broken: raised by the next write.
    """

    def __init__(self, **limits: Any) -> None:
        self.loop = asyncio.get_running_loop()
        self.client = ClientProtocol(ID, connector=True)
        self.server = ServerProtocol(ID)
        self.sent: list[tuple[float, Any]] = []
        self.noted: list[ServerMessage] = []
        self.faults: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken: Exception | None = None
        self.outbox = Outbox(
            self.server,
            self,
            LimitsSettings(**limits),
            clock=self.loop.time,
            on_sent=self.noted.append,
        )
        self.writer: asyncio.Task[None] | None = None

    # the wire

    async def send_str(self, data: str) -> None:
        await self._pass()
        self.sent.append((self.loop.time(), json.loads(data)))
        event = self.client.receive_text(data, self.loop.time())
        self._judge(event)
        if isinstance(event, PauseReceived):
            self.receive(Paused())
        elif isinstance(event, ResumeReceived):
            self.receive(Resumed(start=NOW, discarded=NOW))

    async def send_bytes(self, data: bytes) -> None:
        await self._pass()
        self.sent.append((self.loop.time(), data))
        self._judge(self.client.receive_binary(data, self.loop.time()))

    async def _pass(self) -> None:
        await self.gate.wait()
        if self.broken is not None:
            raise self.broken

    def _judge(self, event: Any) -> None:
        if isinstance(event, Complaint | Violated):
            self.faults.append(str(event.error))

    # the client

    def receive(self, message: Any) -> Any:
        return self.server.receive_text(self.client.send(message, NOW), self.loop.time())

    def offer(self) -> None:
        self.receive(
            Open(organization_id=ID, conversation_id=ID, participant=Participant(id=ID), media=[MONO])
        )

    async def open(self, **opened: Any) -> None:
        self.offer()
        self.outbox.opened(Opened(media=[MONO], **opened))
        self.write()
        await asyncio.sleep(0)
        assert self.types[0] == "opened"

    def write(self) -> None:
        self.writer = self.loop.create_task(self.outbox.run())

    def ping(self) -> int:
        event = self.receive(Ping())
        self.outbox.pong(event.seq)
        return int(event.seq)

    def say(self, name: object = "", *, size: int = 0, **how: Any) -> None:
        self.outbox.send_entity(WireEntity(type="transcript", data={"name": name, "text": "x" * size}), **how)

    # what came

    @property
    def types(self) -> list[str]:
        return ["audio" if isinstance(what, bytes) else what["type"] for _, what in self.sent]

    def times(self, *types: str) -> list[float]:
        return [when for (when, _), type_ in zip(self.sent, self.types, strict=True) if type_ in types]

    @property
    def names(self) -> list[Any]:
        events = [
            m["parameters"]["entities"]
            for _, m in self.sent
            if not isinstance(m, bytes) and m["type"] == "event"
        ]
        return [entity["data"].get("name", entity["type"]) for entities in events for entity in entities]

    @property
    def played(self) -> list[bytes]:
        return [what for _, what in self.sent if isinstance(what, bytes)]

    async def stop(self) -> None:
        if self.writer is not None:
            self.writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError, TimeoutError):
                await self.writer


@pytest.fixture
async def line() -> AsyncIterator[Callable[..., Line]]:
    """Make lines; at the end the client must have had nothing to object to."""
    made: list[Line] = []

    def make(**limits: Any) -> Line:
        made.append(Line(**limits))
        return made[-1]

    yield make
    for each in made:
        await each.stop()
        assert each.faults == []


# what goes first ----------------------------------------------------------------------------------


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


# pause --------------------------------------------------------------------------------------------


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


# the client's 429 ---------------------------------------------------------------------------------


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


# results ------------------------------------------------------------------------------------------


async def test_a_few_results_go_one_by_one_and_many_together(line: Any) -> None:
    it = line()
    await it.open()
    for number in range(5):
        it.say(number)
    await asyncio.sleep(1)
    assert it.types.count("event") == 5
    for number in range(5, 60):
        it.say(number)
    await asyncio.sleep(1)
    assert it.types.count("event") == 6
    assert it.names == list(range(60))


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


# playing ------------------------------------------------------------------------------------------


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


# faults and the end -------------------------------------------------------------------------------


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
    assert it.types == ["opened", "event", "closed"]
    assert it.outbox.entities.cleared == 2
    assert it.outbox.unsendable == 0


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


# whatever is wished -------------------------------------------------------------------------------

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
    steps: Any, end: str, virtually: Callable[..., Any]
) -> None:
    virtually(_wish(steps, end))


async def _wish(steps: list[tuple[str, float, int]], end: str) -> None:
    it = Line()
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
    assert it.faults == []
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


def _do(it: Line, wish: str) -> None:
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
