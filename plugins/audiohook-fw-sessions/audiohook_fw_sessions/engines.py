"""Connections to the database: one that writes, some that only read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .address import is_sqlite, require_driver, sqlite_file

__all__ = ["BUSY_SECONDS", "CONNECT_SECONDS", "MIGRATE_SECONDS", "make_reader", "make_writer"]

BUSY_SECONDS: Final = 5.0
"""How long a statement waits for a file that somebody else has locked."""
CONNECT_SECONDS: Final = 5.0
"""How long a server may take to answer at first."""
WRITE_SECONDS: Final = 30.0
"""How long a statement that writes may take; a lock that somebody holds for longer is an outage."""

WORK_MEMORY: Final = "64MB"
"""What a server may use for a question: with its default of 4 MB it reads what many have said twice."""
MIGRATE_SECONDS: Final = 3_600.0
"""How long a change of the tables may take, or another node's, for which this one waits."""

# At `debug` it logs every statement with its values: what was said, and who called.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


def make_writer(url: URL, *, seconds: float = WRITE_SECONDS) -> AsyncEngine:
    """Return an engine that writes, over one connection. It connects when it is used.

    Args:
        seconds: how long a statement may take at a server.

    Raises:
        ModuleNotFoundError: the driver is not installed.
    """
    require_driver(url)
    if not is_sqlite(url):
        return _engine(url, pool_size=1, max_overflow=0, connect_args=_server_args(seconds))
    engine = _engine(url, pool_size=1, max_overflow=0, connect_args={"timeout": BUSY_SECONDS})
    pragmas = ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON")
    _prepare(engine, *pragmas, begin="BEGIN IMMEDIATE")
    return engine


def make_reader(url: URL, *, seconds: float | None = None, connections: int = 2) -> AsyncEngine:
    """Return an engine that cannot change anything. It connects when it is used.

    Args:
        seconds: how long a statement may take at a server; a file has no such bound.

    Raises:
        ModuleNotFoundError: the driver is not installed. FileNotFoundError: there is no such file.
    """
    require_driver(url)
    sizes = {"pool_size": connections, "max_overflow": 0}
    if not is_sqlite(url):
        args = _server_args(seconds)
        args["server_settings"] |= {"default_transaction_read_only": "on", "work_mem": WORK_MEMORY}
        return _engine(url, connect_args=args, pool_pre_ping=True, **sizes)
    if not sqlite_file(url).is_file():
        raise FileNotFoundError(str(sqlite_file(url)))
    engine = _engine(url, connect_args={"timeout": BUSY_SECONDS}, **sizes)
    _prepare(engine, "query_only = ON", begin="BEGIN")
    return engine


def _engine(url: URL, **options: Any) -> AsyncEngine:
    # Values are of people: they are in no log, however much it tells, and in no text of an error.
    return create_async_engine(url, hide_parameters=True, **options)


def _server_args(seconds: float | None) -> dict[str, Any]:
    return {
        "timeout": CONNECT_SECONDS,
        "command_timeout": seconds,
        "server_settings": {"application_name": "audiohook-fw-sessions"},
    }


def _prepare(engine: AsyncEngine, *pragmas: str, begin: str) -> None:
    """Have SQLite begin transactions when we say so; the driver would, at the first change only."""

    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    _listen(engine, "connect", connected)
    _listen(engine, "begin", begun)


def _listen(engine: AsyncEngine, what: str, function: Callable[..., None]) -> None:
    event.listen(engine.sync_engine, what, function)
