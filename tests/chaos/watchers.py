"""The healthy plugins: they count every frame and every hook, and write it down at the end of the call."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final

from audiohook_fw import (
    Accept,
    AudioFrame,
    CloseReason,
    Gap,
    PauseOrigin,
    PluginInfo,
    Reject,
    Session,
    SessionHandler,
    SessionSummary,
    hookimpl,
)

from .books import Books

__all__ = ["InlineWatcher", "LaneWatcher", "LateWatcher"]

_LAG: Final = 1.0
"""Seconds of audio that the late one keeps."""


class Account:
    """What one plugin saw of one call.

    Args:
        exact: nothing may be missing; else what the lane dropped is taken into account.
    """

    def __init__(self, session: Session, books: Books, name: str, *, exact: bool = True) -> None:
        self._session = session
        self._books = books
        self._name = name
        self._exact = exact
        self._hash = hashlib.sha256()
        self._position = 0
        self._counts = {"opened": 0, "frames": 0, "samples": 0, "bytes": 0, "closes": 0, "ends": 0}
        self._problems: list[str] = []

    def opened(self) -> None:
        self._count("opened")
        self._expect(self._counts["opened"] == 1, "on_opened came twice")

    def frame(self, frame: AudioFrame) -> None:
        self._expect(self._counts["opened"] == 1, "audio before on_opened")
        self._expect(not self._counts["closes"], "audio after on_close")
        if self._exact:
            self._expect(frame.position == self._position, "a frame is not where the one before ended")
        self._expect(frame.position >= self._position, "the position ran backwards")
        self._position = frame.end
        self._count("frames")
        self._count("samples", frame.length)
        self._count("bytes", len(frame.payload))
        self._hash.update(frame.payload)

    def gap(self, gap: Gap) -> None:
        if self._exact:
            self._expect(gap.start == self._position, "a gap is not where the audio before ended")
            self._position = gap.start + gap.length

    def moment(self, position: int) -> None:
        """Take the position of an event that moves nothing."""
        if self._exact:
            self._expect(position == self._position, "an event is not at the stream's position")

    def close(self) -> None:
        self._count("closes")
        self._expect(not self._counts["ends"], "on_close after on_end")

    def end(self, summary: SessionSummary) -> None:
        self._count("ends")
        self._expect(
            self._counts["opened"] == 1 and self._counts["closes"] == 1, "a hook of the call is missing"
        )
        delivery = self._session.delivery
        lost = delivery.dropped + delivery.refused
        self._expect(not (self._exact and lost), f"the lane lost {lost} samples")
        self._expect(self._counts["samples"] + lost == summary.audio, "not every sample was delivered")
        self._expect(
            summary.audio + summary.paused + summary.discarded == summary.position,
            "audio and gaps are not the whole call",
        )
        self._expect(not delivery.quarantined and not delivery.faults, "a healthy plugin has faults")
        self._books.write(
            "end",
            self._session,
            plugin=self._name,
            reason=str(summary.reason),
            position=summary.position,
            audio=summary.audio,
            sha256=self._hash.hexdigest(),
            media=self._session.media is not None,
            clamped=summary.counts["clamped"],
            lost=lost,
            problems=self._problems,
            **self._counts,
        )

    def _count(self, name: str, by: int = 1) -> None:
        self._counts[name] += by

    def _expect(self, condition: bool, problem: str) -> None:
        if not condition and problem not in self._problems:
            self._problems.append(problem)


class _Inline(SessionHandler):
    def __init__(self, account: Account) -> None:
        self.account = account

    def on_opened(self) -> None:
        self.account.opened()

    def on_audio(self, frame: AudioFrame) -> None:
        self.account.frame(frame)

    def on_pause(self, origin: PauseOrigin, position: int) -> None:
        self.account.moment(position)

    def on_resume(self, gap: Gap) -> None:
        self.account.gap(gap)

    def on_discarded(self, gap: Gap) -> None:
        self.account.gap(gap)

    def on_close(self, reason: CloseReason) -> None:
        self.account.close()

    def on_end(self, summary: SessionSummary) -> None:
        self.account.end(summary)


class _Lane(SessionHandler):
    def __init__(self, account: Account, wait: float = 0.0) -> None:
        self.account = account
        self.wait = wait

    async def on_opened(self) -> None:
        await asyncio.sleep(self.wait)
        self.account.opened()

    async def on_audio(self, frame: AudioFrame) -> None:
        if self.wait:
            await asyncio.sleep(self.wait)
        self.account.frame(frame)

    async def on_pause(self, origin: PauseOrigin, position: int) -> None:
        self.account.moment(position)

    async def on_resume(self, gap: Gap) -> None:
        self.account.gap(gap)

    async def on_discarded(self, gap: Gap) -> None:
        self.account.gap(gap)

    async def on_close(self, reason: CloseReason) -> None:
        self.account.close()

    async def on_end(self, summary: SessionSummary) -> None:
        self.account.end(summary)


class InlineWatcher:
    """Watches inline; it writes down every decision, too."""

    info = PluginInfo(summary="Counts all that happens, inline")

    def __init__(self, books: Books) -> None:
        self._books = books

    @hookimpl
    def on_decided(self, session: Session, decision: Accept | Reject) -> None:
        self._books.write("decided", session, accepted=isinstance(decision, Accept))

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Inline(Account(session, self._books, "inline"))


class LaneWatcher:
    """Watches in a lane that holds everything."""

    info = PluginInfo(summary="Counts all that happens, in a lane")

    def __init__(self, books: Books) -> None:
        self._books = books

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Lane(Account(session, self._books, "lane"))


class LateWatcher:
    """Watches in a lane that is too slow for a fast client, and drops the oldest audio."""

    info: Any = PluginInfo(summary="Is too slow, and knows what it missed", max_lag=_LAG)

    def __init__(self, books: Books) -> None:
        self._books = books

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Lane(Account(session, self._books, "late", exact=False), wait=0.005)
