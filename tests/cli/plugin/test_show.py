"""What a check shows while it runs."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from audiohook_fw.cli.packaging import Finding, Outcome
from audiohook_fw.cli.plugin.show import Screen


def test_a_terminal_shows_what_is_being_tried():
    out = StringIO()
    screen = Screen(Console(file=out, force_terminal=True, width=80))
    screen.trying("never-blocks")
    screen.rest()
    screen.rest()
    assert "never-blocks …" in out.getvalue()


def test_a_file_gets_findings_only(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    out = StringIO()
    screen = Screen(Console(file=out))
    screen.trying("loads")
    findings = [
        Finding("contract", "loads", "It loads."),
        Finding("packaging", "typed", "It has it.", Outcome.FAILED, "there is [none]", "add one"),
        Finding("packaging", "version", "It has one.", Outcome.SKIPPED, "no distribution"),
    ]
    for finding in findings:
        screen.finding(finding)
    screen.total(findings)
    assert out.getvalue().splitlines() == [
        "  ✓ loads",
        "  ✗ typed",
        "    there is [none]",
        "    mend: add one",
        "  - version",
        "    skipped: no distribution",
        "",
        "3 rules: 1 kept, 1 broken, 1 skipped",
    ]
