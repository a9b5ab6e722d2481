"""A call over a real socket, from the upgrade to its last hook. Time is virtual: patience costs nothing."""

from __future__ import annotations

import asyncio
import gc
import socket as sockets
import weakref
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from audiohook_fw.plugin import (
    Accept,
    BotTurnResponse,
    OnFailure,
    PluginInfo,
    Reject,
    SessionHandler,
    Transcript,
    hookimpl,
)
from audiohook_fw.protocol import Close, Error, Paused, Resumed
from audiohook_fw.server.connection import UNKNOWN_TYPES
from audiohook_fw.server.reader import IN_A_ROW

SUFFIX = "-95d3-7570-ac13-9a62d8f514c0"
BACKLOG = bytes(range(256)) * 1_250
"""20 s of stereo PCMU."""


class Ear:
    """Hears everything, inline or in a lane, and notes how each of its calls went."""

    def __init__(
        self, *, lane: bool = False, opened: float = 0.0, closing: float = 0.0, ending: float = 0.0
    ) -> None:
        self.lane = lane
        self.opened = opened
        self.closing = closing
        self.ending = ending
        self.heard = bytearray()
        self.position = 0
        self.log: list[str] = []
        self.decided: list[Any] = []
        self.session: Any = None
        self.on_opened: Any = None

    @hookimpl
    def on_decided(self, decision: Any) -> None:
        self.decided.append(decision)

    @hookimpl
    def create_handler(self, session: Any) -> SessionHandler:
        self.session = session
        return (_Lane if self.lane else _Inline)(self)

    def hear(self, frame: Any) -> None:
        assert frame.position == self.position + frame.gap_before
        self.position = frame.end
        self.heard += frame.payload


class _Inline(SessionHandler):
    def __init__(self, ear: Ear) -> None:
        self.ear = ear

    def on_opened(self) -> None:
        self.ear.log.append("opened")
        if self.ear.on_opened is not None:
            self.ear.on_opened(self.ear.session)

    def on_audio(self, frame: Any) -> None:
        self.ear.hear(frame)

    def on_close(self, reason: Any) -> None:
        self.ear.log.append(f"close {reason}")

    def on_end(self, summary: Any) -> None:
        self.ear.log.append(f"end {summary.reason}")


class _Lane(SessionHandler):
    def __init__(self, ear: Ear) -> None:
        self.ear = ear

    async def on_opened(self) -> None:
        await asyncio.sleep(self.ear.opened)
        self.ear.log.append("opened")

    async def on_audio(self, frame: Any) -> None:
        self.ear.hear(frame)

    async def on_close(self, reason: Any) -> None:
        self.ear.log.append(f"close {reason}")
        await asyncio.sleep(self.ear.closing)

    async def on_end(self, summary: Any) -> None:
        self.ear.log.append(f"end {summary.reason}")
        await asyncio.sleep(self.ear.ending)


class Policy:
    """Decides as told, after a while."""

    def __init__(self, answer: Any = None, seconds: float = 0.0, info: PluginInfo | None = None) -> None:
        self.answer = answer
        self.seconds = seconds
        self.finished = False
        if info is not None:
            self.info = info

    @hookimpl
    async def on_open(self) -> Any:
        await asyncio.sleep(self.seconds)
        self.finished = True
        return self.answer


def now() -> float:
    return asyncio.get_running_loop().time()


def lived(reason: str) -> list[str]:
    return ["opened", f"close {reason}", f"end {reason}"]


# opening ------------------------------------------------------------------------------------------


async def test_slow_plugins_delay_no_opened_and_get_all_audio(house: Any) -> None:
    slow, quick = Ear(lane=True, opened=10.0), Ear()
    await house.start(slow=slow, quick=quick)
    begun = now()
    callers = [await house.opened() for _ in range(3)]
    assert now() == begun
    for caller in callers[1:]:
        await caller.close()
    slow.heard.clear(), quick.heard.clear()
    slow.position = quick.position = 0
    for number in range(100):
        await callers[0].hear(bytes([number]) * 3_200)
        await asyncio.sleep(0.2)
    await callers[0].close()
    await house.idle()
    assert bytes(quick.heard) == bytes(slow.heard) == b"".join(bytes([n]) * 3_200 for n in range(100))
    assert callers[0].faults == []


