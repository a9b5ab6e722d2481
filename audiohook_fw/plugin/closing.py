"""The end of a call: `on_close` from emitters to consumers, then `on_end`, then no task of ours is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from .ordering import upstreams

if TYPE_CHECKING:
    from .call import PluginCall
    from .emitting import EmitQueue
    from .manager import PluginManager
    from .values import CloseReason, SessionSummary

__all__ = ["Closing"]

_GRACE: Final = 1.0
"""Seconds that a cancelled hook has before it is left alone."""


class Closing:
    """Closes and ends the plugins of one call."""

    __slots__ = ("_began", "_clock", "_emitted", "_manager", "_session_id")

    def __init__(
        self, clock: Callable[[], float], manager: PluginManager, session_id: str, emitted: EmitQueue
    ) -> None:
        self._clock = clock
        self._manager = manager
        self._session_id = session_id
        self._emitted = emitted
        self._began = manager.conduct.now()

    async def close(
        self, parts: Sequence[PluginCall], reason: CloseReason, deadline: float
    ) -> tuple[str, ...]:
        """Deliver `on_close` in order and wait for quiet; return who is still busy at the deadline."""
        await self._walk(parts, reason, None, deadline)
        while busy := await self._busy(parts, deadline):
            left = deadline - self._clock()
            if left <= 0:
                break
            await asyncio.wait([call.lane.idle() for call in busy if call.lane is not None], timeout=left)
        for call in busy:
            running = call.lane.hook if call.lane is not None else ""
            self._manager.conduct.late(call.name, running or "on_close", self._session_id)
        return tuple(call.name for call in busy)

    async def end(
        self, parts: Sequence[PluginCall], summary: SessionSummary, timeout: float
    ) -> tuple[str, ...]:
        """Deliver what is left of `on_close`, and `on_end`; stop the lanes; return who was cancelled."""
        begun = self._clock()
        await self._walk(parts, summary.reason, summary, begun + timeout / 2)
        return await self.stop(parts, summary, begun + timeout)

    async def stop(
        self, parts: Sequence[PluginCall], summary: SessionSummary | None, deadline: float
    ) -> tuple[str, ...]:
        """Let the lanes run out until the deadline, cancel the late once, and leave those that go on."""
        await self._drain(deadline)
        lanes = [call.lane for call in parts if call.lane is not None]
        for lane in lanes:
            lane.put_end(summary)
        running = {lane.task: lane for lane in lanes if lane.task is not None and not lane.task.done()}
        if not running:
            return ()
        _, late = await asyncio.wait(running, timeout=max(0.0, deadline - self._clock()))
        cancelled = tuple(lane.name for task, lane in running.items() if task in late)
        for task in late:
            self._manager.conduct.cancelled(
                running[task].name, running[task].hook, self._session_id, self._began
            )
            running[task].cancel()
        if late:
            _, late = await asyncio.wait(late, timeout=_GRACE)
        for task in late:
            self._manager.conduct.detached(running[task].name, running[task].hook, self._session_id)
            self._manager.hold.keep(task, running[task].name)
        return cancelled

    async def _walk(
        self,
        parts: Sequence[PluginCall],
        reason: CloseReason,
        summary: SessionSummary | None,
        deadline: float,
    ) -> None:
        """Close, and with a summary end, each plugin once those before it are done; at the deadline all."""
        listeners = frozenset(call.name for call in parts if "on_event" in call.calls)
        filters = [p for p in self._manager.plugins if "filter_event" in p.functions]
        before = upstreams([call.plugin for call in parts], listeners, filters)
        while True:
            await self._drain(deadline)  # before anybody is told that nothing more comes
            if self._advance(parts, before, reason, summary):
                continue
            if all(call.closed is not None and (call.ended or summary is None) for call in parts):
                return
            running = [call.closed for call in parts if call.closed is not None and not call.closed.done()]
            left = deadline - self._clock()
            if left <= 0 or not running:
                break
            await asyncio.wait(running, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for call in parts:  # too late for order: everybody gets what is due while there is time
            _close(call, reason)
            if summary is not None:
                _end(call, summary)

    async def _drain(self, deadline: float) -> None:
        """Wait until all that was emitted is delivered, or in the lanes."""
        while self._emitted and self._clock() < deadline:  # noqa: ASYNC110 (each turn takes some)
            await asyncio.sleep(0)

    async def _busy(self, parts: Sequence[PluginCall], deadline: float) -> list[PluginCall]:
        await self._drain(deadline)
        return [call for call in parts if call.lane is not None and call.lane.is_busy]

    def _advance(
        self,
        parts: Sequence[PluginCall],
        before: Mapping[str, frozenset[str]],
        reason: CloseReason,
        summary: SessionSummary | None,
    ) -> bool:
        """Do what can be done now; tell whether that was anything, since it may have freed others."""
        done = {call.name for call in parts if call.closed is not None and call.closed.done()}
        moved = False
        for call in parts:
            if not before[call.name] <= done:
                continue
            if call.closed is None:
                _close(call, reason)
                moved = True
            elif summary is not None and not call.ended and call.name in done:
                _end(call, summary)
                moved = True
        return moved


def _close(call: PluginCall, reason: CloseReason) -> None:
    if call.closed is not None:
        return
    if call.lane is not None:
        call.closed = call.lane.put_close(reason)
        return
    call.closed = asyncio.get_running_loop().create_future()
    for function in call.calls.get("on_close", ()):
        call.run("on_close", function, (reason,))
    call.closed.set_result(None)


def _end(call: PluginCall, summary: SessionSummary) -> None:
    if call.ended:
        return
    call.ended = True
    if call.lane is not None:
        call.lane.put_end(summary)
        return
    for function in call.calls.get("on_end", ()):
        call.run("on_end", function, (summary,))
