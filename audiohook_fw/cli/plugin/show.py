"""What `plugin check` shows: a line for each rule as it is judged, and on a terminal what is being tried."""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from ..packaging import Finding, Outcome
from ..texts import clean

__all__ = ["Screen"]

_WIDTH: Final = 80
_NARROWEST: Final = 40
_MARKS: Final = {
    Outcome.PASSED: "[green]✓[/]",
    Outcome.FAILED: "[red]✗[/]",
    Outcome.SKIPPED: "[yellow]-[/]",
}
_INDENT: Final = 6


class Screen:
    """Where the check writes; a quiet one writes nothing."""

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True, quiet=quiet)
        columns = shutil.get_terminal_size((_WIDTH, 0)).columns
        self._width = max(_NARROWEST, min(columns, 2 * _WIDTH))
        self._status: Status | None = None

    def title(self, text: str) -> None:
        """Write a heading."""
        self._console.print(f"\n[bold]{escape(clean(text))}[/]")

    def trying(self, rule: str) -> None:
        """Show which rule is being tried; only a terminal shows it."""
        if self._console.is_terminal and self._status is None:
            self._status = self._console.status("")
            self._status.start()
        if self._status is not None:
            self._status.update(f"{escape(rule)} …")

    def finding(self, finding: Finding) -> None:
        """Write what came of a rule."""
        self._console.print(f"  {_MARKS[finding.outcome]} {escape(finding.rule)}")
        self._details(
            f"skipped: {finding.problem}" if finding.outcome is Outcome.SKIPPED else finding.problem
        )
        self._details(f"mend: {finding.mend}" if finding.mend else "")

    def rest(self) -> None:
        """Show no more what is being tried."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def total(self, findings: Sequence[Finding]) -> None:
        """Write how many rules are kept."""
        counts = Counter(finding.outcome for finding in findings)
        words = {Outcome.PASSED: "kept", Outcome.FAILED: "broken", Outcome.SKIPPED: "skipped"}
        text = ", ".join(f"{counts[outcome]} {word}" for outcome, word in words.items() if counts[outcome])
        self._console.print(f"\n{len(findings)} rules: {text}")

    def _details(self, text: str) -> None:
        for line in textwrap.wrap(
            text.replace(f"{Path.cwd()}/", ""),  # shorter, and as people name their files
            self._width,
            initial_indent=" " * (_INDENT - 2),
            subsequent_indent=" " * _INDENT,
            break_on_hyphens=False,
            break_long_words=False,
        ):
            self._console.print(escape(line))
