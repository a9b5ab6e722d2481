"""How plugins conduct themselves: what they do wrong is logged and counted; too much shuts them out.

A plugin is shut out of new calls when, `quarantine_calls` times within `quarantine_window`, a call put it in
quarantine, its lane failed, or it had to be cancelled at the end; or when it blocked the event loop
`quarantine_blocks` times within that window.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from audiohook_fw.errors import PluginTimeoutError

from .faults import FaultLog, call_of
from .info import OnFailure
from .loaded import LoadedPlugin
from .options import PluginLimits
from .quarantine import QuarantineLedger
from .records import PluginStatus
from .running import NOBODY, Running, tells
from .statistics import Metrics, PluginCounters

if TYPE_CHECKING:
    from audiohook_fw.errors import PluginOverflowError

__all__ = ["Conduct"]

_log: Final = logging.getLogger(__name__)


class Conduct:
    """Notes what the plugins of the process do wrong.

    Args:
        loaded: the plugins that can be called, by name.
        limits: the bounds.
        metrics: where to count.
        clock: monotonic seconds.
        personal_data: log the texts of plugins' exceptions in calls, which may quote what they were given.
        on_fault: called with plugin, hook and error of each fault, for tests.

    Attributes:
        counters: the counters of each plugin.
    """

    def __init__(
        self,
        loaded: Mapping[str, LoadedPlugin],
        limits: PluginLimits,
        metrics: Metrics,
        clock: Callable[[], float],
        *,
        personal_data: bool = False,
        on_fault: Callable[[str, str, BaseException], None] | None = None,
    ) -> None:
        self.counters: Final = {name: PluginCounters(metrics, name) for name in loaded}
        self._loaded = loaded
        self._limits = limits
        self._clock = clock
        self._log = FaultLog(clock, personal_data=personal_data)
        self._on_fault = on_fault
        calls, window = limits.quarantine_calls, limits.quarantine_window
        self._calls = QuarantineLedger(calls, window)
        self._decisions = QuarantineLedger(calls, window)
        self._blocks = QuarantineLedger(limits.quarantine_blocks, window)

    def now(self) -> float:
        """Return the time by which is counted: what `began` of a call must be read from."""
        return self._clock()

    @tells(lambda _: NOBODY)  # a log that blocks is not the plugin's doing
    def fault(self, plugin: str, hook: str, error: BaseException, session_id: str = "") -> None:
        """Log and count a hook that raised, was late before `opened`, or answered nonsense."""
        if isinstance(error, PluginTimeoutError):
            self.counters[plugin].late(hook)
        else:
            self.counters[plugin].fault(hook)
        self._log.log(plugin, hook, error, session_id, module=self._loaded[plugin].module)
        self.tell(plugin, hook, error)

    def tell(self, plugin: str, hook: str, error: BaseException) -> None:
        """Tell whoever wants to know of faults."""
        if self._on_fault is not None:
            self._on_fault(plugin, hook, error)

    def filtered(self, plugin: str) -> None:
        """Count an event that a filter dropped."""
        self.counters[plugin].filtered.value += 1

    def late(self, plugin: str, hook: str, session_id: str) -> None:
        """Log and count a hook that missed its deadline, and works on."""
        error = PluginTimeoutError(plugin, "still runs at its deadline", hook=hook)
        self.fault(plugin, hook, error, session_id)

    def cancelled(self, plugin: str, hook: str, session_id: str, began: float) -> None:
        """Log and count a hook that was cancelled at the end of a call that began at `began`."""
        self.late(plugin, hook, session_id)
        self._lost(plugin, began)

    def detached(self, plugin: str, hook: str, session_id: str) -> None:
        """Log that a hook was cancelled and goes on; its task is left alone."""
        _log.error(
            "plugin %s: %s was cancelled and still runs; it is left alone",
            plugin,
            hook,
            extra=call_of(session_id),
        )

    def overflow(self, plugin: str, error: PluginOverflowError, session_id: str, began: float) -> None:
        """Log and count that a lane failed, in a call that began at `began`."""
        self.counters[plugin].failures.value += 1
        _log.error("lane of plugin %s failed: %s", plugin, error.problem, extra=call_of(session_id))
        self.tell(plugin, error.hook, error)
        self._lost(plugin, began)

    def quarantine(self, plugin: str, session_id: str) -> None:
        """Log and count a quarantine; too many within the window, and new calls go on without the plugin."""
        self.counters[plugin].quarantine("call")
        _log.error("plugin %s is in quarantine for this call", plugin, extra=call_of(session_id))
        if self._calls.add(plugin, self._clock()):
            self._shut_out(plugin)

    def decision(self, plugin: str, *, failed: bool) -> None:
        """Count calls in a row whose `on_open` failed; too many, and new calls go on without the plugin.

        Only of plugins whose failure is ignored: the others reject their calls, and must go on doing so.
        """
        if not failed:
            self._decisions.clear(plugin)
        elif self._loaded[plugin].info.on_failure is OnFailure.IGNORE and self._decisions.add(
            plugin, self._clock()
        ):
            self._shut_out(plugin)

    def slow(self, running: Running, seconds: float) -> None:
        """Log and count a hook that has run for long: a call's lane waits for it."""
        self.counters[running.plugin].slow(running.hook)
        _log.warning(
            "plugin %s has been in %s for %.1f s; its lane waits",
            running.plugin,
            running.hook,
            seconds,
            extra=call_of(running.session_id),
        )

    def blocked(self, running: Running) -> bool:
        """Note that a plugin blocked the event loop; tell whether that was once too often.

        Then it is shut out of new calls, and silenced: see `LoadedPlugin.silenced`.
        """
        plugin = self._loaded.get(running.plugin)
        if plugin is None or not self._blocks.add(running.plugin, self._clock()):
            return False
        plugin.silenced = True
        self._shut_out(
            running.plugin,
            f"blocked the event loop {self._limits.quarantine_blocks} times within "
            f"{self._limits.quarantine_window:g} s, last in {running.hook}",
        )
        return True

    def _lost(self, plugin: str, began: float) -> None:
        """Count a call that a plugin did not get through: one of all those that ran at the same time.

        What makes lanes overflow is mostly outside, a disk or a network, and hits all calls at once.
        """
        if self._calls.add(plugin, self._clock(), began=began):
            self._shut_out(plugin)

    def _shut_out(self, name: str, why: str = "") -> None:
        plugin = self._loaded[name]
        if not plugin.is_active:
            return
        self.counters[name].quarantine("process")
        why = why or (
            f"failed too often in {self._limits.quarantine_calls} calls within "
            f"{self._limits.quarantine_window:g} s"
        )
        plugin.record.fail(
            PluginStatus.QUARANTINED, f"{why}; see the log, and restart the server once it is fixed"
        )
        _log.error("plugin %s is in quarantine for new calls", name)
