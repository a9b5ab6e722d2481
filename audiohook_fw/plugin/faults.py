"""Say which plugin failed, in which hook, where in its code and in which call, but never with what data."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from typing import Final

from audiohook_fw.errors import PluginError

__all__ = ["FaultLog", "describe"]

_log: Final = logging.getLogger(__name__)

_INTERVAL: Final = 10.0
"""Seconds between two lines about the same hook of the same plugin; what comes between is counted."""


def describe(error: BaseException) -> str:
    """Return the type of an error and where it was raised, without its text.

    The text is the plugin's and may hold whatever the plugin was given: `KeyError` quotes its key.
    """
    if isinstance(error, PluginError):
        return error.problem
    kind = (
        "CancelledError (of its own making)"
        if isinstance(error, asyncio.CancelledError)
        else type(error).__name__
    )
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " > ".join(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    return f"{kind} at {places}" if places else kind


class FaultLog:
    """Logs faults, each hook of each plugin at most every 10 seconds.

    Args:
        clock: monotonic seconds.
        personal_data: log texts and tracebacks too (`telemetry.personal_data`).
    """

    __slots__ = ("_clock", "_personal_data", "_seen")

    def __init__(self, clock: Callable[[], float], *, personal_data: bool = False) -> None:
        self._clock = clock
        self._personal_data = personal_data
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def log(self, plugin: str, hook: str, error: BaseException, session_id: str = "") -> None:
        """Log one fault, or count it when the last line about this hook is fresh."""
        key, now = (plugin, hook), self._clock()
        last, hidden = self._seen.get(key, (None, 0))
        if last is not None and now - last < _INTERVAL:
            self._seen[key] = (last, hidden + 1)
            return
        self._seen[key] = (now, 0)
        _log.error(
            "plugin %s failed in %s: %s%s%s",
            plugin,
            hook,
            describe(error),
            f" (session {session_id})" if session_id else "",
            f", and {hidden} times more since" if hidden else "",
            exc_info=error if self._personal_data else None,
        )
