"""Settings become samples, and those that do not fit are refused."""

from __future__ import annotations

import os
from typing import Any

import pytest
from audiohook_fw_vad import VadSettings
from audiohook_fw_vad.gate import GateRules
from audiohook_fw_vad.segmenter import Rules
from pydantic import ValidationError


def test_the_defaults() -> None:
    settings = VadSettings()
    assert settings.rules(8000) == Rules(0.5, 0.35, min_speech=800, min_silence=2400)
    assert settings.gate == GateRules(15.5, 13)
    assert settings.thread_count == min(os.cpu_count() or 1, 4)


def test_they_are_counted_in_samples() -> None:
    settings = VadSettings(min_speech=0.2, min_silence=0.5, pad_before=0.1, pad_after=0.05, threads=3)
    assert settings.rules(8000) == Rules(0.5, 0.35, 1600, 4000, pad_before=800, pad_after=400)
    assert settings.thread_count == 3
    assert VadSettings(ignore_background=False).gate is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"threshold": 0.3}, "end_threshold"),
        ({"pad_before": 0.2, "pad_after": 0.2}, "min_silence"),
        ({"threads": 0}, "threads"),
        ({"engine": ""}, "engine"),
        ({"min_silence": 0}, "min_silence"),
        ({"max_lag": 0.1}, "max_lag"),
        ({"padding": 1}, "padding"),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        VadSettings(**values)
