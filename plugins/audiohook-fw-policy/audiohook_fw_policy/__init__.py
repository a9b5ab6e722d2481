"""Decides by rules which calls audiohook_fw streams."""

from .plugin import Policy
from .settings import PolicySettings

__all__ = ["Policy", "PolicySettings"]
