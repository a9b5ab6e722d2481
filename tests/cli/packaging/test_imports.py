"""What source text imports."""

from __future__ import annotations

from audiohook_fw.cli.packaging.imports import imported


def test_absolute_imports_anywhere():
    text = (
        "import a.b, c\nfrom d import e as f, g\nfrom . import h\nfrom .i import j\ndef k():\n    import l\n"
    )
    assert list(imported(text)) == [
        (1, "a.b", ""),
        (1, "c", ""),
        (2, "d", "e"),
        (2, "d", "g"),
        (6, "l", ""),
    ]


def test_what_is_no_python_imports_nothing():
    assert list(imported("def (")) == []
    assert list(imported("x = '\0'")) == []
