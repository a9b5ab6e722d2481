"""The page about the command line is what the commands say."""

from __future__ import annotations

from pathlib import Path

from audiohook_fw.cli.reference import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"


def test_the_page_is_current(place):
    made = reference()
    assert made == PAGE.read_text(encoding="utf-8"), (
        "make it anew: .venv/bin/python -m audiohook_fw.cli.reference > docs/reference/cli.md"
    )


def test_it_has_every_command_and_does_not_depend_on_the_terminal(place, monkeypatch):
    wide = reference()
    monkeypatch.setenv("COLUMNS", "60")
    assert reference() == wide
    headings = [line for line in wide.splitlines() if line.startswith("## ")]
    assert headings[0] == "## audiohook-fw"
    for path in (
        "serve",
        "simulate",
        "demo",
        "plugins",
        "config show",
        "config check",
        "config init",
        "keys new",
    ):
        assert f"## audiohook-fw {path}" in headings
