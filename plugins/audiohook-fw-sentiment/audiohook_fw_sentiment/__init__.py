"""Sentiment for audiohook_fw: the mood of each utterance, and of each side of a call so far."""

from .engine import BatchEngine, Engine, Utterance
from .plugin import SentimentPlugin
from .settings import SentimentSettings
from .vader import Vader

__all__ = ["BatchEngine", "Engine", "SentimentPlugin", "SentimentSettings", "Utterance", "Vader"]
