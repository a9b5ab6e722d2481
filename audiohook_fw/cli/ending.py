"""`bound_exit`: the process ends, though plugins left threads behind that do not."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Collection
from typing import Final

__all__ = ["bound_exit"]

logger = logging.getLogger(__name__)

_PATIENCE: Final = 1.0  # seconds for threads to end by themselves
_BOUND: Final = 2.0  # seconds for the interpreter to end after that


def bound_exit(status: int, earlier: Collection[threading.Thread]) -> None:
    """Wait a second for threads; if one is left, make sure that the process ends in two seconds more.

    The interpreter waits for every thread that is no daemon, for ever if need be. It may still end in its
    own way: idle threads of a pool end, and `atexit` functions are called. What is not done by then is
    cut off.

    Args:
        status: exit status of a process that is cut off.
        earlier: threads that are nobody's business here: they ran before.
    """
    deadline = time.monotonic() + _PATIENCE
    ours = [thread for thread in threading.enumerate() if not thread.daemon and thread not in earlier]
    for thread in ours:
        thread.join(max(0.0, deadline - time.monotonic()))
    left = [thread.name for thread in ours if thread.is_alive()]
    if left:
        logger.warning("threads that plugins left behind: %s; they have %g s", ", ".join(left), _BOUND)
        sys.stdout.flush()
        threading.Thread(target=_cut_off, args=(status,), name="audiohook-exit", daemon=True).start()


def _cut_off(status: int) -> None:
    time.sleep(_BOUND)
    os._exit(status)
