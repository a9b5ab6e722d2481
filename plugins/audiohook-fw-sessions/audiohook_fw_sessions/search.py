"""Search in what was said: by the index for words that few said, else along the sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from .schema import events

__all__ = ["COMMON", "holding", "is_common", "said"]

COMMON: Final = 20_000
"""Utterances up to which the index finds all sessions at once: that takes as long as there are utterances."""
_SPARSE: Final = 50
"""How often the index is read past an utterance before it is asked for each one instead."""

_said: Final = table("said", column("rowid"))
_SIMPLE: Final[ColumnElement[str]] = literal_column("'simple'")
_MARKS: Final[ColumnElement[str]] = literal_column("'-+./@:&?=#%~<>,'")
_SPACES: Final[ColumnElement[str]] = literal_column("'               '")
"""PostgreSQL would take `555-1234` and `a@example.com` for one word each."""


def said(words: Sequence[str], dialect: str) -> Select[Any]:
    """Return the sessions in which one utterance holds all the words, from the index."""
    if dialect == "postgresql":
        query = select(events.c.session).where(_matches(words))
        # Made first: the planner takes words that it does not know for common, and would walk all sessions.
        made = query.distinct().cte("said").prefix_with("MATERIALIZED")
        return select(made.c.session)
    return select(events.c.session).where(events.c.id.in_(_numbers(words)))


async def is_common(connection: AsyncConnection, words: Sequence[str]) -> bool:
    """Tell whether more than `COMMON` utterances hold all the words."""
    if connection.dialect.name == "postgresql":
        query = select(events.c.session).where(_matches(words))
    else:
        query = _numbers(words)
    some = query.limit(COMMON + 1).subquery()
    return int((await connection.execute(select(func.count()).select_from(some))).scalar_one()) > COMMON


async def holding(connection: AsyncConnection, words: Sequence[str], ids: Sequence[str]) -> set[str]:
    """Return which of these sessions have an utterance that holds all the words."""
    of_them = events.c.session.in_(ids)
    query: Select[Any] = select(events.c.session).distinct().where(of_them)
    if connection.dialect.name == "postgresql":
        query = query.where(_matches(words, by_index=False))
        return set((await connection.execute(query)).scalars())
    number = events.c.id
    span = select(func.min(number), func.max(number), func.count()).where(of_them)
    first, last, count = (await connection.execute(span)).one()
    if not count:
        return set()
    found = _numbers(words)
    if last - first < _SPARSE * count:  # one walk along the index
        query = query.where(number.in_(found.where(_said.c.rowid.between(first, last))))
    else:
        query = query.where(found.where(_said.c.rowid == number).correlate(events).exists())
    return set((await connection.execute(query)).scalars())


def _numbers(words: Sequence[str]) -> Select[Any]:
    """Return the utterances that hold all the words, in SQLite."""
    quoted = " ".join(f'"{word}"' for word in words)
    match = text("said MATCH :words").bindparams(bindparam("words", quoted, String))
    return select(_said.c.rowid).where(match)


def _matches(words: Sequence[str], *, by_index: bool = True) -> ColumnElement[bool]:
    """Return whether an utterance holds all the words, in PostgreSQL."""
    # Only where it is written as in the index does the planner make use of that.
    said = events.c.text if by_index else func.coalesce(events.c.text, literal_column("''"))
    vector = func.to_tsvector(_SIMPLE, func.translate(said, _MARKS, _SPACES))
    held: ColumnElement[bool] = vector.op("@@")(func.plainto_tsquery(_SIMPLE, " ".join(words)))
    return events.c.text.is_not(None) & held
