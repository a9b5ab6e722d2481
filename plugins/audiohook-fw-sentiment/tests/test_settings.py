"""The section `[plugins.sentiment]`: what it refuses, and what it says then."""

from __future__ import annotations

from typing import Any

import pytest
from audiohook_fw_sentiment import SentimentSettings
from pydantic import ValidationError


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"engines": []}, "at least 1"),
        ({"engines": ["vader", "vader"]}, "twice"),
        ({"words": {"on hold": -5}}, "greater than or equal to -4"),
        ({"words": {"...": 1}}, "holds no word"),
        ({"language": "English please"}, "pattern"),
        ({"threshold": 1.5}, "less than or equal to 1"),
        ({"half_life": 0}, "greater than or equal to 1"),
        ({"timeout": 60}, "less than or equal to 30"),
        ({"parallel": 0}, "greater than or equal to 1"),
        ({"waiting": 0}, "greater than or equal to 1"),
        ({"rest": 0}, "greater than or equal to 1"),
        ({"options": {"acme": {}}}, "not among the engines"),
        ({"options": {"vader": {}}}, "vader has words and call_centre"),
        ({"engine": "vader"}, "Extra inputs"),
    ],
)
def test_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        SentimentSettings(**settings)


def test_taken() -> None:
    settings = SentimentSettings.model_validate(
        {
            "engines": ["acme", "vader"],
            "options": {"acme": {"model": "x"}},
            "words": {"on hold": -1.2},
            "language": "",
        }
    )
    assert settings.engines == ("acme", "vader")
