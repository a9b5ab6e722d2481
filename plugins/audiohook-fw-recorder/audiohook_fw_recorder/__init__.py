"""Records calls with audiohook_fw: one WAV and one JSON sidecar per call."""

from .plugin import Recorder
from .settings import RecorderSettings

__all__ = ["Recorder", "RecorderSettings"]
