"""Calls that are listened to, and what tests of detectors import from elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
# For `scripted_detector`, and for the package `speech`: clips, their truth, and how results are judged.
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "tests")]

from audiohook_fw_vad import Conversation, Vad  # noqa: E402
from scripted_detector import Plan  # noqa: E402

from audiohook_fw import SpeechEnded, SpeechStarted  # noqa: E402
from audiohook_fw.testing import CallDriver  # noqa: E402

RATE = 8000


class Kit:
    """What tests use besides fixtures."""

    @staticmethod
    def loud(seconds: float, *channels: int) -> Any:
        """Return stereo samples that are loud on these channels (both when none is named)."""
        samples = np.zeros((round(seconds * RATE), 2), dtype=np.int16)
        tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(len(samples)) / RATE)).astype(np.int16)
        for channel in channels or (0, 1):
            samples[:, channel] = tone
        return samples

    @classmethod
    def quiet(cls, seconds: float) -> Any:
        """Return stereo silence."""
        return cls.loud(seconds) * 0

    @staticmethod
    def told(call: CallDriver) -> list[tuple[str, str, float, float]]:
        """Return what was told of speech: kind, channel, start, and end (0 for a start), in seconds."""
        told = []
        for event in call.emitted:
            if isinstance(event, SpeechStarted):
                told.append(("started", event.channel, event.start / RATE, 0.0))
            elif isinstance(event, SpeechEnded):
                end = (event.start + event.length) / RATE
                told.append(("ended", event.channel, event.start / RATE, end))
        return told

    @classmethod
    def segments(cls, call: CallDriver, channel: str) -> list[tuple[float, float]]:
        """Return the segments of a channel, in seconds."""
        return [(s, e) for kind, name, s, e in cls.told(call) if kind == "ended" and name == channel]

    @staticmethod
    def summary(call: CallDriver) -> Conversation:
        """Return what was told at the end."""
        (summary,) = [event for event in call.emitted if isinstance(event, Conversation)]
        return summary


@pytest.fixture
def kit() -> type[Kit]:
    return Kit


@pytest.fixture
def plan() -> Iterator[Plan]:
    made = Plan()
    yield made
    made.go.set()


NewCall = Callable[..., CallDriver]


@pytest.fixture
def new_call() -> Iterator[NewCall]:
    """Make a call that a detector of loudness listens to, unless another engine is named."""
    made: list[CallDriver] = []

    def make(facts: dict[str, Any] | None = None, **settings: Any) -> CallDriver:
        defaults = {"engine": "scripted_detector:LoudDetector", "ignore_background": False, "batch": 0.02}
        call = CallDriver(Vad, settings={**defaults, **settings}, **(facts or {}))
        made.append(call)
        return call

    yield make
    for call in made:
        call.shutdown()
