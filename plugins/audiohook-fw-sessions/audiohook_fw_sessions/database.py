"""`Database`: puts rows into the tables, each once, however often it is given."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import URL, Table, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from .address import is_sqlite, sqlite_file
from .engines import MIGRATE_SECONDS, make_writer
from .migrate import migrate
from .rows import Row, iso
from .schema import CHILDREN, TABLES, erasures, recordings, sessions
from .values import KEYS, full

__all__ = ["Database", "digest"]

_Values = tuple[str, dict[str, Any]]
"""The name of a table, and a full row of it."""

_PAGES: Final = 500
"""Pages of SQLite's index that are rewritten in one transaction."""
_CHANGES: Final = text("SELECT total_changes()")

_OF_THE_ROW: Final = (DataError, IntegrityError)
"""What a database says of a row, not of itself."""


class Database:
    """The tables, over one connection. Use it in one event loop.

    Attributes:
        refused: rows that the database took for nonsense, and that are lost.

    Raises:
        OSError, SQLAlchemyError: the database cannot be used, at any call; call `close`, and try again later.
        SchemaError: a newer version was here.
    """

    def __init__(self, url: URL) -> None:
        self.refused = 0
        self._url: Final = url
        self._engine = make_writer(url)
        self._ready = False
        self._file = (0, 0)
        self._inserts = {table.name: _upsert(table, is_sqlite(url)) for table in TABLES.values()}

    async def open(self) -> None:
        """Connect, and bring the tables up to date, unless that was done."""
        if is_sqlite(self._url):
            path = sqlite_file(self._url)
            if self._ready and _identity(path) != self._file:
                await self.close()  # it was removed: nothing that is written to it would be kept
            if not self._ready:
                path.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would let everybody read it
        if not self._ready:
            migrating = make_writer(self._url, seconds=MIGRATE_SECONDS)
            try:
                await migrate(migrating)
            finally:
                await migrating.dispose()
            self._ready = True
            if is_sqlite(self._url):
                self._file = _identity(sqlite_file(self._url))

    async def close(self) -> None:
        """Let go of the connection. `open` makes another."""
        self._ready = False
        await self._engine.dispose()

    async def write(self, rows: Sequence[Row]) -> None:
        """Put rows into their tables, all or none; a row that is there is left, or brought up to date.

        Rows of conversations that were erased are deleted again.
        """
        await self.open()
        fitting = [(row.table, values) for row in rows if (values := full(row)) is not None]
        self.refused += len(rows) - len(fitting)
        try:
            async with self._engine.begin() as connection:
                await self._put(connection, fitting)
        except _OF_THE_ROW as error:
            if _is_outage(error):
                raise
            for one in fitting:  # of which one is to blame
                await self._write_alone(one)

    async def interrupt(self, process: str) -> None:
        """Note of a process that it is over, and so are its calls."""
        await self.open()
        query = update(sessions).where(sessions.c.process == process, sessions.c.state == "open")
        async with self._engine.begin() as connection:
            await connection.execute(query.values(state="interrupted"))

    async def erase(self, conversation_id: str) -> int:
        """Delete all rows of a conversation, now and whenever there are more; return how many there were."""
        await self.open()
        async with self._engine.begin() as connection:
            key = {"conversation": digest(conversation_id), "at": iso()}
            await connection.execute(_insert(erasures, is_sqlite(self._url)).on_conflict_do_nothing(), key)
            deleted = await self._delete(connection, conversation_id)
        if is_sqlite(self._url) and deleted:
            await self._rewrite_index()
            async with self._engine.connect() as connection:
                raw = await connection.get_raw_connection()
                await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
        return deleted

    async def delete_before(self, oldest: str, limit: int) -> int:
        """Delete sessions with ids below one, the oldest first, with all that is theirs; return how many.

        Their rows of `recordings` stay.
        """
        await self.open()
        async with self._engine.begin() as connection:
            query = select(sessions.c.id).where(sessions.c.id < oldest).order_by(sessions.c.id).limit(limit)
            query = query.with_for_update(skip_locked=True)  # of what another node deletes
            ids = list((await connection.execute(query)).scalars())
            if ids:
                for table in CHILDREN:
                    await connection.execute(delete(table).where(table.c.session.in_(ids)))
                await connection.execute(delete(sessions).where(sessions.c.id.in_(ids)))
        return len(ids)

    # inside -------------------------------------------------------------------------------------

    async def _rewrite_index(self) -> None:
        """Have the words of deleted rows leave SQLite's index; a bit at a time, so that others can write."""
        pages = -_PAGES  # the first time: all that is there becomes one
        changed = True
        while changed:
            async with self._engine.begin() as connection:
                before = (await connection.execute(_CHANGES)).scalar_one()
                await connection.execute(
                    text("INSERT INTO said (said, rank) VALUES ('merge', :pages)"), {"pages": pages}
                )
                # As FTS5 says it: when less than two rows were changed, there was nothing to do.
                changed = (await connection.execute(_CHANGES)).scalar_one() - before >= 2
            pages = _PAGES

    async def _put(self, connection: AsyncConnection, rows: Sequence[_Values]) -> None:
        for name, some in _by_table(rows):
            await connection.execute(self._inserts[name], some)
        conversations = {values["conversation_id"] for _, values in rows if "conversation_id" in values}
        for conversation_id in await self._erased(connection, conversations):
            await self._delete(connection, conversation_id)

    async def _write_alone(self, row: _Values) -> None:
        try:
            async with self._engine.begin() as connection:
                await self._put(connection, [row])
        except _OF_THE_ROW as error:
            if _is_outage(error):
                raise
            self.refused += 1

    @staticmethod
    async def _erased(connection: AsyncConnection, conversations: Iterable[str]) -> Sequence[str]:
        by_digest = {digest(conversation): conversation for conversation in conversations}
        if not by_digest:
            return ()
        query = select(erasures.c.conversation).where(erasures.c.conversation.in_(list(by_digest)))
        return [by_digest[found] for found in (await connection.execute(query)).scalars()]

    @staticmethod
    async def _delete(connection: AsyncConnection, conversation_id: str) -> int:
        of_it = sessions.c.conversation_id == conversation_id
        mine = select(sessions.c.id).where(of_it).scalar_subquery()
        queries = [delete(table).where(table.c.session.in_(mine)) for table in CHILDREN]
        queries += [
            delete(recordings).where(recordings.c.conversation_id == conversation_id),
            delete(sessions).where(of_it),
        ]
        count = 0
        for query in queries:
            count += (await connection.execute(query)).rowcount
        return count


