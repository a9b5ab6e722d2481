"""`CallDispatch`: everything the plugins are told of one call, in order, isolated from each other.

`audio` is the hot path: one loop over bound functions, one over lanes, and nothing else per frame.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from audiohook_fw.errors import PluginError, PluginOverflowError

from .ask import SpanFactory
from .call import PluginCall
from .choosing import choose_media
from .closing import Closing
from .compile import Call, bind
from .decide import Verdict, decide
from .emitting import MAX_HOPS, MAX_WAITING, EmitQueue
from .events import Event
from .families import EVENT_HOOKS, FINAL_HOOKS
from .filtering import FilterChain
from .info import Overflow, PluginInfo
from .lane import Lane
from .lane_queue import LaneQueue
from .running import tells
from .statistics import CallStatistics

if TYPE_CHECKING:
    from audiohook_fw.audio import AudioFrame
    from audiohook_fw.protocol import MediaFormat

    from .decisions import Reject
    from .manager import PluginManager
    from .values import CloseReason, SessionSummary

__all__ = ["CallDispatch"]

_log: Final = logging.getLogger(__name__)

_Inline = tuple[tuple[PluginCall, Call], ...]


class CallDispatch:
    """The plugins of one call. Use it on the loop's thread only.

    Make it when `open` came; then `decide`; then `reject`, or `accept` and `control("on_decided", …)`,
    `control("on_opened")`, `audio`, `control`, `emit` as things happen; last `close` and `end`, whatever
    became of the call. The plugins are those that were active when it was made.

    Whatever a plugin raises is its own fault, `SystemExit` and `CancelledError` too; `KeyboardInterrupt`,
    which is the operator's, passes.

    Args:
        manager: the plugins of the process.
        view_for: makes a plugin's own view of the session, by the plugin's name; called once for each.
        session_id: for logs and task names.
        clock: monotonic seconds; the loop's time by default.
        context: what lanes run in (each in a copy); the current one by default.
        on_lost: called with a plugin's name when its lane failed or it was put in quarantine, so that the
            session can release its holds; may come twice.
        on_emitted: called with each event that passed the filters, and its emitter, before the plugins.
        span: makes the context in which a plugin decides, from hook and plugin name.
    """

    def __init__(
        self,
        manager: PluginManager,
        view_for: Callable[[str], object],
        *,
        session_id: str = "",
        clock: Callable[[], float] | None = None,
        context: contextvars.Context | None = None,
        on_lost: Callable[[str], None] | None = None,
        on_emitted: Callable[[Event, str], None] | None = None,
        span: SpanFactory | None = None,
    ) -> None:
        self._manager = manager
        self.session_id: Final = session_id
        self._began = manager.conduct.now()
        self._loop = asyncio.get_running_loop()
        self._clock = clock or self._loop.time
        self._context = context or contextvars.copy_context()
        self._on_lost = on_lost
        self._on_emitted = on_emitted
        self._span = span
        self._calls = tuple(PluginCall(plugin, view_for(plugin.name), self) for plugin in manager.plugins)
        self._by_name = {call.name: call for call in self._calls}
        self._filters = FilterChain(
            self._calls, dropped=lambda call: manager.conduct.filtered(call.name), faulted=self.plugin_faulted
        )
        self._emitted = EmitQueue(self._deliver, self._context.copy())
        self._closing = Closing(self._clock, manager, session_id, self._emitted)
        self._parts: tuple[PluginCall, ...] = ()
        self._inline: dict[str, _Inline] = {}
        self._lanes: dict[str, tuple[Lane, ...]] = {}
        self._inline_audio: _Inline = ()
        self._lanes_audio: tuple[Lane, ...] = ()
        self._over = False  # nothing comes after `on_close` but events of other plugins, and `on_end`

    def __repr__(self) -> str:
        return f"<CallDispatch {self.session_id} {' '.join(call.name for call in self._calls)}>"

    # before the call ----------------------------------------------------------------------------

    async def decide(self, timeout: float) -> Verdict:
        """Ask all `on_open` and return the verdict after `timeout` seconds at the latest.

        Cancelling it abandons the plugins' tasks and is safe.
        """
        asked = [call for call in self._calls if call.plugin.is_asked]
        questions = [
            c.plugin.question(i, bind("on_open", i.function, i.signature, c.view), session_id=self.session_id)
            for c in asked
            for i in c.plugin.functions.get("on_open", ())
        ]
        verdict = await decide(
            questions,
            lambda name: self._by_name[name].plugin.info.on_failure,
            timeout,
            hold=self._manager.hold,
            span=self._span,
        )
        for failure in verdict.failures:
            self._manager.conduct.fault(failure.plugin, "on_open", failure.error, self.session_id)
        failed = {failure.plugin for failure in verdict.failures}
        for name in verdict.seconds:
            self._manager.conduct.decision(name, failed=name in failed)
        return verdict

    def select_media(self, offers: Sequence[MediaFormat]) -> MediaFormat:
        """Return the offer that the first plugin with an opinion chose, else what suits the wishes best.

        Raises:
            PluginError: there are no offers.
        """
        conduct = self._manager.conduct
        return choose_media(
            self._calls,
            offers,
            lambda plugin, error: conduct.fault(plugin, "select_media", error, self.session_id),
        )

    async def reject(self, decision: Reject, *, timeout: float) -> tuple[str, ...]:
        """Tell the plugins' functions `on_decided`; return the names of those late after `timeout` seconds.

        The late are cancelled once, given a second, then left alone.
        """
        self._compile(with_handler=False)
        self.control("on_decided", decision)
        return await self._closing.stop(self._parts, None, self._clock() + timeout)

    def accept(self) -> None:
        """Make the handlers and lanes. Nothing is delivered before."""
        self._compile(with_handler=True)

    # the call -----------------------------------------------------------------------------------

    @property
    def listeners(self) -> frozenset[str]:
        """The names of the plugins that have hooks in this call."""
        return frozenset(call.name for call in self._parts)

    @property
    def audio_takers(self) -> frozenset[str]:
        """The names of the plugins that take audio; one in quarantine, or whose lane failed, takes none."""
        inline = (plugin.name for plugin, _ in self._inline_audio)
        return frozenset((*inline, *(lane.name for lane in self._lanes_audio if not lane.failed)))

    def emitters(self, event_type: str) -> tuple[str, ...]:
        """Return the names of the plugins that emit such events, as they declare, and still can."""
        return tuple(c.name for c in self._parts if event_type in c.plugin.emits and not c.is_lost)

    @tells(lambda local: local["plugin"].running("on_audio"))
    def audio(self, frame: AudioFrame) -> None:
        """Hand one frame to every plugin that takes audio. Never waits and never raises."""
        for plugin, call in self._inline_audio:
            try:
                result = call(frame)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # SystemExit and CancelledError of plain code are faults too
                self.plugin_faulted(plugin, "on_audio", error)
            else:
                if result is not None or plugin.row:
                    plugin.returned("on_audio", result)
        if self._lanes_audio:
            now = asyncio.current_task(self._loop) is None
            for lane in self._lanes_audio:
                try:
                    lane.put_audio(frame, now=now)
                except Exception as error:  # nothing known raises here, but the reader must go on
                    self.plugin_faulted(self._by_name[lane.name], "on_audio", error)

    def control(self, hook: str, *args: object) -> None:
        """Deliver an event hook with its arguments but `session`: inline at once, in lanes behind the audio.

        For all event hooks but `on_audio`, `on_event`, `on_close` and `on_end`. Never waits and never raises.
        What plugins emit meanwhile is delivered once all have been told: nobody hears of it too early.
        """
        self._emitted.hold()
        try:
            for plugin, call in self._inline.get(hook, ()):
                plugin.run(hook, call, args)
            for lane in self._lanes.get(hook, ()):
                lane.put_control(hook, args)
        finally:
            self._emitted.release()

    def emit(self, event: Event, emitter: str) -> bool:
        """Filter an event and hand it on; one that is emitted meanwhile waits until this one is through.

        Returns:
            `False` when the event was dropped: it came over too many hops, or too many of the emitter wait.
        """
        call = self._by_name.get(emitter)
        if call is not None:
            call.plugin.note_emitted(event)
        hops = 1 if call is None else call.hops + 1
        if hops > MAX_HOPS:
            problem = f"its event came over more than {MAX_HOPS} hops; do plugins answer each other?"
        elif self._emitted.put(event, emitter, hops):
            return True
        else:
            problem = f"its event was dropped, since {MAX_WAITING} of it wait; do plugins answer each other?"
        if call is not None:
            self._manager.counters(emitter).refused_events.value += 1
            if not call.refused:  # once for each of its hooks, however many events that emits
                call.refused = True
                self.plugin_faulted(call, "on_event", PluginError(emitter, problem, hook="on_event"))
        return False

    @tells(lambda local: local["self"]._by_name[local["emitter"]].running("on_event"))
    def _deliver(self, event: Event, emitter: str, hops: int) -> None:
        try:
            self.event(event, emitter, hops)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of the event's own code, whoever emitted when its turn came
            call = self._by_name.get(emitter)
            if call is not None:
                self.plugin_faulted(call, "on_event", error)

    def event(self, event: Event, emitter: str, hops: int = 1) -> Event | None:
        """Filter an event and deliver it at once to all consumers but its emitter; return what passed."""
        passed = self._filters(event, hops)
        if passed is None:
            return None
        interim = bool(passed.is_interim())
        if self._on_emitted is not None:
            self._on_emitted(passed, emitter)
        for plugin, call in self._inline.get("on_event", ()):
            if plugin.name != emitter and plugin.consumes(passed.event_type):
                outer, plugin.hops = plugin.hops, hops
                plugin.run("on_event", call, (passed,))
                plugin.hops = outer
        for lane in self._lanes.get("on_event", ()):
            if lane.name != emitter and self._by_name[lane.name].consumes(passed.event_type):
                lane.put_event(passed, hops, interim=interim)
        return passed

    # the end ------------------------------------------------------------------------------------

    async def close(self, reason: CloseReason, *, timeout: float) -> tuple[str, ...]:
        """Deliver `on_close`, emitters before consumers, each after its queued audio; wait for quiet.

        Returns after `timeout` seconds at the latest, with the names of the plugins that are still busy; they
        run on. Cancelling it is safe: `end` does the rest. A second call waits again.
        """
        self._take_no_audio()
        return await self._closing.close(self._parts, reason, self._clock() + timeout)

    async def end(self, summary: SessionSummary, *, timeout: float) -> tuple[str, ...]:
        """Deliver `on_end`, exactly once to each plugin of an accepted call, and stop the lanes.

        Closes first if nobody did. Plugins that are late with `on_close` have half of `timeout`, then they
        and whoever waits for their events get `on_end` all the same. What runs after `timeout` seconds is
        cancelled once, given a second, then left alone, counted and logged; it still gets its `on_end` if it
        ever returns.

        Returns:
            The names of the plugins that were cancelled.
        """
        self._take_no_audio()
        try:
            return await self._closing.end(self._parts, summary, timeout)
        finally:
            self._emitted.clear()

    def _take_no_audio(self) -> None:
        self._over = True
        self._inline_audio = ()
        self._lanes_audio = ()

    # what is known ------------------------------------------------------------------------------

    def statistics(self) -> tuple[CallStatistics, ...]:
        """Return how each plugin with events fares, in configured order."""
        return tuple(call.statistics() for call in self._parts)

    def info_of(self, plugin: str) -> PluginInfo:
        """Return what one plugin says about itself; raises `KeyError` for one that is not in this call."""
        return self._by_name[plugin].plugin.info

    def statistics_of(self, plugin: str) -> CallStatistics:
        """Return how one plugin fares; raises `KeyError` for a plugin that is not in this call."""
        return self._by_name[plugin].statistics()

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes of this call; each knows which hook runs (`hook`) and since when (`since`)."""
        return tuple(call.lane for call in self._parts if call.lane is not None)

    # what plugins tell --------------------------------------------------------------------------

    def plugin_faulted(self, call: PluginCall, hook: str, error: BaseException) -> None:
        """Log and count a fault; too many in a row put the plugin in quarantine for this call."""
        self._manager.conduct.fault(call.name, hook, error, self.session_id)
        call.faults += 1
        call.row += 1
        if call.row >= self._manager.limits.faults_in_a_row and not call.quarantined:
            self._manager.conduct.quarantine(call.name, self.session_id)
            self._quarantine(call)

    def plugin_overflowed(self, call: PluginCall, error: PluginOverflowError) -> None:
        """Log and count that a lane failed."""
        self._manager.conduct.overflow(call.name, error, self.session_id, self._began)
        self._lost(call)

    def plugin_closed(self, call: PluginCall, seconds: float) -> None:
        """Record how long an `on_close` took in a lane."""
        self._manager.counters(call.name).closed(seconds)

    def silence(self, plugin: str) -> None:
        """Put a plugin that blocks the event loop in quarantine for this call."""
        call = self._by_name.get(plugin)
        if call is not None and not call.quarantined:
            self._quarantine(call)

    def _quarantine(self, call: PluginCall) -> None:
        call.quarantined = True
        self._arrange()
        if call.lane is not None:
            call.lane.mute()
        self._lost(call)

    def _lost(self, call: PluginCall) -> None:
        if self._on_lost is not None:
            self._on_lost(call.name)

    # compiling ----------------------------------------------------------------------------------

    def _compile(self, *, with_handler: bool) -> None:
        takers = [call for call in self._calls if call.plugin.is_active]
        for call in takers:
            call.compile(with_handler=with_handler)
            if call.in_lane:
                call.lane = self._make_lane(call)
        self._parts = tuple(call for call in takers if call.calls)
        self._arrange()

    def _make_lane(self, call: PluginCall) -> Lane:
        manager, info = self._manager, call.plugin.info
        limits = manager.limits
        queue = LaneQueue(
            manager.budget,
            manager.counters(call.name),
            seconds=limits.lane_seconds if info.max_lag is None else info.max_lag,
            drops=info.overflow is Overflow.DROP_OLDEST,
            control_limit=limits.control_events,
            event_limit=limits.plugin_events,
        )
        return Lane(
            call.name,
            call.calls,
            call,
            queue,
            clock=self._clock,
            context=self._context.copy(),
            label=self.session_id,
        )

    def _arrange(self) -> None:
        live = [call for call in self._parts if not call.quarantined]
        self._inline, self._lanes = {}, {}
        for hook in EVENT_HOOKS:
            if hook not in FINAL_HOOKS:
                inline = tuple((c, f) for c in live if not c.in_lane for f in c.calls.get(hook, ()))
                lanes = tuple(c.lane for c in live if c.lane is not None and hook in c.calls)
                if inline:
                    self._inline[hook] = inline
                if lanes:
                    self._lanes[hook] = lanes
        self._inline_audio = () if self._over else self._inline.get("on_audio", ())
        self._lanes_audio = () if self._over else self._lanes.get("on_audio", ())