@pytest.mark.parametrize("size", [1_600, 64_000])
async def test_a_backlog_reaches_every_plugin_to_the_last_sample(size: int, house: Any) -> None:
    ears = [Ear(), Ear(lane=True), Ear(lane=True, opened=10.0)]
    await house.start(**{f"ear{number}": ear for number, ear in enumerate(ears)})
    caller = await house.opened()
    for start in range(0, len(BACKLOG), size):
        await caller.hear(BACKLOG[start : start + size])
    await caller.ping()
    assert bytes(ears[0].heard) == BACKLOG
    await caller.stay(15)
    await caller.close()
    await house.idle()
    for ear in ears:
        assert bytes(ear.heard) == BACKLOG
        assert ear.log == lived("end")


async def test_a_burst_gives_other_calls_their_turn(house: Any) -> None:
    turns: list[int] = []

    class Counting:
        frames = 0

        @hookimpl
        def on_audio(self) -> None:
            Counting.frames += 1

    await house.start(c=Counting())
    caller = await house.opened()
    busy = True

    async def other() -> None:
        while busy:
            turns.append(Counting.frames)
            await asyncio.sleep(0)

    for _ in range(200):
        await caller.hear(b"\x10" * 64)
    task = asyncio.ensure_future(other())
    await caller.ping()
    busy = False
    await task
    assert max(b - a for a, b in pairwise(turns)) <= IN_A_ROW


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        ("completed", "completed"),
        ("error", "error"),
        ("unauthorized", "unauthorized"),
        ("rejected", "completed"),
        ("nonsense", "completed"),
    ],
)
async def test_a_rejected_call_is_disconnected_in_place_of_opened(reason: str, sent: str, house: Any) -> None:
    ear = Ear()
    await house.start(policy=Policy(Reject(reason, "not this queue")), ear=ear)
    caller = await house.call()
    answer = await caller.open()
    assert answer["parameters"] == {"reason": sent, "info": "not this queue"}
    await caller.until("closed")
    await caller.hang_up()
    await house.idle()
    assert caller.types == ["disconnect", "closed"]
    assert caller.faults == []
    assert ear.decided == [Reject(reason, "not this queue")]
    assert ear.log == []
    assert house.value("sessions", outcome="rejected") == 1


async def test_a_rejected_call_lasts_until_its_plugins_know(house: Any) -> None:
    done: list[Any] = []

    class Slow:
        @hookimpl
        async def on_decided(self, decision: Any) -> None:
            await asyncio.sleep(4)
            done.append(decision)

    await house.start(policy=Policy(Reject()), slow=Slow())
    caller = await house.call()
    begun = now()
    await caller.open()
    await caller.until("closed")
    await caller.hang_up()
    assert now() - begun < 0.5
    await house.idle()
    assert done == [Reject()]
    assert house.value("sessions", outcome="rejected") == 1
    assert house.value("sessions", outcome="lost") == 0


@pytest.mark.parametrize("info", ["\ud800", "x" * 100_000, 5])
async def test_a_rejection_that_says_nonsense_still_rejects(info: Any, house: Any) -> None:
    await house.start(policy=Policy(Reject(info=info)))
    caller = await house.call()
    begun = now()
    assert (await caller.open())["parameters"]["reason"] == "completed"
    assert now() - begun < 0.1


async def test_a_policy_that_is_late_counts_as_it_declared(house: Any) -> None:
    strict = PluginInfo(on_failure=OnFailure.REJECT)
    await house.start(policy=Policy(seconds=60, info=strict))
    caller = await house.call()
    begun = now()
    assert (await caller.open())["parameters"]["reason"] == "error"
    assert now() - begun == pytest.approx(2.0, abs=0.1)


