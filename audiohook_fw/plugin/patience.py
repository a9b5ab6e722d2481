"""Say which plugin keeps everybody waiting while it is imported or made: nothing can interrupt it."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import Final, Self

from .faults import place_of

__all__ = ["ADVICE", "PATIENCE", "LoadWatch"]

_log: Final = logging.getLogger(__name__)

PATIENCE: float = 5.0
"""Seconds after which loading one plugin is called slow."""

ADVICE: Final = "move slow work into on_startup, which may be async and has a deadline"


class LoadWatch:
    """Watches this thread from another one, which speaks up after 5 s, then after 10, 20, 40 …

    A plugin's import and `__init__` run in the thread of the loader, where Python cannot end them; what
    can be done is to name the plugin and the line it is at, so that somebody can leave it out.
    """

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin
        self._thread = threading.get_ident()
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="audiohook-load-watch", daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        waited, pause = 0.0, PATIENCE
        while not self._done.wait(pause):
            waited += pause
            pause = waited
            frame = sys._current_frames().get(self._thread)
            _log.warning(
                "plugin %s is still loading after %g s, at %s, and nothing else starts meanwhile; "
                "%s, or leave the plugin out (-p no:%s)",
                self._plugin,
                waited,
                place_of(frame),
                ADVICE,
                self._plugin,
                extra={"at_once": True},
            )
