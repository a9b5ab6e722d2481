"""Voice activity for audiohook_fw: tells who speaks when, and how talk was shared at the end of a call."""

from .engine import Detector
from .events import Conversation, Party
from .plugin import Vad
from .settings import VadSettings

__all__ = ["Conversation", "Detector", "Party", "Vad", "VadSettings"]
