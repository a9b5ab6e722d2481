"""`Store`: the SQLite file of the meter. Everything here blocks; one object is for one thread."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from .rows import CallRow
from .schema import migrate

__all__ = ["BUSY_SECONDS", "SpentToday", "Store"]

BUSY_SECONDS: Final = 5.0
"""How long a statement waits for a file that somebody else has locked."""

_CALL: Final = """
    INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at, reason = excluded.reason
"""
_ERASE: Final = """
    UPDATE calls SET session_id = '', conversation_id = '',
        started_at = substr(started_at, 1, 10), ended_at = substr(ended_at, 1, 10)
    WHERE lower(conversation_id) = ?
"""
_IS_ERASED: Final = "SELECT 1 FROM erased WHERE conversation = ?"
_DAY: Final = 10
"""Characters of a time that are its day."""
_LEG: Final = "INSERT INTO legs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class SpentToday(NamedTuple):
    """What the calls of one queue cost on one day, in millionths."""

    queue_id: str
    queue_name: str
    cost: int


class Store:
    """The file, opened for reading and writing; made when there is none. Its directory must exist.

    What `save` was given is there after a crash of this process, and after a power failure but for the last
    moments (WAL, `synchronous=NORMAL`): the file is never damaged by either.

    Raises:
        OSError, sqlite3.Error, SchemaError: the file cannot be used, at any call.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with suppress(FileExistsError):  # SQLite would let everybody read a file that it makes
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        self._file = _identity(path)
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA secure_delete = ON")  # what is erased is not left in free pages
            migrate(self._connection)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_in_place(self) -> bool:
        """Whether the file is still the one of this path: anybody may move, remove or replace it."""
        return self._file is not None and _identity(self._path) == self._file

    def close(self) -> None:
        """Close the file. One that is not in place any more gets all that was saved."""
        try:
            if not self.is_in_place:
                # SQLite would leave it in a log that stays behind, and spoils the next file of this name.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._connection.close()

    def save(self, rows: Iterable[CallRow]) -> None:
        """Write calls, each in place of what was known of it before; all of them or none."""
        with self._transaction() as connection:
            for row in rows:
                facts = row.facts
                ids, started = (facts.session_id, facts.conversation_id), facts.started_at
                ended = row.ended_at
                if connection.execute(_IS_ERASED, (_hash(facts.conversation_id),)).fetchone():
                    ids, started, ended = ("", ""), started[:_DAY], ended[:_DAY]
                call = (facts.id, *ids, facts.organization_id, facts.key)
                connection.execute(_CALL, (*call, started, ended, row.reason, facts.rate))
                connection.execute(
                    "DELETE FROM legs WHERE call = ?", (facts.id,)
                )  # one may have got its queue
                connection.executemany(_LEG, _legs(row))

    def erase(self, conversation_id: str, today: str) -> int:
        """Make the calls of a conversation nobody's, also those saved later; return how many there were.

        What they cost stays, without the ids of call and conversation, and without the time of day.

        Raises:
            sqlite3.OperationalError: others read the file, so that what it says may still be found in it.
        """
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO erased VALUES (?, ?) ON CONFLICT DO UPDATE SET day = excluded.day",
                (_hash(conversation_id), today),
            )
            found = connection.execute(_ERASE, (conversation_id.lower(),)).rowcount
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("others read the file; try again")
        return found

    def forget(self, before: str) -> None:
        """Delete what was spent before a day, and the calls of which nothing is left."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM erased WHERE day < ?", (before,))
            connection.execute("DELETE FROM legs WHERE day < ?", (before,))
            connection.execute("DELETE FROM calls WHERE id NOT IN (SELECT call FROM legs)")

    def spent(self, day: str) -> list[SpentToday]:
        """Return what a day cost so far, by queue."""
        query = "SELECT queue_id, max(queue_name), sum(cost) FROM legs WHERE day = ? GROUP BY queue_id"
        with closing(self._connection.execute(query, (day,))) as cursor:
            return [SpentToday(*found) for found in cursor]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what is another for another file; `None` when there is none."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


def _hash(conversation_id: str) -> str:
    return hashlib.sha256(conversation_id.lower().encode()).hexdigest()


def _legs(row: CallRow) -> Iterator[tuple[object, ...]]:
    facts = row.facts
    for leg in row.legs:
        place = (facts.id, leg.day, leg.queue_id, leg.queue_name)
        yield (*place, *leg.figures.values, facts.currency, leg.cost, leg.saved)