async def test_a_decision_after_the_timer_is_ignored(house: Any) -> None:
    house.limit(decision_timeout=4.9, opening_timeout=4.0)
    ear, policy = Ear(), Policy(seconds=4.5)
    await house.start(policy=policy, ear=ear)
    caller = await house.call()
    begun = now()
    assert (await caller.open())["parameters"] == {"reason": "error", "info": "timeout while opening"}
    assert now() - begun == pytest.approx(4.0, abs=0.1)
    await caller.until("closed")
    await asyncio.sleep(2)
    assert caller.types == ["disconnect", "closed"]
    assert ear.log == ear.decided == []
    assert house.value("sessions", outcome="lost") == 1


async def test_a_call_starts_paused_until_its_hold_is_released(house: Any) -> None:
    class LookUp:
        @hookimpl
        def on_open(self) -> Accept:
            return Accept(start_paused=True)

        @hookimpl
        async def on_opened(self, session: Any) -> None:
            await asyncio.sleep(3)
            session.start_hold.release()

    ear = Ear()
    await house.start(look_up=LookUp(), ear=ear)
    caller = await house.call()
    opened = await caller.open()
    assert opened["parameters"]["startPaused"] is True
    await caller.say(Paused())
    await caller.socket.send_bytes(b"\x10" * 1_600)
    begun = now()
    await caller.until("resume")
    assert now() - begun == pytest.approx(3, abs=0.1)
    await caller.hear(b"\x20" * 1_600)
    await caller.ping()
    assert bytes(ear.heard) == b"\x20" * 1_600
    await caller.close()
    assert caller.faults == []


async def test_a_call_that_starts_paused_may_be_disconnected_instead(house: Any) -> None:
    class LookUp:
        @hookimpl
        def on_open(self) -> Accept:
            return Accept(start_paused=True)

        @hookimpl
        async def on_opened(self, session: Any) -> None:
            await asyncio.sleep(3)
            session.disconnect(info="not this queue")

    ear = Ear()
    await house.start(look_up=LookUp(), ear=ear)
    caller = await house.opened()
    await caller.until("closed")
    await caller.hang_up()
    await house.idle()
    assert caller.types == ["opened", "disconnect", "closed"]
    assert ear.log == lived("disconnect")
    assert not ear.heard


async def test_overload_and_draining_are_told_in_words_that_make_the_client_retry(house: Any) -> None:
    house.limit(calls=1)
    await house.start()
    first = await house.opened()
    for refusal in ("overload", "draining"):
        caller = await house.call()
        answer = await caller.open()
        assert (answer["type"], answer["parameters"]) == ("disconnect", {"reason": "error", "info": refusal})
        await caller.until("closed")
        await caller.hang_up()
        assert caller.faults == []
        house.services.registry.draining = True
    await first.ping()
    assert house.value("sessions", outcome="rejected") == 2


async def test_room_is_there_again_once_a_call_has_ended(house: Any) -> None:
    house.limit(calls=1)
    await house.start(ear=Ear(lane=True, ending=30.0))
    first = await house.opened()
    await first.close()
    second = await house.opened()  # though the first one's last hook still runs
    await second.close()


# the newest wins ----------------------------------------------------------------------------------


async def test_the_newest_connection_of_a_session_wins_and_the_older_one_ends(house: Any) -> None:
    ear = Ear()
    await house.start(ear=ear)
    older = await house.opened()
    stranger = await house.opened(session_id=older.session_id, api_key="another")
    other = await house.opened()
    newer = await house.opened(session_id=older.session_id.upper())
    await older.reader
    for caller in (newer, stranger, other):
        await caller.ping()
    assert house.services.registry.calls == 3
    assert ear.log == ["opened"] * 4 + ["close lost", "end lost"]
    for caller in (newer, stranger, other):
        await caller.close()
    await house.idle()
    assert ear.log.count("end end") == 3


