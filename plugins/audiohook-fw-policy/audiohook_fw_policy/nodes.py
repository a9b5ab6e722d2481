"""`Node`: a value of a rule file that knows its line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["MOST_DEPTH", "Node"]

MOST_DEPTH: Final = 50
"""How deep values of a file may be nested."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place.

    Attributes:
        value: a scalar, a `dict` of nodes by key, or a `list` of nodes.
        line: where it begins, counted from 1.
        key_line: where its key stands, for values of tables.
        written: a number as it was written, in YAML only, where texts need no quotes; else empty.
    """

    value: object
    line: int
    key_line: int = 0
    written: str = ""
