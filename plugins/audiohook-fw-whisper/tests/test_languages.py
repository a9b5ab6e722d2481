"""Tags of languages, and Whisper's codes."""

from __future__ import annotations

import pytest
from audiohook_fw_whisper.languages import EVERY_TAG, code_of, tag_of
from faster_whisper.tokenizer import _LANGUAGE_CODES


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en-US", "en"),
        ("EN", "en"),
        ("zh-Hant-TW", "zh"),
        ("cmn-Hans-CN", "zh"),
        ("nb-NO", "no"),
        ("fil-PH", "tl"),
        ("jv", "jw"),
        ("iw", "he"),
        ("yue-HK", None),
        ("xx", None),
        ("", None),
    ],
)
def test_code_of_a_tag(tag: str, code: str | None) -> None:
    assert code_of(tag) == code


def test_every_tag_has_a_code_that_whisper_knows() -> None:
    codes = {code_of(tag) for tag in EVERY_TAG}
    assert codes == set(_LANGUAGE_CODES) - {"yue"}  # which only the newest models know
    assert EVERY_TAG[0] == "en"  # what a call that tells none counts as
    assert len(EVERY_TAG) == len(set(EVERY_TAG))


def test_tag_of_a_code() -> None:
    assert tag_of("jw") == "jv"
    assert tag_of("de") == "de"
