"""Replays recorded calls through plugins: no network, virtual time, the same result each time."""

from __future__ import annotations

from audiohook_fw.stage import Fault

from .line import ReplayError
from .replay import FRAME_MS, replay
from .result import Emitted, Replayed, Wish
from .steps import AudioStep, DiscardStep, PauseStep, RecordedCall, ResumeStep, Step, UpdateStep

__all__ = [
    "FRAME_MS",
    "AudioStep",
    "DiscardStep",
    "Emitted",
    "Fault",
    "PauseStep",
    "RecordedCall",
    "ReplayError",
    "Replayed",
    "ResumeStep",
    "Step",
    "UpdateStep",
    "Wish",
    "replay",
]
