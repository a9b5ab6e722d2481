"""Say which plugin failed, in which hook, where in its code and in which call, but never with what data."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Final

from audiohook_fw.errors import PluginError

__all__ = ["FaultLog", "call_of", "describe", "is_of", "place_of", "raised_at", "sentence"]

_log: Final = logging.getLogger(__name__)

_INTERVAL: Final = 10.0
"""Seconds between two lines about the same hook of the same plugin; what comes between is counted."""


_FRAMES: Final = 3
"""Frames of a traceback that are named, the innermost ones."""

_LIBRARIES: Final = ("site-packages", "dist-packages")
_STANDARD_LIBRARY: Final = sysconfig.get_path("stdlib")
_FROZEN: Final = "<frozen "  # the import system, abc
_OURS: Final = __name__.partition(".")[0]
_BELOW_US: Final = frozenset({"pluggy", "pydantic", "pydantic_core", "pydantic_settings"})
"""What may stand between our code and a plugin's."""


def describe(error: BaseException, module: str = "") -> str:
    """Return the type of an error and where it was raised, without its text.

    The text is the plugin's and may hold whatever the plugin was given: `KeyError` quotes its key.

    Args:
        module: the plugin's; the innermost frame of its package is named, however deep in others it failed.
    """
    if isinstance(error, PluginError):
        return error.problem
    kind = (
        "CancelledError (of its own making)"
        if isinstance(error, asyncio.CancelledError)
        else type(error).__name__
    )
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [place for place in frames if is_of(place[0], module)][-1:]
    shown = frames[-_FRAMES:]
    if own and own[0] not in shown:
        shown = own + shown[1:]
    places = " > ".join(
        f"{_short(frame.f_code.co_filename)}:{line} in {frame.f_code.co_name}" for frame, line in shown
    )
    return f"{kind} at {places}" if places else kind


def call_of(session_id: str) -> Mapping[str, str]:
    """Return `extra` for a record about a call: its formatter shows the id, once, wherever it came from."""
    return {"session_id": session_id} if session_id else {}


def is_of(frame: FrameType, module: str) -> bool:
    """Tell whether a frame is of the plugin's package; in a plugin that we bring, of its module only."""
    top = module.partition(".")[0]
    package = module if top == _OURS else top
    name = frame.f_globals.get("__name__", "")
    return bool(package) and f"{name}.".startswith(f"{package}.")


def _short(path: str) -> str:
    """Return a path below the directory of a library; other paths as they are, for a click to find them."""
    for name in _LIBRARIES:
        _, mark, rest = path.rpartition(f"{os.sep}{name}{os.sep}")
        if mark:
            return rest
    return path.removeprefix(_STANDARD_LIBRARY + os.sep)


def place_of(frame: FrameType | None) -> str:
    """Return file and line of the innermost frame that is neither ours nor the import system's."""
    while frame is not None and _is_machinery(frame):
        frame = frame.f_back
    return "an unknown place" if frame is None else f"{_short(frame.f_code.co_filename)}:{frame.f_lineno}"


def raised_at(error: BaseException) -> str:
    """Return file and line where a plugin raised an error while it was loaded; empty if elsewhere.

    That is the last place in its own package, or in files beside it, whatever library failed below: there is
    what its author can mend.
    """
    frames = [place for place in traceback.walk_tb(error.__traceback__) if not _is_machinery(place[0])]
    if not frames:
        return ""
    first = next((frame for frame, _ in frames if not _is_library(frame)), frames[0][0])
    frame, line = [place for place in frames if _belongs_to(place[0], first)][-1]
    return f"{_short(frame.f_code.co_filename)}:{line}"


def _belongs_to(frame: FrameType, plugin: FrameType) -> bool:
    if is_of(frame, str(plugin.f_globals.get("__name__", ""))):
        return True
    path = frame.f_code.co_filename
    beside = path.startswith(os.path.dirname(plugin.f_code.co_filename) + os.sep)
    return beside and not any(f"{os.sep}{name}{os.sep}" in path for name in _LIBRARIES)


def _is_library(frame: FrameType) -> bool:
    """Tell whether a frame is surely not the plugin's: of Python's library, or of one that we build on."""
    name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return name in sys.stdlib_module_names or name in _BELOW_US


def _is_machinery(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__", "")
    return f"{name}.".startswith(f"{_OURS}.") or frame.f_code.co_filename.startswith(_FROZEN)


def sentence(error: BaseException) -> str:
    """Return the type and the text of an error in one line: of those outside of calls, which hold no data."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # not even that is sure of a plugin's error
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


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

    def log(
        self, plugin: str, hook: str, error: BaseException, session_id: str = "", *, module: str = ""
    ) -> None:
        """Log one fault, or count it when the last line about this hook is fresh.

        Args:
            module: the plugin's, for `describe`.
        """
        key, now = (plugin, hook), self._clock()
        last, hidden = self._seen.get(key, (None, 0))
        if last is not None and now - last < _INTERVAL:
            self._seen[key] = (last, hidden + 1)
            return
        self._seen[key] = (now, 0)
        _log.error(
            "plugin %s failed in %s: %s%s",
            plugin,
            hook,
            describe(error, module),
            f", and {hidden} times more since" if hidden else "",
            exc_info=error if self._personal_data else None,
            extra=call_of(session_id),
        )
