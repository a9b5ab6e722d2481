"""`Row`: what is written into one row of a table, and how it stands in the journal."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

__all__ = ["MAX_TEXT", "Row", "RowError", "cut", "first_id", "iso", "new_id", "text"]

MAX_TEXT: Final = 500
"""Characters of a text that somebody else made up: ids, names, messages."""


class RowError(ValueError):
    """A line of the journal that is no row."""


class Row(NamedTuple):
    """Values for a row of the table of that name; what is not among them stays empty."""

    table: str
    values: Mapping[str, Any]

    def to_line(self) -> bytes:
        """Return the row as one line of JSON, with its end."""
        line = json.dumps((self.table, self.values), ensure_ascii=False, separators=(",", ":"))
        return line.encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Row:
        """Read a line.

        Raises:
            RowError: it is no row.
        """
        try:
            table, values = json.loads(line)
        except (ValueError, TypeError) as error:
            raise RowError("no JSON of a row") from error
        if not isinstance(table, str) or not isinstance(values, dict):
            raise RowError("no table and values")
        return cls(table, values)


def new_id(at: datetime) -> str:
    """Return an id that sorts by time, in milliseconds; 32 hexadecimal digits."""
    return first_id(at) + secrets.token_hex(10)


def first_id(at: datetime) -> str:
    """Return what comes before all ids of that time and later, and after all of before."""
    return f"{max(0, int(at.timestamp() * 1000)):012x}"


def iso(at: datetime | None = None) -> str:
    """Return a time (now, unless one is given) as text that sorts: UTC, to the millisecond."""
    at = (at or datetime.now(UTC)).astimezone(UTC)
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def text(value: object) -> str:
    """Return what any database takes of a short text; `None` becomes an empty one."""
    return "" if value is None else cut(str(value), MAX_TEXT)


def cut(value: str, length: int) -> str:
    """Return the first characters of a text, without NUL and halves of characters: no database takes them."""
    return value[:length].replace("\0", "\ufffd").encode(errors="replace").decode()