# closing ------------------------------------------------------------------------------------------


async def test_close_while_plugins_decide_is_answered_at_once(house: Any) -> None:
    ear, policy = Ear(), Policy(seconds=1.9)
    await house.start(policy=policy, ear=ear)
    caller = await house.call()
    await caller.say(caller.message())
    await asyncio.sleep(0.1)
    begun = now()
    await caller.close()
    assert now() - begun < 0.1
    await house.idle()
    await asyncio.sleep(5)
    assert caller.types == ["closed"]
    assert (ear.log, ear.decided, policy.finished) == ([], [], False)
    assert house.value("sessions", outcome="lost") == 1


async def test_closed_does_not_wait_for_a_slow_plugin_but_its_work_goes_on(house: Any) -> None:
    slow, quick = Ear(lane=True, closing=20.0, ending=5.0), Ear()
    await house.start(slow=slow, quick=quick)
    caller = await house.opened()
    await caller.hear(b"\x10" * 1_600)
    begun = now()
    await caller.close()
    assert now() - begun == pytest.approx(6.0, abs=0.1)
    assert slow.log == ["opened", "close end"]
    await house.idle()
    assert now() - begun == pytest.approx(25.0, abs=0.5)
    assert slow.log == quick.log == lived("end")
    assert caller.faults == []
    assert house.value("protocol.errors", code="408") == 0


async def test_results_of_on_close_arrive_before_closed(house: Any) -> None:
    class Asr:
        @hookimpl
        async def on_close(self, session: Any) -> None:
            await asyncio.sleep(1)
            for number in range(3):
                session.emit(Transcript(channel="external", text=f"last words {number}", start=0, length=80))

    await house.start(asr=Asr())
    caller = await house.opened(product="transcription")
    await caller.close()
    assert caller.types == ["opened", "event", "event", "event", "closed"]
    assert caller.faults == []


async def test_closed_does_not_wait_for_results_beyond_their_deadline(house: Any) -> None:
    class Flood:
        @hookimpl
        def on_close(self, session: Any) -> None:
            for number in range(200):
                text = f"{number} " + "x" * 20_000
                session.emit(Transcript(channel="external", text=text, start=0, length=80))

    await house.start(flood=Flood())
    caller = await house.opened(product="transcription")
    begun = now()
    await caller.close()
    assert now() - begun == pytest.approx(1.0, abs=0.1)
    await house.idle()
    assert caller.faults == []
    assert house.value("outbox.dropped", reason="closed") > 100


async def test_the_timer_answers_close_even_when_the_hooks_deadlines_are_wrong(house: Any) -> None:
    house.limit(hook_deadline=9.5, closed_deadline=8.0)
    await house.start(slow=(ear := Ear(lane=True, closing=9.4)))
    caller = await house.opened()
    begun = now()
    await caller.close()
    assert now() - begun == pytest.approx(8.0, abs=0.1)
    await house.idle()
    assert ear.log == lived("end")
    assert caller.types.count("closed") == 1


async def test_a_complaint_after_close_reaches_nobody(house: Any) -> None:
    told: list[Any] = []

    class Slow:
        @hookimpl
        async def on_close(self) -> None:
            await asyncio.sleep(2)

        @hookimpl
        async def on_client_error(self, error: Any) -> None:
            told.append(error)

    await house.start(slow=Slow())
    caller = await house.opened()
    await caller.say(Close(reason="end"))
    await asyncio.sleep(1)
    await caller.say(Error(code=500, message="late"))
    await caller.until("closed")
    await caller.hang_up()
    await house.idle()
    assert told == []