def digest(conversation_id: str) -> str:
    """Return what is kept of a conversation that is to be forgotten: nothing that names it."""
    return hashlib.sha256(conversation_id.lower().encode()).hexdigest()


def _insert(table: Table, is_file: bool) -> Any:
    return sqlite.insert(table) if is_file else postgresql.insert(table)


def _upsert(table: Table, is_file: bool) -> Any:
    """Return the statement for a table: rows with a revision replace older ones, others stay.

    Recordings are as they were announced last: after a kill, that may be at another place.
    """
    insert = _insert(table, is_file)
    columns = [column for column in table.columns if column.autoincrement is not True]
    insert = insert.values({column.name: None for column in columns})
    if "revision" not in table.c and table is not recordings:
        return insert.on_conflict_do_nothing()
    keys = [column.name for column in table.primary_key]
    new = {column.name: insert.excluded[column.name] for column in columns if column.name not in keys}
    if table is recordings:
        return insert.on_conflict_do_update(index_elements=keys, set_=new)
    newer = table.c.revision < insert.excluded.revision
    return insert.on_conflict_do_update(index_elements=keys, set_=new, where=newer)


def _by_table(rows: Iterable[_Values]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the rows by table; of several revisions of one row only the last."""
    tables: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for name, values in rows:
        found = tables.setdefault(name, {})
        key = tuple(values[column] for column in KEYS[name])
        before = found.get(key)
        if before is None or values.get("revision", 0) >= before.get("revision", 0):
            found[key] = values
    for name, found in tables.items():
        yield name, list(found.values())


def _identity(path: os.PathLike[str]) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return (0, 0)
    return status.st_dev, status.st_ino


def _is_outage(error: DBAPIError) -> bool:
    return error.connection_invalidated
