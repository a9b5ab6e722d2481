"""Asks the Genesys Cloud Platform API: queue, agent and holds of each call, and where calls come from."""

from .plugin import Genesys
from .settings import GenesysSettings

__all__ = ["Genesys", "GenesysSettings"]
