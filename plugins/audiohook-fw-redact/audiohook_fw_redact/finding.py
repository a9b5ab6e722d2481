"""`Finding`: a piece of a text that is to go, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

__all__ = ["Finding", "Recogniser", "UnreadableError", "merged"]


class UnreadableError(ValueError):
    """A text is not read, and goes as a whole; the message may be logged, so it quotes nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of a text that is to go; it does not hold the piece itself.

    Attributes:
        kind: of personal data, such as `card`; it stands in the replacement.
        rule: which rule found it, for people who wonder.
        start, end: characters of the text.
    """

    kind: str
    rule: str
    start: int
    end: int


class Recogniser(Protocol):
    """What the entry point group `audiohook_fw_redact` offers: finds one kind of personal data in a text."""

    @property
    def kind(self) -> str:
        """The name of what it finds, in small letters."""

    def find(self, text: str, language: str) -> Iterable[Finding]:
        """Return what is to go from a text; must not block. Whatever it raises has the whole text go."""


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in order of place, those that overlap or touch as one under the longest one's name."""
    result: list[Finding] = []
    longest = 0
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        last = result[-1] if result else None
        if last is None or finding.start >= last.end:
            result.append(finding)
            longest = finding.end - finding.start
            continue
        end = max(last.end, finding.end)
        if finding.end - finding.start > longest:
            longest = finding.end - finding.start
            last = finding
        result[-1] = replace(last, start=result[-1].start, end=end)
    return result
