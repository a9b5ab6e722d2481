"""How long each side of a call is silent."""

from .events import SilenceMeasured
from .plugin import SilencePlugin
from .settings import SilenceSettings

__all__ = ["SilenceMeasured", "SilencePlugin", "SilenceSettings"]
