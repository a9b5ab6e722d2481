"""Which language fits which."""

from __future__ import annotations

import pytest
from audiohook_fw_asr import match_language


@pytest.mark.parametrize(
    ("wanted", "known", "match"),
    [
        ("en-US", ["de-DE", "en-US"], "en-US"),
        ("EN-us", ["en-US"], "en-US"),
        ("en-GB", ["en"], "en"),
        ("en-GB", ["en-US"], None),
        ("en", ["de", "en-GB", "en-US"], "en-GB"),
        ("zh-Hans-CN", ["zh", "zh-Hans"], "zh-Hans"),
        ("eng", ["en"], None),
        ("", ["en"], None),
        ("fr-FR", [], None),
    ],
)
def test_matches(wanted: str, known: list[str], match: str | None) -> None:
    assert match_language(wanted, known) == match
