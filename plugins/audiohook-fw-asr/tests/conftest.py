"""Calls of a plugin that is made of the base and of scripted engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from audiohook_fw_asr import (
    Engine,
    SegmentSettings,
    SpeechRecognition,
    StreamSettings,
)
from audiohook_fw_asr.testing import ScriptedSegmentEngine

from audiohook_fw.testing import CallDriver


def make_plugin(*engines: Engine) -> type[SpeechRecognition]:
    """Return a plugin with these engines."""

    class Scripted(SpeechRecognition):
        Settings = SegmentSettings if isinstance(engines[0], ScriptedSegmentEngine) else StreamSettings

        def make_engines(self) -> Sequence[Engine]:
            return engines

    return Scripted


@pytest.fixture
def new_call() -> Iterator[Callable[..., CallDriver]]:
    """Make a call with engines and settings."""
    made: list[CallDriver] = []

    def make(*engines: Engine, facts: dict[str, Any] | None = None, **settings: Any) -> CallDriver:
        made.append(CallDriver(make_plugin(*engines), settings=settings, **(facts or {})))
        return made[-1]

    yield make
    for call in made:
        call.shutdown()
