"""Speech recognition with pocketsphinx for audiohook_fw."""

from .plugin import Pocketsphinx
from .settings import PocketsphinxSettings

__all__ = ["Pocketsphinx", "PocketsphinxSettings"]
