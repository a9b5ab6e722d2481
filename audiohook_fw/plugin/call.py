"""`PluginCall`: one plugin in one call, its calls compiled, its faults counted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Protocol

from audiohook_fw.errors import PluginError

from .compile import Call, bind, discard_awaitable, handler_signatures
from .families import EVENT_HOOKS
from .handler import SessionHandler
from .loaded import LoadedPlugin
from .running import Running, tells
from .signatures import HookFunction, Signature, SignatureError
from .statistics import CallStatistics

if TYPE_CHECKING:
    from audiohook_fw.errors import PluginOverflowError

    from .lane import Lane

__all__ = ["CallOwner", "PluginCall"]


class CallOwner(Protocol):
    """What a `PluginCall` tells of itself."""

    @property
    def session_id(self) -> str:
        """Which call it is."""

    def plugin_faulted(self, call: PluginCall, hook: str, error: BaseException) -> None:
        """A hook raised."""

    def plugin_overflowed(self, call: PluginCall, error: PluginOverflowError) -> None:
        """Its lane failed."""

    def plugin_closed(self, call: PluginCall, seconds: float) -> None:
        """Its `on_close` ended."""


class PluginCall:
    """One plugin in one call.

    Attributes:
        plugin: the plugin.
        view: its own view of the session.
        calls: its event hooks, bound; empty when it has none in this call.
        in_lane: whether they go through a lane.
        lane: that lane, once the call is accepted.
        row: faults in a row.
        faults: faults in all.
        hops: over how many hops the event came that it handles or filters now; 0 outside of these.
        refused: an event it emitted was dropped since its last hook returned.
        closed: done once its `on_close` returned and nothing waits; `None` before it was called.
        ended: `on_end` was called or queued.
    """

    __slots__ = (
        "_owner", "calls", "closed", "ended", "faults", "hops", "in_lane", "lane", "name", "plugin",
        "quarantined", "refused", "row", "view",
    )  # fmt: skip

    def __init__(self, plugin: LoadedPlugin, view: object, owner: CallOwner) -> None:
        self.plugin: Final = plugin
        self.name: Final = plugin.name
        self.view: Final = view
        self._owner = owner
        self.calls: dict[str, tuple[Call, ...]] = {}
        self.in_lane = False
        self.lane: Lane | None = None
        self.row = 0
        self.faults = 0
        self.hops = 0
        self.refused = False
        self.quarantined = False
        self.closed: asyncio.Future[None] | None = None
        self.ended = False

    def __repr__(self) -> str:
        where = "in lane" if self.in_lane else "inline"
        return f"<PluginCall {self.name} {where}, {self.faults} faults{', quarantined' * self.quarantined}>"

    def compile(self, *, with_handler: bool) -> None:
        """Bind the functions, and the methods of a handler if one is made now; the colour of all decides."""
        found = list(self._functions())
        if with_handler:
            for handler in self._handlers():
                found += self._methods(handler)
        self.in_lane = any(signature.is_async for _, _, signature in found)
        calls: dict[str, list[Call]] = {}
        for hook, function, signature in found:
            calls.setdefault(hook, []).append(bind(hook, function, signature, self.view))
        self.calls = {hook: tuple(bound) for hook, bound in calls.items()}
        if with_handler:
            self.plugin.note_delivery(self.calls, in_lane=self.in_lane)

    def consumes(self, event_type: str) -> bool:
        """Tell whether its `on_event` wants events of that type."""
        return self.plugin.hears(event_type)

    @property
    def is_lost(self) -> bool:
        """Whether it gets nothing but `on_close` and `on_end`: in quarantine, or as its lane failed."""
        return self.quarantined or (self.lane is not None and self.lane.failed)

    def statistics(self) -> CallStatistics:
        """Return how it fares."""
        lane = self.lane
        if lane is None:
            return CallStatistics(self.name, faults=self.faults, quarantined=self.quarantined)
        return CallStatistics(
            self.name,
            in_lane=True,
            faults=self.faults,
            dropped=lane.queue.dropped,
            refused=lane.queue.refused,
            dropped_events=lane.queue.dropped_events,
            waiting=len(lane.queue),
            failed=lane.failed,
            quarantined=self.quarantined,
        )

    def running(self, hook: str) -> Running:
        """Return what runs while `hook` does."""
        return Running(self.name, hook, self._owner.session_id)

    # inline calls -------------------------------------------------------------------------------

    @tells(lambda local: local["self"].running(local["hook"]))
    def run(self, hook: str, call: Call, args: tuple[object, ...]) -> None:
        """Make one inline call now; whatever it raises is the plugin's fault."""
        try:
            result = call(*args)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit and CancelledError of plain code are faults too
            self._owner.plugin_faulted(self, hook, error)
        else:
            self.returned(hook, result)

    def returned(self, hook: str, result: object) -> None:
        """Note that an inline call returned; an awaitable is a fault, since nobody here can wait for it."""
        if result is not None and discard_awaitable(result):
            problem = f"{hook} is a plain def but returned an awaitable; make it async def"
            self._owner.plugin_faulted(self, hook, PluginError(self.name, problem, hook=hook))
        else:
            self.succeeded()

    # what the lane tells ------------------------------------------------------------------------

    def succeeded(self) -> None:
        """Note that a hook returned; not well when it emitted what had to be dropped."""
        if self.refused:
            self.refused = False
        else:
            self.row = 0

    def faulted(self, hook: str, error: BaseException) -> None:
        """Note that a hook raised."""
        self._owner.plugin_faulted(self, hook, error)

    def overflowed(self, error: PluginOverflowError) -> None:
        """Note that the lane failed."""
        self._owner.plugin_overflowed(self, error)

    def took_to_close(self, seconds: float) -> None:
        """Record how long `on_close` took."""
        self._owner.plugin_closed(self, seconds)

    def at_hops(self, hops: int) -> None:
        """Note over how many hops the event came that is being handled."""
        self.hops = hops

    # compiling ----------------------------------------------------------------------------------

    def _functions(self) -> Iterator[tuple[str, HookFunction, Signature]]:
        for hook in EVENT_HOOKS:
            for implementation in self.plugin.functions.get(hook, ()):
                yield hook, implementation.function, implementation.signature

    @tells(lambda local: local["self"].running("create_handler"))
    def _handlers(self) -> Iterator[SessionHandler]:
        for implementation in self.plugin.functions.get("create_handler", ()):
            call = bind("create_handler", implementation.function, implementation.signature, self.view)
            try:
                handler = call()
                if handler is None:
                    continue
                if not isinstance(handler, SessionHandler):
                    discard_awaitable(handler)
                    got = (
                        f"the class {handler.__name__}"
                        if isinstance(handler, type)
                        else type(handler).__name__
                    )
                    problem = f"must return a SessionHandler or None, not {got}"
                    raise PluginError(self.name, problem, hook="create_handler")
                yield handler
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._owner.plugin_faulted(self, "create_handler", error)

    @tells(lambda local: local["self"].running("create_handler"))
    def _methods(self, handler: SessionHandler) -> list[tuple[str, HookFunction, Signature]]:
        try:
            found = handler_signatures(handler, self.plugin.history)
            self.plugin.note_handler(type(handler))
        except SignatureError as error:
            problem = PluginError(self.name, str(error), hook="create_handler")
            self._owner.plugin_faulted(self, "create_handler", problem)
            return []
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a property or a metaclass that raises, SystemExit too
            self._owner.plugin_faulted(self, "create_handler", error)
            return []
        return [(hook, function, signature) for hook, (function, signature) in found.items()]
