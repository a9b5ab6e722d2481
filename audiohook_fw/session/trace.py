"""The spans of one call: `audiohook.session` and its short children; nothing per frame."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from opentelemetry.context import Context, attach
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, set_span_in_context

from audiohook_fw.telemetry import Tracing
from audiohook_fw.telemetry import attributes as names

from .facts import CallFacts

if TYPE_CHECKING:
    from audiohook_fw.plugin import SessionSummary
    from audiohook_fw.protocol import ClockGap, MediaFormat

__all__ = ["CallTrace"]

Value = bool | int | float | str


class CallTrace:
    """Traces one call from its `open` until its last hook returned."""

    __slots__ = ("_close", "_open", "_tracing", "rate", "session")

    def __init__(self, tracing: Tracing, facts: CallFacts, parent: Context | None, *, node: str = "") -> None:
        participant = facts.participant
        self._tracing = tracing
        self.rate = 8000
        self.session = tracing.start(
            names.SPAN_SESSION,
            parent,
            {
                names.SESSION_ID: facts.session_id,
                names.CONVERSATION_ID: facts.conversation_id,
                names.ORGANIZATION_ID: facts.organization_id,
                names.CORRELATION_ID: facts.correlation_id,
                names.CONTINUED_SESSIONS: len(facts.continued_sessions) or None,
                names.RETRY_ATTEMPT: facts.retry_attempt,
                names.KEY_NAME: facts.key_name,
                names.PRODUCT: facts.product,
                names.NODE: node or None,
                names.LANGUAGE: facts.language,
                names.PII_ANI: participant.ani,
                names.PII_ANI_NAME: participant.ani_name,
                names.PII_DNIS: participant.dnis,
            },
            kind=SpanKind.SERVER,
        )
        self._open: Span = tracing.start(names.SPAN_OPEN, self.session)
        self._close: Span | None = None

    def attach(self) -> None:
        """Make the session's span the current one, from now on in the present context."""
        attach(set_span_in_context(self.session))

    def decision(self, hook: str, plugin: str) -> AbstractContextManager[Span]:
        """Return the span in which one plugin decides."""
        return self._tracing.span(names.SPAN_DECISION, self._open, {names.HOOK: hook, names.PLUGIN: plugin})

    def opened(self, outcome: str, media: MediaFormat | None = None, reason: str | None = None) -> None:
        """End the `open` span: `accepted`, `rejected` or `lost`."""
        if media is not None:
            self.rate = media.rate
            self.session.set_attributes(
                {
                    names.MEDIA_FORMAT: media.format,
                    names.MEDIA_CHANNELS: ",".join(media.channels),
                    names.MEDIA_RATE: media.rate,
                }
            )
        self.session.set_attribute(names.OUTCOME, outcome)
        self._tracing.end(self._open, {names.OUTCOME: outcome, names.DISCONNECT_REASON: reason})
        self._open = INVALID_SPAN  # nobody needs it any more, and the call may be long

    def event(self, name: str, attributes: dict[str, Value | None] | None = None) -> None:
        """Add an event to the session's span."""
        self._tracing.event(self.session, name, attributes)

    def gap(self, name: str, gap: ClockGap) -> None:
        """Add an event that tells of call time without audio."""
        self.event(
            name,
            {
                names.GAP_START: gap.start / self.rate,
                names.GAP_LENGTH: gap.length / self.rate,
                names.GAP_CLAMPED: gap.clamped,
            },
        )

    def closing(self, reason: str) -> None:
        """Start the `close` span; again does nothing."""
        if self._close is None:
            self._close = self._tracing.start(names.SPAN_CLOSE, self.session, {names.CLOSE_REASON: reason})

    def closed(self) -> None:
        """End the `close` span."""
        if self._close is not None:
            self._close.end()

    def ended(self, summary: SessionSummary | None) -> None:
        """End the session's span, with totals when there was a call."""
        if summary is None:
            self.session.end()
            return
        if summary.reason == "lost":
            self._tracing.fail(self.session, "connection_lost")
        rate, counts = summary.rate, summary.counts
        self._tracing.end(
            self.session,
            {
                names.CLOSE_REASON: summary.reason,
                names.TOTAL_FRAMES: counts["frames"],
                names.TOTAL_BYTES: counts["bytes"],
                names.TOTAL_AUDIO: summary.audio / rate,
                names.TOTAL_PAUSED: summary.paused / rate,
                names.TOTAL_DISCARDED: summary.discarded / rate,
                names.TOTAL_STRAY: summary.dropped,
                names.TOTAL_WITHHELD_AUDIO: counts["withheld_audio"],
                names.TOTAL_WITHHELD_DTMF: counts["withheld_dtmf"],
                names.TOTAL_UNKNOWN: counts["unknown_messages"],
                names.RTT_LAST: summary.rtt[-1] if summary.rtt else None,
                names.RTT_MAX: max(summary.rtt, default=None),
            },
        )
