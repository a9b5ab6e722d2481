"""Pauses of the client's own in a recording, as its sidecar tells of them: secure pauses among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from audiohook_fw import PauseOrigin

from ..document import Document, GapEntry
from .sound import call_length
from .texts import counted

__all__ = ["SecurePause", "UnclearError", "left_out", "secure_pauses"]


_STRENGTH: Final = (PauseOrigin.CLIENT, PauseOrigin.UNKNOWN, PauseOrigin.SERVER)
"""Of what is told of one pause, the first of these counts."""


class UnclearError(ValueError):
    """What a sidecar tells of its pauses cannot be; says what."""


@dataclass(frozen=True, slots=True)
class SecurePause:
    """A pause that was, or may have been, the client's own.

    Attributes:
        start, end: call time, in samples. origin: `client` or `unknown`.
        at: wall time of its beginning, as far as call time tells: call time begins with the call.
        is_open: the call ended in it, as far as is told; it goes to the end of the files.
        is_clamped: the client claimed a longer one than there can be.
        is_told: an event tells of it; else a gap alone.
    """

    start: int
    end: int
    origin: PauseOrigin
    at: datetime
    is_open: bool = False
    is_clamped: bool = False
    is_told: bool = True

    @property
    def length(self) -> int:
        """Samples of call time; none with a client whose clock stands still meanwhile."""
        return self.end - self.start


@dataclass(slots=True)
class _Span:
    start: int
    end: int
    origin: PauseOrigin
    is_open: bool = False
    is_told: bool = True


def secure_pauses(document: Document) -> list[SecurePause]:
    """Return the pauses of a call that were, or may have been, the client's own, in order of call time.

    A pause of which a gap tells, and no event, is of nobody knows whom.

    Raises:
        UnclearError: when an event of the sidecar means nothing, or none tells of a pause and not all are
            listed, so that a pause may be missing.
    """
    told = list(_told(document))
    untold = [
        _Span(start, end, PauseOrigin.UNKNOWN, is_told=False)
        for gap in document.gaps
        if gap.cause == "pause"
        for start, end in _outside(gap, told)
    ]
    secure = [span for span in (*told, *untold) if span.origin is not PauseOrigin.SERVER]
    if not secure and (left := left_out(document)):
        what = counted(left, "event or gap is", "events and gaps are")
        raise UnclearError(f"{what} not listed in it, so a pause may be missing")
    clamped = [
        gap for gap in document.gaps if gap.cause == "pause" and (gap.model_extra or {}).get("clamped")
    ]
    return [
        SecurePause(
            span.start,
            span.end,
            span.origin,
            _moment(document, span.start),
            is_open=span.is_open,
            is_clamped=any(gap.start <= span.end and gap.start + gap.length >= span.start for gap in clamped),
            is_told=span.is_told,
        )
        for span in sorted(secure, key=lambda span: (span.start, span.end))
    ]


def left_out(document: Document) -> int:
    """Return how many events and gaps the sidecar does not list, since there were too many."""
    left = (document.model_extra or {}).get("left_out")
    counts = [left.get(what) for what in ("events", "gaps")] if isinstance(left, dict) else []
    return sum(count for count in counts if isinstance(count, int))


def _moment(document: Document, position: int) -> datetime:
    try:
        return document.started_at + timedelta(seconds=position / document.audio.rate)
    except OverflowError:
        raise UnclearError(f"no call is as long as its pause at {position}") from None


def _told(document: Document) -> Iterator[_Span]:
    """Yield the pauses of which events tell; one is of the client's when any word about it says so."""
    span: _Span | None = None
    for type_, position, origin in _events(document.events):
        if type_ == "pause" and span is None:
            span = _Span(position, position, origin)
        elif span is not None and type_ == "pause":
            span.origin = min(span.origin, origin, key=_STRENGTH.index)
        elif span is not None:
            span.end = max(span.start, position)
            yield span
            span = None
    if span is not None:
        span.end = max(span.start, call_length(document))
        span.is_open = True
        yield span


def _events(events: Iterable[dict[str, Any]]) -> Iterator[tuple[str, int, PauseOrigin]]:
    for event in events:
        type_, position = event.get("type"), event.get("position")
        if type_ not in ("pause", "resume"):
            continue
        if not isinstance(position, int) or isinstance(position, bool) or position < 0:
            raise UnclearError(f"a {type_} in it has no position that can be, so its pauses are not known")
        said = event.get("origin")
        origin = next((known for known in PauseOrigin if known == said), PauseOrigin.UNKNOWN)
        yield type_, position, origin


def _outside(gap: GapEntry, told: Iterable[_Span]) -> Iterator[tuple[int, int]]:
    """Yield what of a gap no pause covers of which an event tells."""
    start, end = gap.start, gap.start + gap.length
    for span in sorted(told, key=lambda span: span.start):
        if span.end <= start:
            continue
        if span.start >= end:
            break
        if span.start > start:
            yield start, span.start
        start = span.end
    if start < end:
        yield start, end