async def test_an_abrupt_end_runs_the_whole_path_at_once(house: Any) -> None:
    class Asr:
        @hookimpl
        def on_close(self, session: Any) -> None:
            for _ in range(3):
                session.emit(Transcript(channel="external", text="nobody hears", start=0, length=80))

    inline, lane = Ear(), Ear(lane=True)
    await house.start(inline=inline, lane=lane, asr=Asr())
    caller = await house.opened(product="transcription")
    begun = now()
    caller.cut()
    await house.idle()
    assert now() - begun < 0.5
    assert inline.log == lane.log == lived("lost")
    assert house.value("sessions.ended", reason="lost") == 1
    assert house.value("outbox.dropped", reason="closed") == 3


async def test_the_end_of_a_lost_call_may_take_its_time_and_is_no_fault_of_the_client(house: Any) -> None:
    ear = Ear(lane=True, ending=40.0)
    await house.start(ear=ear)
    caller = await house.opened()
    caller.cut()
    begun = now()
    await house.idle()
    assert now() - begun == pytest.approx(40, abs=1)
    assert ear.log == lived("lost")
    assert house.value("protocol.errors", code="408") == 0


async def test_a_call_whose_task_is_cancelled_ends_as_it_should(house: Any) -> None:
    ear = Ear(lane=True, closing=2.0, ending=2.0)
    await house.start(ear=ear)
    caller = await house.opened()
    [run] = [t for t in asyncio.all_tasks() if getattr(t.get_coro(), "__qualname__", "").endswith("start")]
    for _ in range(3):
        run.cancel()
        await asyncio.sleep(0.5)
    await caller.reader
    await house.idle()
    assert ear.log == lived("lost")


async def test_the_server_ends_a_connection_with_a_plugins_disconnect(house: Any) -> None:
    ear = Ear()
    ear.on_opened = lambda session: session.disconnect("completed", "done", {"result": "42"})
    await house.start(ear=ear)
    caller = await house.opened(product="connector")
    await caller.until("closed")
    await caller.hang_up()
    await house.idle()
    assert caller.all("disconnect")[0]["parameters"] == {
        "reason": "completed",
        "info": "done",
        "outputVariables": {"result": "42"},
    }
    assert ear.log == lived("disconnect")


# pauses, play, errors -----------------------------------------------------------------------------


async def test_pauses_of_server_and_client_and_nothing_of_them_is_stored(house: Any) -> None:
    ear = Ear()
    await house.start(ear=ear)
    caller = await house.opened()
    await caller.hear(b"\x01" * 1_600)
    await caller.ping()
    hold = ear.session.pause("card number")
    caller.obeying = False
    await caller.until("pause")
    await caller.socket.send_bytes(b"\x02" * 1_600)  # was on its way
    await caller.say(Paused())
    await caller.socket.send_bytes(b"\x03" * 1_600)  # must not be stored
    await caller.ping()
    assert ear.session.server_paused
    hold.release()
    await caller.until("resume")
    await caller.say(Resumed(start=timedelta(seconds=0.2), discarded=timedelta(seconds=5)))
    await caller.hear(b"\x04" * 1_600)
    await caller.close()
    await house.idle()
    assert bytes(ear.heard) == b"\x01" * 1_600 + b"\x02" * 1_600 + b"\x04" * 1_600
    assert ear.position == 2_400 + 40_000
    assert house.value("audio.stray") == 1


async def test_a_bot_talks_and_is_interrupted(house: Any) -> None:
    ear = Ear()
    await house.start(ear=ear)
    caller = await house.call(product="connector")
    await caller.open(media=[caller.offer("external")])
    for _ in range(100):
        ear.session.play(b"\x55" * 160)
    await asyncio.sleep(1)
    ear.session.play(b"\x66" * 4_000)
    ear.session.flush_playback()
    ear.session.emit(BotTurnResponse(disposition="match", text="hello"))
    await caller.until("event", count=2)
    assert b"".join(caller.audio) == b"\x55" * 16_000
    assert [m["parameters"]["entities"][0]["type"] for m in caller.all("event")] == [
        "barge_in",
        "bot_turn_response",
    ]
    await caller.close()
    assert caller.faults == []


