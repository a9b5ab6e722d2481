"""What plugins say, made fit for a terminal and for JSON."""

from __future__ import annotations

import pytest

from audiohook_fw.cli.texts import clean


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Grüße, мир ✓", "Grüße, мир ✓"),
        ("two\nlines\tand\r\nmore", "two lines and  more"),
        ("\x1b[2J\x07\x00\x9b", r"\x1b[2J\x07\x00\x9b"),
        ("half \ud800", r"half \ud800"),
        ("right\u202eleft", r"right\u202eleft"),
    ],
)
def test_it_is_shown_as_one_line_of_characters(text, shown):
    assert clean(text) == shown
    assert clean(text).isprintable()
