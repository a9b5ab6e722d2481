"""`Call`: one call from `open` to `on_end`. It turns the protocol's events into hooks, without a socket.

Order of use: `attach`, `decide`, then `begin` (accepted) or `reject`, then `audio` and `deliver` as
things come, then `close` and `end`, whatever became of the connection.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from opentelemetry.context import Context

from audiohook_fw.audio import AudioFrame
from audiohook_fw.plugin import (
    Accept,
    CallDispatch,
    ClientError,
    CloseReason,
    ContextChanged,
    Event,
    Gap,
    OnFailure,
    PauseOrigin,
    Playback,
    Reject,
    SessionSummary,
    Stash,
    Update,
    Verdict,
    offered_languages,
)
from audiohook_fw.protocol import (
    AudioReceived,
    ClockGap,
    DiscardedReceived,
    DtmfReceived,
    ErrorReceived,
    MediaFormat,
    Opened,
    PausedReceived,
    PingReceived,
    PlaybackReceived,
    ResumedReceived,
    ServerEvent,
    ServerProtocol,
    UnknownReceived,
    UpdateReceived,
    WithheldReceived,
)
from audiohook_fw.telemetry import attributes as names
from audiohook_fw.telemetry import set_log_context

from .control import CallControl
from .facts import CallFacts
from .holds import Hold, Holds
from .languages import LanguageWatch
from .results import Results
from .services import CallServices
from .session import Session
from .totals import Totals
from .trace import CallTrace

__all__ = ["Call"]

logger = logging.getLogger(__name__)


class Call:
    """One call; its plugins see it through a `Session` each.

    Attributes:
        thread: the one that made it, which alone may use it.
        state: `opening`, `open`, `closing` or `ended`.
        begun: `opened` was sent: from then on the call has handlers, and will have its `on_end`.
        language, tags, context, stash, holds, start_holds, interests: what sessions show.
    """

    def __init__(
        self,
        facts: CallFacts,
        services: CallServices,
        protocol: ServerProtocol,
        control: CallControl,
        *,
        parent: Context | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.facts = facts
        self.services = services
        self.plugins = services.plugins
        self.pools = services.pools
        self.protocol = protocol
        self.control = control
        self.thread = threading.get_ident()
        self.state = "opening"
        self.begun = False
        self.language = facts.language
        self.tags: dict[str, str] = {}
        self.context: dict[str, Any] = {}
        self.stash = Stash()
        self.holds = Holds(control.want_pause)
        self.start_holds: dict[str, Hold] = {}
        self.interests: dict[str, bool] = {}
        self._interest = False  # as plugins were told last
        self.trace = CallTrace(services.tracing, facts, parent, node=services.node)
        self._results = Results(facts, control, services.metrics, lambda: protocol.media)
        is_transcription = facts.product == "transcription"
        self._language_watch = LanguageWatch(services.plugins, self.holds) if is_transcription else None
        self._byte_order = facts.byte_order
        self._clock = clock
        self._views: dict[str, Session] = {}
        self._decision: Accept | Reject | None = None
        self._by = ""
        self._totals = Totals(services, protocol, facts.started_at)
        self._reason: CloseReason | None = None
        self._outcome = ""
        self._ending = False

    def __repr__(self) -> str:
        return f"<Call {self.facts.session_id} {self.state}>"

    def view(self, plugin: str) -> Session:
        """Return the session as one plugin sees it; the same one each time."""
        return self._views.setdefault(plugin, Session(self, plugin))

    @property
    def decided(self) -> bool:
        """Whether the plugins have answered."""
        return self._decision is not None

    @property
    def decided_by(self) -> str:
        """The plugin that rejected the call; empty while none has."""
        return self._by

    @property
    def rejected(self) -> bool:
        """Whether the answer was a rejection, which the client is told or about to be told."""
        return self._outcome == "rejected"

    @property
    def audio_interest(self) -> bool:
        """Whether any plugin that takes audio wants it now."""
        takers = self._dispatch.audio_takers if self.begun else ()
        return any(self.interests.get(name, True) for name in takers)

    @property
    def delivery(self) -> CallDispatch:
        """The dispatch to this call's plugins."""
        return self._dispatch

    # the beginning ------------------------------------------------------------------------------

    def attach(self) -> None:
        """Make this call current (for logs and spans) from now on in the present context.

        Call it in a context of the call's own: nothing undoes it.
        """
        set_log_context(session_id=self.facts.session_id, conversation_id=self.facts.conversation_id)
        self.trace.attach()
        self._context = contextvars.copy_context()
        self._dispatch = CallDispatch(
            self.plugins,
            self.view,
            session_id=self.facts.session_id,
            clock=self._clock,
            context=self._context.copy(),
            on_lost=self._plugin_lost,
            on_emitted=self._results.send,
            span=self.trace.decision,
        )

    async def decide(self) -> Verdict:
        """Ask the plugins; returns in time whatever they do. Cancelling abandons the question."""
        verdict = await self._dispatch.decide(self.services.limits.decision_timeout)
        for plugin, seconds in verdict.seconds.items():
            self.services.metrics.histogram("audiohook.decision.duration").record(seconds, plugin=plugin)
        self._decision, self._by = verdict.decision, verdict.by  # its failures hold frames of plugins
        if not isinstance(verdict.decision, Reject) and self.state != "ended":
            self.tags.update(verdict.decision.tags)
            for plugin, accept in verdict.accepts.items():
                if accept.start_paused:
                    self._hold_start(plugin)
            self._follow_language()
        return verdict

    def opened_message(self) -> Opened:
        """Return the `opened` that the verdict asks for."""
        accept = self._decision
        assert isinstance(accept, Accept), "only an accepted call is opened"
        discard_to = None
        if accept.discard_to is not None:
            discard_to = self.protocol.origin + timedelta(seconds=accept.discard_to)
        return Opened(
            media=[self._select_media().to_wire()] if self.facts.offers else [],
            discard_to=discard_to,
            start_paused=bool(self.holds) or None,
            supported_languages=(
                offered_languages(self.plugins.languages) if self.facts.wants_languages else None
            ),
        )

    def begin(self) -> None:
        """Note that `opened` was sent: make the handlers and tell them. Again does nothing."""
        if not self.begun:
            self.begun = True
            self.state = "open"
            self._context.run(self._begin)

    def _begin(self) -> None:
        media = self.protocol.media
        self._came_to("accepted", media)
        self._dispatch.accept()
        self._interest = self.audio_interest
        if self._decision is not None:
            self._dispatch.control("on_decided", self._decision)
        self._dispatch.control("on_opened")
        logger.info("call accepted: key %s, %s", self.facts.key_name, media or "no audio")
        early = self.protocol.early_pause()
        if early is not None:
            self.deliver(early)

    async def reject(self, decision: Reject) -> None:
        """Tell the plugins that the call was rejected, and end. Again does nothing."""
        if self._came_to("rejected", reason=decision.reason):
            logger.info("call rejected with %s by %s", decision.reason, self._by)
            await self._dispatch.reject(decision, timeout=self.services.limits.hook_deadline)
            self._finish(None)

    def abandon(self) -> None:
        """End a call that was given up (closed or lost) before `opened`; one that was decided stays so."""
        if self._came_to("lost"):
            self._finish(None)

    # the middle ---------------------------------------------------------------------------------

    def audio(self, event: AudioReceived) -> None:
        """Hand a frame to the plugins: the hot path."""
        media = self.protocol.media
        assert media is not None, "the protocol delivers no audio without media"
        self._totals.frames += 1
        self._dispatch.audio(
            # By position: named arguments of a class cost as much as all the rest of making a frame.
            AudioFrame(event.payload, media, event.position, event.gap, self._byte_order, 0, event.length)
        )

    def deliver(self, event: ServerEvent) -> None:
        """Hand any other event of the protocol to the plugins."""
        tell, totals = self._tell, self._totals
        totals.flush()
        match event:
            case PingReceived(rtt=rtt):  # the first, since all others are rare
                if rtt is not None:
                    totals.round_trip(rtt)
            case PausedReceived(news=True):
                origin = _origin(event, may_be_secure=self.protocol.pause.may_be_secure)
                self.trace.event(
                    names.EVENT_PAUSE,
                    {names.PAUSE_ORIGIN: origin, names.POSITION: event.position / self.trace.rate},
                )
                tell("on_pause", origin, event.position)
            case ResumedReceived(gap=gap):
                self.trace.gap(names.EVENT_RESUME, gap)
                tell("on_resume", _gap(gap))
            case DiscardedReceived(gap=gap):
                self.trace.gap(names.EVENT_DISCARDED, gap)
                tell("on_discarded", _gap(gap))
            case UpdateReceived(language=language, position=position):
                self.language = language or self.language
                self._follow_language()
                self.trace.event(names.EVENT_UPDATE, {names.LANGUAGE: language})
                tell("on_update", Update(language), position)
            case ErrorReceived(error=error):
                totals.errors += 1
                self.trace.event(names.EVENT_ERROR, {names.ERROR_CODE: error.code})
                retry = error.retry_after.total_seconds() if error.retry_after is not None else None
                tell("on_client_error", ClientError(error.code, error.message, retry))
            case DtmfReceived(digit=digit, position=position):
                tell("on_dtmf", digit, position)
            case WithheldReceived(what=what, first=True):
                self.trace.event(names.EVENT_WITHHELD, {names.WITHHELD: what})
                logger.warning(
                    "%s came in a pause that may be the client's own: dropped, and so is more", what
                )
            case PlaybackReceived(started=started, position=position):
                tell("on_playback", Playback.STARTED if started else Playback.COMPLETED, position)
            case UnknownReceived():
                totals.unknown += 1
            case _:
                pass

    def emit(self, event: Event, plugin: str) -> None:
        """Take an event that a plugin emits, through the filters, to the others and to the client."""
        self.services.metrics.counter("audiohook.events.emitted", type=event.event_type).value += 1
        self._dispatch.emit(event, plugin)

    def set_interest(self, plugin: str, *, interested: bool | None = None) -> None:
        """Note what a plugin says, or `None` that it takes no audio any more; tell when the sum changes."""
        if interested is not None:
            self.interests[plugin] = interested
        if self.begun and self.audio_interest is not self._interest:
            self._interest = not self._interest
            self.emit(ContextChanged(changed=("audio_interest",)), plugin)

    # the end ------------------------------------------------------------------------------------

    async def close(self, reason: CloseReason) -> None:
        """Deliver `on_close` in order and wait for it, for `limits.hook_deadline` seconds at most."""
        if self.begun and self.state != "ended":
            self.state = "closing"
            self._reason = self._reason or reason
            self.trace.closing(self._reason)
            late = await self._dispatch.close(self._reason, timeout=self.services.limits.hook_deadline)
            if late:
                logger.warning("on_close is late in %s; the client is answered without it", ", ".join(late))

    async def end(self, reason: CloseReason) -> SessionSummary | None:
        """Deliver `on_end` exactly once, stop all lanes, and end the trace.

        Returns:
            The totals; `None` for a call that never began, and the second time.
        """
        if not self.begun:
            self.abandon()
        if not self.begun or self._ending:
            return None
        self._ending = True
        self._reason = self._reason or reason
        self.state = "closing"
        self.trace.closed()
        summary = self._totals.finish(self._reason)
        await self._dispatch.end(summary, timeout=self.services.limits.end_deadline)
        self._finish(summary)
        logger.info("call ended: %s, %.1f s of audio", self._reason, summary.audio / summary.rate)
        return summary

    # inside ---------------------------------------------------------------------------------------

    def _came_to(self, outcome: str, media: MediaFormat | None = None, reason: str | None = None) -> bool:
        """Note, once, what became of `open`; return whether it was not known yet."""
        if self._outcome:
            return False
        self._outcome = outcome
        self.trace.opened(outcome, media, reason)
        self.services.metrics.counter("audiohook.sessions", outcome=outcome).value += 1
        return True

    def _tell(self, hook: str, *args: object) -> None:
        # After `on_close` there is nothing but events of other plugins, and `on_end`.
        if self.state == "open":
            self._dispatch.control(hook, *args)

    def _finish(self, summary: SessionSummary | None) -> None:
        self.state = "ended"
        self.holds.clear()
        self.trace.ended(summary)

    def _select_media(self) -> MediaFormat:
        return self._dispatch.select_media(self.facts.offers)

    def _follow_language(self) -> None:
        if self._language_watch is not None and self.state != "ended":
            self._language_watch.follow(self.language)

    def _hold_start(self, plugin: str) -> None:
        careful = self._dispatch.info_of(plugin).on_failure is OnFailure.REJECT
        self.start_holds[plugin] = self.holds.take(
            plugin, "accepted paused", "keep" if careful else "release"
        )

    def _plugin_lost(self, plugin: str) -> None:
        self.trace.event(names.EVENT_QUARANTINE, {names.PLUGIN: plugin})
        self.holds.quarantined(plugin)
        if self.state == "open":
            self.set_interest(plugin)


def _origin(event: PausedReceived, *, may_be_secure: bool) -> PauseOrigin:
    if event.by_client:
        return PauseOrigin.CLIENT
    return PauseOrigin.UNKNOWN if may_be_secure else PauseOrigin.SERVER


def _gap(gap: ClockGap) -> Gap:
    return Gap(gap.start, gap.length, clamped=gap.clamped)