async def test_a_client_that_says_429_is_left_in_peace(house: Any) -> None:
    ear = Ear()
    await house.start(ear=ear)
    caller = await house.opened(product="transcription")
    await caller.say(Error(code=429, message="slow down", retry_after=timedelta(seconds=4)))
    await caller.ping()
    begun = now()
    ear.session.emit(Transcript(channel="external", text="hello", start=0, length=80))
    await caller.ping()
    await caller.until("event")
    assert now() - begun == pytest.approx(4.0, abs=0.1)
    assert house.value("client.rate_limited") == 1


# timers -------------------------------------------------------------------------------------------


async def test_who_never_opens_is_closed_in_order(house: Any) -> None:
    await house.start()
    caller = await house.call()
    begun = now()
    await caller.reader
    assert now() - begun == pytest.approx(10, abs=0.1)
    assert (caller.got, caller.socket.close_code) == ([], 1000)


async def test_who_never_closes_is_cut_after_disconnect(house: Any) -> None:
    ear = Ear()
    await house.start(ear=ear)
    caller = await house.opened()
    caller.closing = False
    begun = now()
    ear.session.disconnect()
    await caller.until("disconnect")
    await caller.stay(9)
    assert not caller.reader.done()
    await caller.reader
    assert now() - begun == pytest.approx(10, abs=0.1)
    await house.idle()
    assert ear.log == lived("lost")
    assert caller.socket.close_code == 1000


async def test_who_is_silent_is_asked_to_close_and_then_closed(house: Any) -> None:
    ear = Ear()
    await house.start(ear=ear)
    caller = await house.opened()
    await caller.hear(b"\x10" * 1_600)
    caller.closing = False
    begun = now()
    disconnect = await caller.until("disconnect")
    assert now() - begun == pytest.approx(30, abs=0.1)
    assert disconnect["parameters"] == {"reason": "error", "info": "timeout while active"}
    await caller.reader
    assert now() - begun == pytest.approx(40, abs=0.1)
    await house.idle()
    assert ear.log == lived("lost")


async def test_audio_or_pings_alone_are_signs_of_life(house: Any) -> None:
    await house.start()
    caller = await house.opened()
    for _ in range(10):
        await asyncio.sleep(20)
        await caller.hear(b"\x10" * 1_600)
    await caller.say(Paused())
    await caller.stay(300)
    assert set(caller.types) == {"opened", "pong"}


async def test_who_does_not_hang_up_after_closed_is_closed(house: Any) -> None:
    await house.start()
    caller = await house.opened()
    await caller.say(Close(reason="end"))
    await caller.until("closed")
    begun = now()
    await caller.reader
    assert now() - begun == pytest.approx(5, abs=0.1)
    assert caller.socket.close_code == 1000


def stop_reading(caller: Any, connection: Any) -> None:
    """Let the client read no more, on a socket that holds little."""
    transport = caller.socket._response.connection.transport
    for end in (connection._transport, transport):
        for option in (sockets.SO_SNDBUF, sockets.SO_RCVBUF):
            end.get_extra_info("socket").setsockopt(sockets.SOL_SOCKET, option, 4_096)
    transport.pause_reading()


async def test_a_half_open_socket_is_given_up(house: Any) -> None:
    """The client reads no more, and does not even answer a close frame."""
    house.limit(write_timeout=10)
    ear = Ear()
    await house.start(ear=ear)
    caller = await house.call(product="connector")
    await caller.open(media=[caller.offer("external")])
    connection = house.connections[0]
    stop_reading(caller, connection)
    begun = now()
    ear.session.play(b"\xff" * 2_000_000)
    await house.idle()
    assert now() - begun < 30
    assert ear.log == lived("lost")
    assert connection._transport.is_closing()
    caller.cut()


