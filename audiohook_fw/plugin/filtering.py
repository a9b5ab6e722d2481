"""The filters between the emitter of an event and everybody who sees it. They fail closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from audiohook_fw.errors import PluginError

from .call import PluginCall
from .compile import bind, discard_awaitable
from .events import Event
from .running import tells

__all__ = ["FilterChain"]


class FilterChain:
    """All `filter_event` of a call, in configured order; call it with an event.

    Quarantine does not take a filter out: without it, what it should hold back would pass.
    """

    __slots__ = ("_dropped", "_faulted", "_filters")

    def __init__(
        self,
        calls: Sequence[PluginCall],
        *,
        dropped: Callable[[PluginCall], None],
        faulted: Callable[[PluginCall, str, BaseException], None],
    ) -> None:
        self._dropped = dropped
        self._faulted = faulted
        self._filters = tuple(
            (call, bind("filter_event", i.function, i.signature, call.view))
            for call in calls
            if call.plugin.is_filtering
            for i in call.plugin.functions.get("filter_event", ())
        )

    @tells(lambda local: local["plugin"].running("filter_event"))
    def __call__(self, event: Event, hops: int = 1) -> Event | None:
        """Return what passes; `None` when a filter drops the event, raises or returns something else.

        What a filter emits came over one hop more than the event before it.
        """
        for plugin, call in self._filters:
            outer, plugin.hops = plugin.hops, hops
            try:
                passed = plugin.plugin.refuse("filter_event") if plugin.plugin.silenced else call(event)
                if passed is None:
                    self._dropped(plugin)
                    return None
                if not isinstance(passed, Event):
                    discard_awaitable(passed)
                    problem = f"must return an Event or None, not {type(passed).__name__}"
                    raise PluginError(plugin.name, problem, hook="filter_event")
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # whatever it raises, the event does not pass
                self._dropped(plugin)
                self._faulted(plugin, "filter_event", error)
                return None
            finally:
                plugin.hops = outer
            event = passed
        return event
