"""Writes down what was said in a call with audiohook_fw: as text, JSON and WebVTT."""

from .plugin import Transcripts
from .settings import TranscriptsSettings

__all__ = ["Transcripts", "TranscriptsSettings"]
