"""`Services`: what one connection needs of its server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from audiohook_fw.config import Settings
from audiohook_fw.plugin import PluginManager
from audiohook_fw.protocol import ServerState
from audiohook_fw.session import BlockingPools, CallServices
from audiohook_fw.telemetry import Metrics, Tracing

from .counting import Counting
from .registry import Registry
from .timers import allowances
from .turn import Turn

__all__ = ["Services"]


@dataclass(slots=True, eq=False)
class Services:
    """Shared by all connections of one server."""

    settings: Settings
    plugins: PluginManager
    metrics: Metrics
    tracing: Tracing
    registry: Registry
    pools: BlockingPools
    calls: CallServices = field(init=False)
    counting: Counting = field(init=False)
    turn: Turn = field(default_factory=Turn)
    allowances: Mapping[ServerState, float] = field(init=False)
    """How long each state may last, in seconds."""

    def __post_init__(self) -> None:
        self.counting = Counting(self.metrics)
        self.allowances = allowances(self.settings.limits)
        self.calls = CallServices(
            self.plugins,
            self.settings.limits,
            self.pools,
            self.metrics,
            self.tracing,
            self.settings.server.node,
        )
