"""How long each state of the protocol may last (protocol: timers). No wait is without an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from audiohook_fw.config import LimitsSettings
from audiohook_fw.protocol import ServerProtocol, ServerState

__all__ = ["StateTimer", "allowances"]

_RUNNING = frozenset({ServerState.ACTIVE, ServerState.PAUSED})


def allowances(limits: LimitsSettings) -> dict[ServerState, float]:
    """Return the seconds that each state may last; running calls may only be silent for so long."""
    return {
        ServerState.UPGRADED: limits.open_timeout,
        ServerState.OPENING: limits.opening_timeout,
        ServerState.ACTIVE: limits.silence_timeout,
        ServerState.PAUSED: limits.silence_timeout,
        ServerState.FAILED: limits.disconnect_timeout,
        ServerState.DISCONNECTING: limits.disconnect_timeout,
        ServerState.CLOSING: limits.closed_deadline,
        ServerState.CLOSED: limits.linger,
        ServerState.GONE: limits.linger,
    }


class StateTimer:
    """One timer for one connection: it runs for the present state, and never per frame.

    While a call runs, it expires when nothing at all was heard for so long: `heard` is set by the
    reader to the loop's time with whatever comes.
    """

    __slots__ = ("_allowances", "_expired", "_handle", "_loop", "_protocol", "_state", "heard")

    def __init__(
        self, protocol: ServerProtocol, allowances: Mapping[ServerState, float], expired: Callable[[], None]
    ) -> None:
        self._protocol = protocol
        self._allowances = allowances
        self._expired = expired
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None
        self._state: ServerState | None = None
        self.heard = self._loop.time()

    def follow(self) -> None:
        """Start again if the state has changed since the last time."""
        state = self._protocol.state
        if state is not self._state and not (state in _RUNNING and self._state in _RUNNING):
            self._arm(self._allowances[state])
        self._state = state

    def stop(self) -> None:
        """Run no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self, seconds: float) -> None:
        self.stop()
        self._handle = self._loop.call_later(seconds, self._check)

    def _check(self) -> None:
        self._handle = None
        if self._state in _RUNNING:
            left = self.heard + self._allowances[ServerState.ACTIVE] - self._loop.time()
            if left > 0:
                self._arm(left)
                return
        self._expired()
