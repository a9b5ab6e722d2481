"""Rows of the journal as full rows of their tables, if that is what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, Table

from .rows import Row
from .schema import TABLES

__all__ = ["KEYS", "full"]


class _Field(NamedTuple):
    name: str
    kind: type[Any]
    most: int
    """One more than the biggest number that the column takes."""
    default: Any
    is_needed: bool


def _field(column: Column[Any]) -> _Field:
    kinds = {Boolean: bool, Float: float, BigInteger: int, Integer: int}
    has_default = column.server_default is not None
    return _Field(
        column.name,
        kinds.get(type(column.type), str),
        2**63 if isinstance(column.type, BigInteger) else 2**31,
        "" if has_default else None,
        not column.nullable and not has_default,
    )


def _fields(table: Table) -> tuple[_Field, ...]:
    return tuple(_field(column) for column in table.columns if column.autoincrement is not True)


_FIELDS: Final = {name: _fields(table) for name, table in TABLES.items()}

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    name: ("session", "number") if name == "events" else tuple(c.name for c in table.primary_key)
    for name, table in TABLES.items()
}
"""What makes a row of a table the same as another."""


def full(row: Row) -> dict[str, Any] | None:
    """Return a value for each column that is written; `None` for what no table takes."""
    fields = _FIELDS.get(row.table)
    if fields is None:
        return None
    given: Mapping[str, Any] = row.values
    values: dict[str, Any] = {}
    value: Any
    for name, kind, most, default, is_needed in fields:
        value = given.get(name)
        if value is None:
            if is_needed:
                return None
            value = default
        elif type(value) is not kind:
            if kind is not float or type(value) is not int or not -most <= value < most:
                return None
        elif kind is str:
            if not _is_text(value):
                return None
        elif kind is int and not -most <= value < most:
            return None
        values[name] = value
    return values


def _is_text(value: str) -> bool:
    if "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
