"""What the rules let happen in calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from audiohook_fw.plugin import (
    BotTurnResponse,
    ContextChanged,
    Event,
    Sentiment,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    Word,
)
from audiohook_fw.protocol import MediaFormat

from ..audio import CallAudio
from ..blocking import Blocked
from ..driver import CallDriver
from .rule import BrokenError, Subject
from .tried import TriedCall

__all__ = ["EVENTS", "Script", "broken_off", "endless", "interrupted", "nothing", "ordinary", "play", "told"]

EVENTS: Final[tuple[Event, ...]] = (
    SpeechStarted(channel="external", start=800),
    Transcript(id="u1", channel="external", text="good", is_final=False, start=800, length=1600),
    Transcript(
        id="u1",
        channel="external",
        text="good morning",
        start=800,
        length=3200,
        words=(Word(text="good", start=800, length=1600), Word(text="morning", start=2400, length=1600)),
    ),
    SpeechEnded(channel="external", start=800, length=3200),
    Sentiment(channel="external", score=0.5, label="positive", transcript_id="u1", start=800, length=3200),
    ContextChanged(changed=("queue",)),
    BotTurnResponse(disposition="match", text="good morning", confidence=0.9),
)
"""One event of each class of the core, and an interim one."""

Script = Callable[[CallDriver, Subject], None]


def play(subject: Subject, script: Script, *, offers: Sequence[MediaFormat] | None = None) -> TriedCall:
    """Play a call to its end, stop the plugin, and return what is known; a rejected call is not played."""
    call = subject.driver(offers=offers)
    try:
        call.open()
        if call.accepted:
            script(call, subject)
        call.close()
    finally:
        call.shutdown()
    return call


def ordinary(call: CallDriver, subject: Subject) -> None:
    """Audio, events, a pause, a discard, an update: a little of everything."""
    call.audio(CallAudio.conversation(), seconds=1.0)
    told(call, subject)
    interrupted(call)
    call.audio(seconds=0.4, frame_ms=20)


def told(call: CallDriver, subject: Subject) -> None:
    """Let other plugins emit."""
    for event in (*EVENTS, *subject.events):
        if not call.ended:
            call.event(event)


def interrupted(call: CallDriver) -> None:
    """Let the client do all that it does besides sending audio."""
    steps: list[Callable[[], None]] = [
        lambda: call.pause(2.0),
        lambda: call.audio(seconds=0.2),
        lambda: call.discard(0.5),
        lambda: call.pause(1.0, by="server"),
        lambda: call.audio(seconds=0.2),
        lambda: call.update(language="de-DE"),
        lambda: call.update(),
        lambda: call.client_error(429, "too many", retry_after=1.0),
        lambda: call.client_error(500),
    ]
    if call.session.product == "connector":
        steps += [
            lambda: call.dtmf("5"),
            lambda: call.playback("started"),
            lambda: call.playback("completed"),
        ]
    for step in steps:
        if not call.ended:  # the plugin may have ended it
            step()


def broken_off(call: CallDriver, subject: Subject) -> None:
    """An ordinary call whose connection is lost."""
    ordinary(call, subject)
    call.lose()


def nothing(call: CallDriver, subject: Subject) -> None:
    """Let nothing happen: `on_close` is next."""


def endless(blocked: Blocked) -> BrokenError:
    """Return how a rule is broken by what computes without end: nothing more can be tried."""
    return BrokenError(f"it {blocked.what} in the event loop, at {blocked.place}", blocked.mend, final=True)
