"""One call: its hooks feed the meter and say what is to be paused. All are plain, none waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from uuid import uuid4

from audiohook_fw import (
    AudioFrame,
    CloseReason,
    ContextChanged,
    Event,
    Gap,
    PauseOrigin,
    Session,
    SessionHandler,
    SessionSummary,
)

from .control import PauseControl
from .figures import Figures, Leg, Tariff
from .ledger import Ledger
from .listening import Listening
from .meter import Meter
from .reasons import Reason
from .rows import CallFacts, CallRow, leg_rows
from .settings import CostSettings

__all__ = ["ListeningCall", "MeteredCall"]

RATE = 8000
"""Samples per second of a call without media; AudioHook knows no other rate."""


class MeteredCall(SessionHandler):
    """The meter and the pause control of a call that nobody has to listen to."""

    def __init__(self, session: Session, settings: CostSettings, ledger: Ledger) -> None:
        self._session = session
        self._settings = settings
        self._ledger = ledger
        self._tariff = ledger.tariff
        self._loop = asyncio.get_running_loop()
        self._control = PauseControl(session, settings.pause.min_run)
        self._minutes: asyncio.TimerHandle | None = None
        self._facts = _facts(session, self._tariff)
        self._names: dict[str, str] = {}
        self._meter = Meter(
            self._facts.rate, self._leg(ledger.day), self._loop.time(), has_audio=session.media is not None
        )
        self._closed_at: float | None = None

    # hooks ----------------------------------------------------------------------------------------

    def on_opened(self) -> None:
        """Begin to meter, and see whether there is a reason to pause already."""
        self._ledger.add(self)
        if self._ledger.budgets.by_queue:
            self._session.update_context(queue_wanted=True)
        minutes = self._settings.pause.after_minutes
        if minutes is not None:
            self._minutes = self._loop.call_later(minutes * 60, self._control.want, Reason.MINUTES, True)
        self._judge()

    def on_pause(self, origin: PauseOrigin, position: int) -> None:
        """Note who paused."""
        self._meter.pause(position, self._now(), by_client=origin is PauseOrigin.CLIENT)

    def on_resume(self, gap: Gap) -> None:
        """Note how long that was; a pause that had to wait for the client's may begin now."""
        self._meter.resume(gap, self._now())
        self._control.settle()

    def on_discarded(self, gap: Gap) -> None:
        """Note what the client threw away."""
        self._meter.discard(gap)

    def on_event(self, event: Event) -> None:
        """See what has become known of the call."""
        if isinstance(event, ContextChanged) and self._closed_at is None:
            self._move(self._meter.leg.day)
            self._judge()

    def on_close(self, reason: CloseReason) -> None:
        """Let go of timers: nothing is paused any more."""
        self._closed_at = self._loop.time()
        self._control.stop()
        if self._minutes is not None:
            self._minutes.cancel()

    def on_end(self, summary: SessionSummary) -> None:
        """Hand over the last figures."""
        self._meter.finish(summary.position, self._now())
        ended = summary.ended_at.isoformat(timespec="milliseconds")
        self._ledger.finish(self, self._row(self._meter.legs, ended, str(summary.reason)))

    # what the ledger asks -------------------------------------------------------------------------

    @property
    def holding(self) -> Iterable[Reason]:
        """Why the stream is held."""
        return tuple(self._control.reasons) if self._control.is_holding else ()

    def row(self) -> CallRow:
        """Return the call as it stands."""
        return self._row(self._meter.figures(self._session.position, self._now()))

    def look(self, day: str) -> None:
        """Go over to another day, and see whether the budget is used up."""
        if self._closed_at is None:
            self._move(day)
            self._judge()

    # inside ---------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._loop.time() if self._closed_at is None else self._closed_at

    def _judge(self) -> None:
        pause, session, control = self._settings.pause, self._session, self._control
        if pause.without_interest:
            control.want(Reason.INTEREST, not session.audio_interest)
        if pause.on_hold:
            control.want(Reason.HOLD, session.context.get("on_hold") is True)
        if self._ledger.budgets:
            queue = self._meter.leg.queue_id
            used_up = self._ledger.budgets.is_used_up(queue, self._names.get(queue, ""))
            control.want(Reason.BUDGET, used_up)

    def _move(self, day: str) -> None:
        by_name = _named(_text(self._session.context.get("queue_name")))
        self._meter.move(self._leg(day), self._session.position, self._now(), was=by_name)

    def _leg(self, day: str) -> Leg:
        context = self._session.context
        name = _text(context.get("queue_name"))
        queue_id = _text(context.get("queue_id")) or _named(name)
        if queue_id:
            self._names[queue_id] = name or self._names.get(queue_id, "")
        return Leg(queue_id, day)

    def _row(self, legs: Mapping[Leg, Figures], ended_at: str = "", reason: str = "") -> CallRow:
        parts = leg_rows(legs, self._names, self._tariff, self._facts.rate)
        return CallRow(self._facts, parts, ended_at, reason)


class ListeningCall(MeteredCall):
    """The same of a call whose silences are to be paused: it takes audio, which is no interest in audio."""

    def __init__(self, session: Session, settings: CostSettings, ledger: Ledger) -> None:
        super().__init__(session, settings, ledger)
        assert session.media is not None
        self._listening = Listening(settings.pause, session.media, self._control)

    def on_opened(self) -> None:
        """Say that this plugin alone is no reason to stream."""
        self._session.set_audio_interest(False)
        super().on_opened()

    def on_audio(self, frame: AudioFrame) -> None:
        """Listen for sound."""
        self._listening.hear(frame)

    def on_close(self, reason: CloseReason) -> None:
        """Let go of the timer, too."""
        self._listening.stop()
        super().on_close(reason)


def _facts(session: Session, tariff: Tariff) -> CallFacts:
    return CallFacts(
        uuid4().hex,
        _text(session.id),
        _text(session.conversation_id),
        _text(session.organization_id),
        _text(session.key_name),
        session.started_at.isoformat(timespec="milliseconds"),
        session.media.rate if session.media is not None else RATE,
        tariff.currency,
    )


def _named(name: str) -> str:
    """Return what stands for the id of a queue that is known by name only."""
    return f"name:{name.casefold()}" if name else ""


def _text(value: object) -> str:
    """Return what can be stored of a value that somebody else made up."""
    return str(value)[:200].encode(errors="replace").decode() if value is not None else ""
