"""Calls driven by hand: each step of `CallDriver`, and what may be read of a call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from audiohook_fw import (
    Accept,
    BotTurnResponse,
    Event,
    MediaFormat,
    PluginInfo,
    Reject,
    Session,
    SessionHandler,
    SpeechStarted,
    Transcript,
    hookimpl,
)
from audiohook_fw.testing import CallAudio, CallDriver, Disconnected

logger = logging.getLogger(__name__)

Make = Callable[..., CallDriver]
MONO = MediaFormat("PCMU", ("internal",))


class Diary:
    """Writes down everything, in a lane."""

    class Settings(BaseModel):
        pause_at: int = -1

    info = PluginInfo(summary="Writes down everything", emits=(SpeechStarted,))

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return DiaryHandler(session, self.settings)


class DiaryHandler(SessionHandler):
    def __init__(self, session: Session, settings: Diary.Settings) -> None:
        self.session = session
        self.settings = settings
        self.hold: Any = None
        self.lines: list[Any] = []
        session.update_context(lines=self.lines)

    def note(self, *what: Any) -> None:
        self.lines.append(what)

    async def on_opened(self) -> None:
        await asyncio.sleep(0.25)
        self.note("opened")

    async def on_audio(self, frame: Any) -> None:
        self.note("audio", frame.position, frame.length, frame.gap_before)
        if frame.position == self.settings.pause_at:
            self.hold = self.session.pause("enough")

    def on_pause(self, origin: Any, position: int) -> None:
        self.note("pause", origin, position)

    def on_resume(self, gap: Any) -> None:
        self.note("resume", gap.start, gap.length)

    def on_discarded(self, gap: Any) -> None:
        self.note("discarded", gap.start, gap.length)

    def on_update(self, update: Any, position: int) -> None:
        self.note("update", update.language)

    def on_client_error(self, error: Any) -> None:
        self.note("error", error.code, error.message, error.retry_after)

    def on_dtmf(self, digit: str, position: int) -> None:
        self.note("dtmf", digit, position)
        if digit == "#":
            self.session.disconnect("completed", "bye", {"why": "hash"})
        elif digit == "*":
            self.session.flush_playback()
        else:
            self.session.play(b"\xff" * 80)

    def on_playback(self, playback: Any, position: int) -> None:
        self.note("playback", playback)

    def on_event(self, event: Event) -> None:
        self.note("event", event.event_type)
        if isinstance(event, Transcript):
            logger.info("heard something")
            self.session.emit(SpeechStarted(channel="external", start=3))
            if self.session.product == "connector":
                self.session.emit(BotTurnResponse(disposition="match"))
        if self.hold is not None:
            self.hold.release()

    async def on_close(self, reason: Any) -> None:
        await asyncio.sleep(1.5)
        self.note("close", reason)

    def on_end(self, summary: Any) -> None:
        self.note("end", summary.position)


def lines(call: CallDriver) -> list[Any]:
    found: list[Any] = call.context["lines"]
    return found


def test_a_call_from_its_beginning_to_its_end(audiohook_session: Make) -> None:
    call = audiohook_session(Diary, language="de-DE")
    assert (call.decision, call.accepted, call.time) == (None, False, 0.0)
    assert call.open() == Accept()
    assert call.accepted
    assert lines(call) == []
    call.audio(seconds=0.5)
    call.update(language="en-GB")
    call.client_error(429, "slowly", retry_after=3)
    call.discard(0.25)
    assert call.session.language == "en-GB"
    call.close()
    assert call.ended
    assert lines(call) == [
        ("opened",),
        ("audio", 0, 1600, 0),
        ("audio", 1600, 1600, 0),
        ("audio", 3200, 800, 0),
        ("update", "en-GB"),
        ("error", 429, "slowly", 3.0),
        ("discarded", 4000, 2000),
        ("close", "end"),
        ("end", 6000),
    ]
    assert call.time == pytest.approx(0.75 + 1.5)
    assert call.closed_after == pytest.approx(1.5)
    assert call.summary is not None
    assert (call.summary.audio, call.summary.discarded, call.summary.rate) == (4000, 2000, 8000)
    assert call.position == 6000
    assert call.statistics.faults == 0


def test_the_client_pauses(audiohook_session: Make) -> None:
    call = audiohook_session(Diary)
    call.open()
    call.audio(seconds=1, frame_ms=1000)
    call.pause(2.0)
    call.pause()
    assert call.paused
    call.audio(seconds=3)  # time passes, and nothing comes
    call.resume()
    assert not call.paused
    call.audio(seconds=1, frame_ms=500)
    call.close()
    assert lines(call)[1:-2] == [
        ("audio", 0, 8000, 0),
        ("pause", "client", 8000),
        ("resume", 8000, 16000),
        ("pause", "client", 24000),
        ("resume", 24000, 24000),
        ("audio", 48000, 4000, 40000),
        ("audio", 52000, 4000, 0),
    ]


def test_a_plugin_pauses_and_goes_on(audiohook_session: Make) -> None:
    call = audiohook_session(Diary, settings={"pause_at": 1600})
    call.open()
    call.audio(seconds=1)
    assert call.paused
    assert call.holds == ["diary"]
    call.advance(1.0)
    call.event(SpeechStarted(channel="external", start=0))
    assert not call.paused
    call.audio(seconds=0.2)
    assert lines(call)[1:] == [
        ("audio", 0, 1600, 0),
        ("audio", 1600, 1600, 0),
        ("pause", "server", 3200),
        ("event", "speech_started"),
        ("resume", 3200, 12800),  # 0.6 s of what was to come, and 1 s
        ("audio", 16000, 1600, 12800),
    ]


def test_the_server_pauses_for_another_plugin(audiohook_session: Make) -> None:
    call = audiohook_session(Diary)
    call.open()
    call.advance(1)
    call.pause(1.0, by="server")
    assert lines(call)[1:] == [("pause", "server", 0), ("resume", 0, 8000)]
    call.pause(by="server")
    assert call.holds == ["elsewhere"]
    call.pause()  # the client's on top: it goes on when both have ended
    call.advance(1)
    call.resume()
    assert not call.paused
    assert call.position == 16000


def test_both_pauses_end_one_after_the_other(audiohook_session: Make) -> None:
    call = audiohook_session(Diary)
    call.open()
    call.pause()
    hold = call.run(call.session.pause, "mine")
    assert call.holds == ["diary"]
    call.advance(2)
    call.run(hold.release)
    assert call.paused  # still the client's
    call.advance(1)
    call.resume()
    assert not call.paused
    assert call.position == 24000


def test_an_audio_connector(audiohook_session: Make) -> None:
    call = audiohook_session(Diary, product="connector", offers=[MONO])
    call.open()
    call.audio(seconds=0.4)
    call.dtmf("5")
    call.dtmf("*")
    assert (call.played, call.flushes) == (b"\xff" * 80, 1)
    call.playback("started")
    call.playback("completed")
    call.event(Transcript(channel="internal", text="hello", start=0, length=10))
    assert [entity.type for entity in call.entities] == ["bot_turn_response"]
    assert not call.ended
    call.dtmf("#")
    assert call.ended
    assert call.disconnects == (Disconnected("completed", "bye", {"why": "hash"}),)
    call.close()  # is over already
    assert call.summary is not None
    assert call.summary.reason == "disconnect"
    assert ("playback", "started") in lines(call)
    with pytest.raises(RuntimeError, match="the call is over"):
        call.dtmf("1")


def test_what_was_emitted_and_what_passed(audiohook_session: Make) -> None:
    class Filter:
        @hookimpl
        def filter_event(self, event: Event) -> Event | None:
            return None if isinstance(event, SpeechStarted) else event

    call = audiohook_session(Diary, others={"filter": Filter})
    call.open()
    spoken = Transcript(channel="external", text="hello", start=0, length=10)
    call.event(spoken)
    call.advance(1)
    assert call.emitted[-1] == SpeechStarted(channel="external", start=3)
    assert [event.event_type for event in call.passed] == ["transcript"]
    assert call.logs == ["heard something"]
    assert call.records[0].levelname == "INFO"


@pytest.mark.parametrize(
    ("media", "array"),
    [
        (MONO, np.zeros(160, np.int16)),
        (MediaFormat("PCMU", ("external", "internal")), np.zeros(160, np.int16)),
        (MediaFormat("L16", ("internal", "external")), np.zeros((160, 2), np.int16)),
    ],
)
def test_frames_of_any_kind(audiohook_session: Make, media: MediaFormat, array: Any) -> None:
    call = audiohook_session(Diary, offers=[media])
    call.open()
    call.frame(array)
    call.frame(b"\0" * 160 * media.frame_width)
    call.audio(array, frame_ms=10)
    call.audio(b"\0" * 100 * media.frame_width)
    call.audio(CallAudio.silence(0.02), burst=True)
    call.frame(b"")
    call.advance(1)
    assert [what[2] for what in lines(call) if what[0] == "audio"] == [160, 160, 80, 80, 100, 160]
    with pytest.raises(ValueError, match="int16"):
        call.audio(np.zeros(160))


def test_a_call_without_audio(audiohook_session: Make) -> None:
    call = audiohook_session(Diary, offers=[])
    call.open()
    call.audio(seconds=1)
    assert call.media is None
    call.close()
    assert lines(call) == [("opened",), ("close", "end"), ("end", 0)]
    with pytest.raises(RuntimeError, match="over"):
        call.frame(b"\0")


def test_a_broken_line(audiohook_session: Make) -> None:
    call = audiohook_session(Diary)
    call.open()
    call.lose()
    assert lines(call)[-2:] == [("close", "lost"), ("end", 0)]


class Policy:
    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.told: list[Any] = []

    @hookimpl
    async def on_open(self, session: Session) -> Any:
        await asyncio.sleep(0.5)
        return self.answer(session)

    @hookimpl
    def on_decided(self, decision: Any) -> None:
        self.told.append(decision)


def test_a_rejection(audiohook_session: Make) -> None:
    policy = Policy(lambda session: Reject("error", session.participant.dnis))
    call = audiohook_session(policy, dnis="tel:+49")
    assert call.open() == Reject("error", "tel:+49")
    assert (call.ended, call.accepted, policy.told) == (True, False, [Reject("error", "tel:+49")])
    call.close()
    assert call.summary is None


def test_accepted_paused_with_tags(audiohook_session: Make) -> None:
    policy = Policy(lambda session: Accept(start_paused=True, tags={"queue": session.context["queue"]}))
    call = audiohook_session(policy, context={"queue": "Sales"}, custom_config={"a": 1})
    call.open()
    assert (call.paused, dict(call.tags), call.session.custom_config) == (True, {"queue": "Sales"}, {"a": 1})
    call.advance(3)
    hold = call.session.start_hold
    assert hold is not None
    call.run(hold.release)
    assert not call.paused
    assert call.position == 24000


async def test_in_an_async_test_too(audiohook_session: Make) -> None:
    """The loop of the test stands still meanwhile, and goes on after it."""
    task = asyncio.current_task()
    call = audiohook_session(Diary)
    call.open()
    call.audio(seconds=60)
    assert asyncio.current_task() is task
    await asyncio.sleep(0)
    call.close()
    assert lines(call)[-1] == ("end", 480000)


def test_steps_in_the_wrong_order(audiohook_session: Make) -> None:
    call = audiohook_session(Diary)
    with pytest.raises(RuntimeError, match=r"call open\(\) first"):
        call.frame(b"")
    call.open()
    with pytest.raises(RuntimeError, match="another driver"):
        call.open()
    with pytest.raises(ValueError, match="whole samples"):
        call.frame(b"\0")
    assert "CallDriver of diary, open" in repr(call)
