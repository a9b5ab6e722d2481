"""Cost control for audiohook_fw: pauses streams that nobody needs, and meters what calls cost."""

from .plugin import Cost
from .settings import CostSettings, PauseSettings

__all__ = ["Cost", "CostSettings", "PauseSettings"]