@pytest.mark.parametrize("unsent", [0, 60_000])
async def test_a_half_open_socket_on_which_little_is_written_is_given_up_too(unsent: int, house: Any) -> None:
    ear = Ear()
    await house.start(ear=ear)
    caller = await house.call(product="connector")
    await caller.open(media=[caller.offer("external")])
    stop_reading(caller, house.connections[0])
    begun = now()
    ear.session.play(b"\xff" * unsent)
    await asyncio.sleep(1)
    assert bool(house.connections[0]._transport.get_write_buffer_size()) is bool(unsent)
    await house.idle()
    assert house.connections[0]._transport.get_write_buffer_size() == 0
    assert now() - begun == pytest.approx(40, abs=1)
    assert ear.log == lived("lost")
    assert house.connections[0]._transport.is_closing()
    caller.cut()


async def test_a_writer_that_fails_cuts_the_socket(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear()
    await house.start(ear=ear)
    caller = await house.opened()

    async def broken(text: str) -> None:
        raise ConnectionResetError("no more")

    monkeypatch.setattr(house.connections[0]._socket, "send_str", broken)
    house.connections[0]._outbox._wire = house.connections[0]._socket
    caller.protocol._pings.append(2)
    await caller.raw("ping")
    await caller.reader
    await house.idle()
    assert ear.log == lived("lost")


# what the server asks for -------------------------------------------------------------------------


async def test_reconnect_and_disconnect_of_the_server_and_abort(house: Any) -> None:
    ear = Ear()
    await house.start(ear=ear)
    moving, leaving, cut = [await house.opened() for _ in range(3)]
    first, second, third = house.connections
    first.reconnect("draining")
    assert (await moving.until("reconnect"))["parameters"] == {"info": "draining"}
    await moving.close("reconnect")
    second.disconnect("error", "draining")
    await leaving.until("closed")
    assert leaving.all("disconnect")[0]["parameters"] == {"reason": "error", "info": "draining"}
    await leaving.hang_up()
    await third.abort()
    await cut.reader
    await house.idle()
    assert sorted(line for line in ear.log if line.startswith("end")) == [
        "end disconnect",
        "end lost",
        "end reconnect",
    ]
    assert house.value("reconnects") == 1
    assert house.value("disconnects", reason="error") == 1


async def test_a_session_shows_the_path_and_the_registry_shows_the_session(house: Any) -> None:
    ear = Ear()
    await house.start(ear=ear)
    caller = await house.opened()
    assert ear.session.path_suffix == "suffix"
    [session] = house.services.registry.sessions()
    assert session.id == caller.session_id
    await caller.close()
    assert house.services.registry.sessions() == ()


async def test_unknown_types_are_logged_once_each_and_not_for_ever(house: Any, records: list[Any]) -> None:
    await house.start()
    caller = await house.opened()
    for number in range(100):
        for _ in range(2):
            await caller.raw(f"type_{number}")
    await caller.close()
    logged = [r for r in records if "unknown type" in r.getMessage()]
    assert len(logged) == UNKNOWN_TYPES
    assert house.value("messages.unknown") == 200


async def test_every_log_line_of_a_connection_names_its_session(house: Any, records: list[Any]) -> None:
    await house.start(slow=Ear(lane=True, closing=9.0))
    silent, broken, lost, late = [await house.call(session_id=f"{n}" * 8 + SUFFIX) for n in range(4)]
    await broken.socket.send_str("nonsense")
    await broken.until("disconnect")
    for caller in (lost, late):
        await caller.open()
    await late.close()
    lost.cut()
    await silent.reader
    await house.idle()
    lines = [r for r in records if r.name in ("audiohook_fw.server.connection", "audiohook_fw.session.call")]
    assert len(lines) > 6
    assert all(line.context.get("session_id", "").endswith(SUFFIX) for line in lines), lines
    assert len({line.context["session_id"] for line in lines}) == 4


async def test_every_hook_of_a_call_runs_in_its_log_context(house: Any) -> None:
    from audiohook_fw.telemetry import current_context

    seen: list[Any] = []

    class Looking:
        @hookimpl
        def on_opened(self) -> None:
            seen.append(dict(current_context()))

        @hookimpl
        def on_end(self) -> None:
            seen.append(dict(current_context()))

    class LookingInALane:
        @hookimpl
        async def on_audio(self) -> None:
            seen.append(dict(current_context()))

    await house.start(inline=Looking(), lane=LookingInALane())
    caller = await house.opened()
    await caller.hear(b"\x10" * 160)
    await caller.ping()
    await caller.close()
    await house.idle()
    assert len(seen) == 3
    assert {line["session_id"] for line in seen} == {caller.session_id}
    assert all(line["conversation_id"] for line in seen)


async def test_a_call_that_has_ended_is_freed(house: Any) -> None:
    await house.start(inline=Ear(), lane=Ear(lane=True))
    house.services.plugins.plugins[0].target.session = None
    for end in ("close", "cut", "disconnect"):
        caller = await house.opened()
        await caller.hear(b"\x10" * 1_600)
        await caller.ping()
        await _end(end, caller, house.connections[-1], house)
        with suppress(AssertionError):
            await caller.until("closed")
        await caller.socket.close()
        await caller.reader
    await house.idle()
    for plugin in house.services.plugins.plugins:
        plugin.target.session = None
    left = [weakref.ref(connection) for connection in house.connections]
    left += [weakref.ref(connection.call) for connection in house.connections]
    house.connections.clear()
    for _ in range(3):
        await asyncio.sleep(1)
        gc.collect()
    assert [ref() for ref in left if ref() is not None] == []


# in whatever order --------------------------------------------------------------------------------

_ENDS = [
    "close",
    "cut",
    "hang up",
    "abort",
    "cancel",
    "disconnect",
    "newer",
    "silence",
    "close and cut",
    "violate",
]


@pytest.mark.parametrize("first", _ENDS)
@pytest.mark.parametrize("second", ["", "close", "cut", "abort", "cancel"])
async def test_on_end_comes_exactly_once_however_a_call_ends(first: str, second: str, house: Any) -> None:
    inline, lane = Ear(), Ear(lane=True, closing=1.0, ending=1.0)
    await house.start(inline=inline, lane=lane)
    caller = await house.opened()
    connection = house.connections[0]
    for how in (first, second):
        with suppress(Exception):  # the second end comes when there may be nothing left to end
            await _end(how, caller, connection, house)
        await asyncio.sleep(0.3)
    with suppress(ConnectionError):
        await caller.socket.close()
    for other in house.callers[1:]:
        with suppress(ConnectionError):
            await other.close()
    await house.idle()
    calls = 1 + len(house.callers[1:])
    for ear in (inline, lane):
        assert [line.split()[0] for line in ear.log].count("end") == calls
        assert [line.split()[0] for line in ear.log].count("close") == calls
    assert (
        sum(house.value("sessions.ended", reason=r) for r in ("end", "error", "disconnect", "lost")) == calls
    )
    assert house.services.registry.calls == 0


async def _end(how: str, caller: Any, connection: Any, house: Any) -> None:
    match how:
        case "close":
            await caller.say(Close(reason="end"))
        case "cut":
            caller.cut()
        case "hang up":
            await caller.socket.close()
        case "abort":
            await connection.abort()
        case "cancel":
            for task in asyncio.all_tasks():
                if getattr(task.get_coro(), "__qualname__", "").endswith("RequestHandler.start"):
                    task.cancel()
        case "disconnect":
            connection.disconnect()
        case "newer":
            await house.opened(session_id=caller.session_id)
        case "silence":
            await asyncio.sleep(31)
        case "close and cut":
            await caller.say(Close(reason="end"))
            caller.cut()
        case "violate":
            await caller.socket.send_str("nonsense")
