"""Calls that were recorded, and a plugin that tells what it hears of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from audiohook_fw import (
    AudioFrame,
    CloseReason,
    Event,
    Gap,
    MediaFormat,
    PauseOrigin,
    PluginInfo,
    Session,
    SessionHandler,
    SessionSummary,
    Update,
    hookimpl,
)
from audiohook_fw.replay import AudioStep, RecordedCall, Replayed, Step, replay

ID = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
STEREO = MediaFormat("PCMU", ("external", "internal"))


class Heard(Event, event_type="test.heard"):
    """What a plugin was told."""

    what: str
    details: list[Any]


class Listener(SessionHandler):
    """Tells all it hears, in a lane of its own."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def tell(self, what: str, *details: Any) -> None:
        self.session.emit(Heard(what=what, details=list(details)))

    async def on_audio(self, frame: AudioFrame) -> None:
        self.tell("audio", frame.position, frame.length, frame.gap_before, int(frame.samples.sum()))

    def on_pause(self, origin: PauseOrigin, position: int) -> None:
        session = self.session
        self.tell("pause", origin, position, session.server_paused, session.client_paused)

    def on_resume(self, gap: Gap) -> None:
        paused = self.session.server_paused or self.session.client_paused != "no"
        self.tell("resume", gap.start, gap.length, gap.clamped, paused)

    def on_discarded(self, gap: Gap) -> None:
        self.tell("discarded", gap.start, gap.length, gap.clamped)

    def on_update(self, update: Update, position: int) -> None:
        self.tell("update", update.language, position, self.session.language)

    async def on_close(self, reason: CloseReason) -> None:
        self.tell("close", reason, self.session.position, round(asyncio.get_running_loop().time()))


class ListenerPlugin:
    """One `Listener` per call."""

    info = PluginInfo(emits=(Heard,))

    @hookimpl
    def create_handler(self, session: Session) -> Listener:
        return Listener(session)


class Keeper:
    """Keeps the summaries of the calls it sees."""

    def __init__(self) -> None:
        self.summaries: list[SessionSummary] = []

    @hookimpl
    def on_end(self, session: Session, summary: SessionSummary) -> None:
        self.summaries.append(summary)


def sound(length: int, *, value: int = 104, channels: int = 2) -> AudioStep:
    return AudioStep(np.full((length, channels), value, np.int16))


def heard(replayed: Replayed, *, audio: bool = False) -> list[list[Any]]:
    """Return what the listener told."""
    events = [emitted.event for emitted in replayed.emitted if isinstance(emitted.event, Heard)]
    return [[event.what, *event.details] for event in events if audio or event.what != "audio"]


@pytest.fixture
def play() -> Any:
    """Play steps to plugins: by default to a listener."""

    def played(steps: Iterable[Step], plugins: Sequence[object] = (), **options: Any) -> Replayed:
        call = options.pop("call", RecordedCall(ID, STEREO))
        return replay(call, steps, plugins or [ListenerPlugin], **{"settings": {}, **options})

    return played
