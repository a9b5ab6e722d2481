"""The section of the configuration: what is refused, and with which words."""

from __future__ import annotations

from typing import Any

import pytest
from audiohook_fw_redact import Kind, RedactSettings
from pydantic import ValidationError


def test_defaults() -> None:
    settings = RedactSettings()
    assert settings.kinds == tuple(Kind)
    assert settings.keep_last == 0


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"kinds": ["cards"]}, "card_code"),
        ({"patterns": {"My-Badge": "x"}}, "take small letters"),
        ({"patterns": {"card": "x"}}, "my_card"),
        ({"patterns": {"badge": "("}}, "no regular expression"),
        ({"languages": ["xx"]}, "xx is not known; there are: en"),
        ({"languages": []}, "none is not known"),
        ({"keep_last": 5}, "less than or equal to 4"),
        ({"style": "dots"}, "label"),
        ({"interims": "keep"}, "redact"),
        ({"nothing": 1}, "Extra inputs"),
    ],
)
def test_what_is_refused(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        RedactSettings.model_validate(wrong)
