"""The Session that plugins see, and the call behind it; runs without aiohttp."""

from .call import Call
from .control import CallControl
from .facts import CallFacts
from .holds import Hold, Holds, OnQuarantine
from .pools import BlockingPools
from .services import CallLimits, CallServices, wall_time
from .session import Session
from .wire import to_entity

__all__ = [
    "BlockingPools",
    "Call",
    "CallControl",
    "CallFacts",
    "CallLimits",
    "CallServices",
    "Hold",
    "Holds",
    "OnQuarantine",
    "Session",
    "to_entity",
    "wall_time",
]
