"""Which engine knows which language."""

from __future__ import annotations

import pytest
from audiohook_fw_sentiment.languages import understands


@pytest.mark.parametrize(
    ("tags", "language", "known"),
    [
        (["en"], "en", True),
        (["en"], "en-US", True),
        (["en"], "EN_gb", True),
        (["en-US"], "en", False),
        (["en-US"], "en-GB", False),
        (["en"], "de-DE", False),
        (["en"], "eng", False),
        (["de", "fr"], "fr-CA", True),
        (["*"], "sw", True),
        (["*"], "", False),
        ([""], "-x", False),
        (["en"], "", False),
    ],
)
def test_understands(tags: list[str], language: str, known: bool) -> None:
    assert understands(tags, language) is known
