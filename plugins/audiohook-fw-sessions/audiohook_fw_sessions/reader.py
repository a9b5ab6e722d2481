"""`Reader`: asks the database. It changes nothing, and what it gives is plain data for JSON."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import URL, ColumnElement, Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from .engines import make_reader
from .filters import STATES, Filter, conditions
from .migrate import check_schema
from .schema import discards, errors, events, failures, pauses, recordings, sessions, tags
from .search import holding, is_common

__all__ = ["MAX_PAGE", "By", "Reader"]

MAX_PAGE: Final = 1_000
"""Sessions of one page."""

_STRIDE: Final = 4_000
"""Sessions at most that are searched at a time."""

Data = dict[str, Any]


class By(StrEnum):
    """What a line of statistics stands for."""

    TOTAL = "total"
    DAY = "day"
    KEY = "key"
    ORGANIZATION = "organization"
    QUEUE = "queue"
    STATE = "state"
    REASON = "reason"


_GROUPS: Final[Mapping[By, ColumnElement[Any]]] = {
    By.DAY: func.substr(sessions.c.started_at, 1, 10),
    By.KEY: sessions.c.key_name,
    By.ORGANIZATION: sessions.c.organization_id,
    By.QUEUE: case((sessions.c.queue_name != "", sessions.c.queue_name), else_=sessions.c.queue_id),
    By.STATE: sessions.c.state,
    By.REASON: func.coalesce(sessions.c.reason, ""),
}
_PARTS: Final = {
    "pauses": pauses,
    "discards": discards,
    "errors": errors,
    "failures": failures,
    "events": events,
}
_HIDDEN: Final = frozenset({"revision", "session", "process"})


class Reader:
    """The database, to be asked. Use it in one event loop.

    Args:
        seconds: how long a question may take at a server.

    Raises:
        FileNotFoundError, ModuleNotFoundError: there is no such file, or no driver.
        OSError, SQLAlchemyError, SchemaError: the database cannot be used, at any call.
    """

    def __init__(self, url: URL, *, seconds: float | None = None) -> None:
        self._engine: AsyncEngine = make_reader(url, seconds=seconds)
        self._dialect: Final = self._engine.dialect.name

    async def close(self) -> None:
        """Let go of all connections."""
        await self._engine.dispose()

    async def check(self) -> None:
        """Hold that the tables are those of this version."""
        await check_schema(self._engine)

    async def page(self, wanted: Filter, *, limit: int, before: str = "") -> list[Data]:
        """Return sessions, the newest first; `before` is the id of the last one of the page before."""
        return await self._page(wanted, limit, before, common=await self._is_common(wanted))

    async def count(self, wanted: Filter) -> int | None:
        """Return how many sessions there are; `None` when it would take long: many said the words."""
        if await self._is_common(wanted):
            return None
        query = select(func.count()).select_from(sessions).where(*conditions(wanted, self._dialect))
        async with self._engine.connect() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def pages(self, wanted: Filter, *, details: bool, size: int = 500) -> AsyncIterator[list[Data]]:
        """Yield all sessions, the newest first, a page at a time."""
        before = ""
        common = await self._is_common(wanted)
        while found := await self._page(wanted, size, before, common=common):
            yield await self.with_details(found) if details else found
            if len(found) < size:
                return
            before = found[-1]["id"]

    async def find(self, name: str) -> list[Data]:
        """Return the sessions of an id (ours, Genesys', or that of a conversation), oldest first."""
        name = name.lower()
        if not (name.isascii() and name.isprintable()):
            return []
        c = sessions.c
        ids = select(c.id).where(or_(c.id == name, c.session_id == name, c.conversation_id == name))
        found = await self._rows(select(sessions).where(c.id.in_(ids)).order_by(c.id).limit(MAX_PAGE))
        marks = await self._by_session(select(tags).order_by(tags.c.name), tags.c.session, found)
        return await self.with_details([_session(row, marks.get(row["id"], ())) for row in found])

    async def with_details(self, found: Sequence[Data]) -> list[Data]:
        """Return the sessions with all that happened in them."""
        parts: dict[str, Mapping[str, Sequence[Data]]] = {}
        for name, table in _PARTS.items():
            order = table.c.plugin if table is failures else table.c.number
            parts[name] = await self._by_session(select(table).order_by(order), table.c.session, found)
        recorded = await self._recordings(found)
        return [
            {
                **session,
                **{name: [_part(row) for row in rows.get(session["id"], ())] for name, rows in parts.items()},
                "recordings": [dict(row) for row in recorded.get(session["session_id"], ())],
            }
            for session in found
        ]

    async def stats(self, wanted: Filter, by: By) -> list[Data]:
        """Return counts and sums of sessions, by what they have in common."""
        c = sessions.c
        figures = (
            func.count().label("sessions"),
            func.count(c.conversation_id.distinct()).label("conversations"),
            *(func.sum(case((c.state == state, 1), else_=0)).label(state) for state in STATES),
            func.coalesce(func.sum(c.seconds), 0.0).label("seconds"),
            func.avg(c.seconds).label("mean_seconds"),
            func.max(c.seconds).label("max_seconds"),
            func.max(c.rtt_max).label("max_rtt"),
        )
        where = conditions(wanted, self._dialect)
        if by is By.TOTAL:
            return await self._rows(select(*figures).where(*where))
        group = _GROUPS[by].label(by.value)
        query = select(group, *figures).where(*where).group_by(group).order_by(group).limit(10_000)
        return await self._rows(query)

    # inside -------------------------------------------------------------------------------------

    async def _page(self, wanted: Filter, limit: int, before: str, *, common: bool) -> list[Data]:
        if common:
            query = select(sessions).where(sessions.c.id.in_(await self._walked(wanted, limit, before)))
        else:
            query = self._where(select(sessions), wanted, before)
        found = await self._rows(query.order_by(sessions.c.id.desc()).limit(limit))
        marks = await self._by_session(select(tags).order_by(tags.c.name), tags.c.session, found)
        return [_session(row, marks.get(row["id"], ())) for row in found]

    async def _is_common(self, wanted: Filter) -> bool:
        if not wanted.words:
            return False
        async with self._engine.connect() as connection:
            return await is_common(connection, wanted.words)

    async def _walked(self, wanted: Filter, limit: int, before: str) -> list[str]:
        """Return the ids of a page for words that many said: ask the newest sessions, then older ones."""
        found: list[str] = []
        others = replace(wanted, words=())
        size = min(2 * limit, _STRIDE)
        async with self._engine.connect() as connection:
            while len(found) < limit:
                query = self._where(select(sessions.c.id), others, before)
                query = query.order_by(sessions.c.id.desc()).limit(size)
                ids = list((await connection.execute(query)).scalars())
                held = await holding(connection, wanted.words, ids) if ids else ()
                found += [name for name in ids if name in held]
                if len(ids) < size:
                    break
                before, size = ids[-1], min(4 * size, _STRIDE)
        return found[:limit]

    def _where(self, query: Select[Any], wanted: Filter, before: str) -> Select[Any]:
        query = query.where(*conditions(wanted, self._dialect))
        return query.where(sessions.c.id < before) if before else query

    async def _rows(self, query: Select[Any]) -> list[Data]:
        async with self._engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def _by_session(
        self, query: Select[Any], key: ColumnElement[str], found: Sequence[Data]
    ) -> Mapping[str, Sequence[Data]]:
        rows: dict[str, list[Data]] = {}
        if found:
            for row in await self._rows(query.where(key.in_([session["id"] for session in found]))):
                rows.setdefault(row["session"], []).append(row)
        return rows

    async def _recordings(self, found: Sequence[Data]) -> Mapping[str, Sequence[Data]]:
        rows: dict[str, list[Data]] = {}
        if found:
            ids = sorted({session["session_id"] for session in found})
            query = select(recordings).where(recordings.c.session_id.in_(ids)).order_by(recordings.c.at)
            for row in await self._rows(query):
                rows.setdefault(row["session_id"], []).append(row)
        return rows


def _session(row: Mapping[str, Any], marks: Sequence[Data]) -> Data:
    data = {name: value for name, value in row.items() if name not in _HIDDEN}
    data["counts"] = json.loads(data["counts"]) if data["counts"] else None
    data["continued"] = data["continued"].split(",") if data["continued"] else []
    data["tags"] = {mark["name"]: mark["value"] for mark in marks}
    return data


def _part(row: Mapping[str, Any]) -> Data:
    data = {name: value for name, value in row.items() if name not in _HIDDEN}
    if "body" in data:
        del data["id"]
        data["body"] = json.loads(data["body"]) if data["body"] else None
    return data
