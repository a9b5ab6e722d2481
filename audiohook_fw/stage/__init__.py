"""Where plugins run a call without a server: loaded, started and stopped in an event loop of its own."""

from __future__ import annotations

from .loading import SERVER, WITNESS, Witness, limits_of, name_of, named, options_for
from .opening import open_message
from .paced_loop import PacedLoop
from .stage import Fault, Stage, StageLoop
from .virtual_loop import VirtualLoop

__all__ = [
    "SERVER",
    "WITNESS",
    "Fault",
    "PacedLoop",
    "Stage",
    "StageLoop",
    "VirtualLoop",
    "Witness",
    "limits_of",
    "name_of",
    "named",
    "open_message",
    "options_for",
]
