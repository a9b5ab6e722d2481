"""Who talks how much."""

from .events import TalkRatioMeasured
from .plugin import TalkRatio, TalkRatioSettings

__all__ = ["TalkRatio", "TalkRatioMeasured", "TalkRatioSettings"]
