"""The base of speech-recognition plugins: an engine is some thirty lines, the rest is here."""

from .buffered import BufferedStream
from .events import RecognitionStatus
from .languages import match_language
from .plugin import SpeechRecognition
from .settings import RecognitionSettings, SegmentSettings, StreamSettings
from .types import (
    Engine,
    EngineStream,
    Result,
    Samples,
    Segment,
    SegmentDroppedError,
    SegmentEngine,
    StreamEngine,
    StreamRequest,
    Word,
)

__all__ = [
    "BufferedStream",
    "Engine",
    "EngineStream",
    "RecognitionSettings",
    "RecognitionStatus",
    "Result",
    "Samples",
    "Segment",
    "SegmentDroppedError",
    "SegmentEngine",
    "SegmentSettings",
    "SpeechRecognition",
    "StreamEngine",
    "StreamRequest",
    "StreamSettings",
    "Word",
    "match_language",
]
