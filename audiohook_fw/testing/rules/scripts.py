"""What the rules let happen in calls, and how they tell of faults."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
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
from ..driver import CallDriver
from ..log_notes import is_of
from ..stage import Fault
from .rule import BrokenError, Subject

__all__ = ["EVENTS", "Script", "interrupted", "ordinary", "place", "play", "refuse_faults", "told"]

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

MENDS: Final[Mapping[str, str]] = {
    "on_update": "update.language is None when the client names no language",
    "on_event": "any event may come: ask with isinstance, or name those that are wanted in info.consumes",
    "on_pause": "a pause may come at any moment, and twice in a row",
    "on_client_error": "any code may come, with an empty message and without retry_after",
}
"""What to change in hooks that fail for the same reason in every call."""

Script = Callable[[CallDriver, Subject], None]


def play(subject: Subject, script: Script, *, offers: Sequence[MediaFormat] | None = None) -> CallDriver:
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


def refuse_faults(call: CallDriver, when: str, mend: str = "") -> None:
    """Raise `BrokenError` for the first fault of a call."""
    for fault in call.faults:
        text = " ".join(str(fault.error).split())
        problem = f"{fault.hook} failed {when}: {type(fault.error).__name__}: {text}"
        raise BrokenError(f"{problem}{place(call, fault)}", MENDS.get(fault.hook, mend)) from fault.error


def place(call: CallDriver, fault: Fault) -> str:
    """Return where in its code a plugin failed, ready to follow a sentence."""
    frames = [
        frame for frame, _ in traceback.walk_tb(fault.error.__traceback__) if is_of(frame, call.package)
    ]
    if not frames:
        return ""
    last = traceback.extract_tb(fault.error.__traceback__)
    found = [f for f in last if f.filename == frames[-1].f_code.co_filename][-1]
    return f" ({found.filename}:{found.lineno} in {found.name})"
