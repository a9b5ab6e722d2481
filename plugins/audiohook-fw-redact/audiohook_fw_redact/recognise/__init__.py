"""Recognisers of personal data in a text that was read once."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Finding
from .checks import luhn
from .dates import find_birth_dates
from .emails import find_emails
from .folding import Folded, fold
from .letters import find_letters
from .numbers import find_numbers, is_bare
from .reading import Label, Reading, Run, read

__all__ = ["Folded", "Label", "Reading", "Run", "find_all", "fold", "is_bare", "luhn", "read"]


def find_all(reading: Reading, *, interim: bool = False, blind: bool = False) -> Iterator[Finding]:
    """Return all that is found in a text; some of it may overlap. What knows best comes first."""
    yield from find_letters(reading)
    yield from find_numbers(reading, interim=interim, blind=blind)
    yield from find_emails(reading, interim=interim)
    yield from find_birth_dates(reading)
