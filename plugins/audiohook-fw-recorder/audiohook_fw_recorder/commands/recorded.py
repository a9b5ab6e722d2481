"""A recording as what happened in its call: the steps that a replay takes, in the order they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from audiohook_fw import CloseReason, MediaFormat, PauseOrigin
from audiohook_fw.audio import Samples
from audiohook_fw.replay import (
    AudioStep,
    DiscardStep,
    PauseStep,
    RecordedCall,
    ResumeStep,
    Step,
    UpdateStep,
)

from ..document import Document, GapEntry
from ..timeline import CUT_CAUSES
from .sound import call_length

__all__ = ["recorded_call", "steps"]

_LONGEST: Final = 80_000
"""Samples of a piece of silence that is played."""

_NEVER: Final = 1 << 62
"""No call is as long."""

_FACTS: Final = {
    "conversation_id": str,
    "organization_id": str,
    "correlation_id": str,
    "participant_id": str,
    "key": str,
    "product": str,
    "language": str,
    "retry_attempt": int,
}


def recorded_call(document: Document) -> RecordedCall:
    """Return what a sidecar tells of its call; what it leaves out has a default.

    Raises:
        ValueError: it is of no call that there can be.
    """
    told: dict[str, Any] = document.model_dump(include=set(_FACTS))
    known = {name: told[name] for name, kind in _FACTS.items() if isinstance(told.get(name), kind)}
    if "key" in known:
        known["key_name"] = known.pop("key")
    audio = document.audio
    return RecordedCall(
        document.session_id,
        MediaFormat(audio.encoding, tuple(audio.channels), audio.rate),
        started_at=document.started_at,
        close_reason=_close_reason(document),
        **known,
    )


def steps(document: Document, sound: Iterable[tuple[int, Samples]]) -> Iterator[Step]:
    """Yield what happened in the call, audio and all else.

    What this server lost comes as silence: the call had audio there.

    Args:
        sound: pieces of audio with the call time at which each begins, in order; between them is silence.
    """
    end = call_length(document)
    tape = _Tape(sound, len(document.audio.channels))
    for mark in _marks(document):
        start = min(max(mark.start, tape.position), end)
        yield from tape.play(start)
        if mark.length:
            length = min(mark.start + mark.length, end) - start
            tape.skip(start + length)
            yield from _gap(mark, length)
        else:
            yield from mark.steps
    yield from tape.play(end)


@dataclass(slots=True)
class _Mark:
    """Something else than audio.

    Attributes:
        start: call time. length: samples of call time that it takes. clamped: the client claimed more.
        resumes: it is a pause, and this its end. begun: that pause was told of.
        steps: what happens, when it takes no call time.
    """

    start: int
    length: int = 0
    resumes: bool = False
    begun: bool = True
    clamped: bool = False
    steps: tuple[Step, ...] = ()


def _gap(mark: _Mark, length: int) -> Iterator[Step]:
    if mark.resumes:
        if not mark.begun:
            yield PauseStep()
        yield ResumeStep(max(0, length), mark.clamped)
    elif length > 0:
        yield DiscardStep(length, mark.clamped)


def _marks(document: Document) -> Iterator[_Mark]:
    """Yield all that is not audio, in the order in which it came.

    A sidecar joins gaps that follow each other: what came between them parts them again. Each pause ends with
    its resume; one of which no event tells is told of here.
    """
    events = deque(_events(document))
    paused = False
    for gap in _parted(document.gaps, [position for position, *_ in events]):
        while events and events[0][0] <= gap.start:
            position, type_, event = events.popleft()
            yield _mark(position, type_, event)
            paused = _is_paused(type_, paused)
        end = gap.start + gap.length
        clamped = bool((gap.model_extra or {}).get("clamped"))
        if gap.cause == "pause":
            yield _Mark(gap.start, gap.length, resumes=True, begun=paused, clamped=clamped)
            if events and events[0][:2] == (end, "resume"):
                events.popleft()
            paused = False
        else:
            yield _Mark(gap.start, gap.length, clamped=clamped)
    for position, type_, event in events:
        yield _mark(position, type_, event)


def _is_paused(type_: str, before: bool) -> bool:
    return type_ == "pause" or (before and type_ != "resume")


def _events(document: Document) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield the events that a replay knows, at positions that never go back."""
    last = 0
    for event in document.events:
        position, type_ = event.get("position"), event.get("type")
        if type_ in ("pause", "resume", "update") and isinstance(position, int):
            last = max(last, position)
            yield last, type_, event


def _mark(position: int, type_: str, event: dict[str, Any]) -> _Mark:
    if type_ == "pause":
        origin = event.get("origin")
        known = next((value for value in PauseOrigin if value == origin), PauseOrigin.UNKNOWN)
        return _Mark(position, steps=(PauseStep(known),))
    if type_ == "resume":
        return _Mark(position, steps=(ResumeStep(0),))
    language = event.get("language")
    return _Mark(position, steps=(UpdateStep(language if isinstance(language, str) else None),))


def _parted(gaps: Iterable[GapEntry], positions: Iterable[int]) -> Iterator[GapEntry]:
    """Yield the gaps that took call time without audio, in order, parted where an event lies within."""
    cuts = deque(sorted(set(positions)))
    for gap in sorted(gaps, key=lambda gap: gap.start):
        if gap.cause not in CUT_CAUSES:
            continue
        start, end = gap.start, gap.start + gap.length
        while cuts and cuts[0] <= start:
            cuts.popleft()
        while cuts and cuts[0] < end:
            cut = cuts.popleft()
            yield GapEntry(start=start, length=cut - start, cause=gap.cause)
            start = cut
        if end > start:
            yield gap.model_copy(update={"start": start, "length": end - start})


class _Tape:
    """Audio that is played up to a position, or skipped.

    Attributes:
        position: call time of what comes next.
    """

    def __init__(self, sound: Iterable[tuple[int, Samples]], channels: int) -> None:
        self.position = 0
        self._sound = iter(sound)
        self._silence: Samples = np.zeros((_LONGEST, channels), np.int16)
        self._start = 0
        self._block: Samples = self._silence[:0]

    def play(self, end: int) -> Iterator[AudioStep]:
        """Yield what there is up to a position."""
        while self.position < end:
            self._find()
            if self._start > self.position:
                length = min(min(end, self._start) - self.position, _LONGEST)
                yield AudioStep(self._silence[:length])
            else:
                first = self.position - self._start
                part = self._block[first : first + end - self.position]
                length = len(part)
                yield AudioStep(part)
            self.position += length

    def skip(self, end: int) -> None:
        """Go on from there."""
        self.position = max(self.position, end)

    def _find(self) -> None:
        """Take the block that holds the position, or the first one after it."""
        while self._start + len(self._block) <= self.position:
            found = next(self._sound, None)
            if found is None:
                self._start, self._block = _NEVER, self._silence
                return
            self._start, self._block = found


def _close_reason(document: Document) -> CloseReason:
    reason = (document.model_extra or {}).get("close_reason")
    usual = CloseReason.END if document.state == "complete" else CloseReason.LOST
    return next((value for value in CloseReason if value == reason), usual)
