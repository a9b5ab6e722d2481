"""The database's tables, one script for each version; `PRAGMA user_version` tells which one a file has."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

__all__ = ["MIGRATIONS", "SchemaError", "migrate", "version_of"]

MIGRATIONS: Final[Sequence[str]] = (
    """
    CREATE TABLE calls (
        id TEXT PRIMARY KEY,
        session_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        organization_id TEXT NOT NULL,
        key TEXT NOT NULL,
        started_at TEXT NOT NULL,
        ended_at TEXT NOT NULL,
        reason TEXT NOT NULL,
        rate INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE legs (
        call TEXT NOT NULL REFERENCES calls (id),
        day TEXT NOT NULL,
        queue_id TEXT NOT NULL,
        queue_name TEXT NOT NULL,
        streamed INTEGER NOT NULL,
        discarded INTEGER NOT NULL,
        client_paused INTEGER NOT NULL,
        server_paused INTEGER NOT NULL,
        without_media INTEGER NOT NULL,
        currency TEXT NOT NULL,
        cost INTEGER NOT NULL,
        saved INTEGER NOT NULL,
        PRIMARY KEY (day, call, queue_id)
    ) WITHOUT ROWID;
    CREATE INDEX legs_by_call ON legs (call);
    """,
    """
    CREATE TABLE erased (
        conversation TEXT PRIMARY KEY,
        day TEXT NOT NULL
    ) WITHOUT ROWID;
    """,
)
"""Only ever added to: files of all versions are about. Lengths are samples, money is in millionths."""


class SchemaError(Exception):
    """A file is of a newer version than this code, or no file of ours at all."""


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a file; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, scripts: Sequence[str] = MIGRATIONS) -> None:
    """Bring a file to the newest version, each step whole or not at all.

    Raises:
        SchemaError: it is of a version that is not known here. sqlite3.Error: the file refuses.
    """
    while True:
        connection.execute("BEGIN IMMEDIATE")  # asked under the lock: two servers may start at once
        try:
            version = version_of(connection)
            if version > len(scripts):
                raise SchemaError(
                    f"it is of version {version}, and this one knows {len(scripts)}: upgrade this one"
                )
            if version == len(scripts):
                connection.execute("ROLLBACK")
                return
            if not version and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise SchemaError("it is a database of something else: name another file")
            for statement in filter(str.strip, scripts[version].split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
