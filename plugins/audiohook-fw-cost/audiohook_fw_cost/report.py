"""`Report`: sums over the database, by whatever is asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from .figures import MICRO
from .schema import MIGRATIONS, SchemaError, version_of
from .store import BUSY_SECONDS

__all__ = ["NO_FILES_BESIDE", "By", "Filter", "Line", "key_names", "make_report"]


class By(StrEnum):
    """What a line of a report stands for."""

    DAY = "day"
    KEY = "key"
    QUEUE = "queue"
    ORGANIZATION = "organization"
    CALL = "call"


_GROUPS: Final = {
    By.DAY: ("l.day", "''"),
    By.KEY: ("c.key", "''"),
    By.QUEUE: ("l.queue_id", "max(l.queue_name)"),
    By.ORGANIZATION: ("c.organization_id", "''"),
    By.CALL: ("c.id", "max(c.session_id)"),
}
"""What to group by, and what to call the group beside that."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which legs count; empty texts let everything through.

    Attributes:
        since, until: days (ISO 8601), both included.
        key, organization: exactly. queue: its id or name, in any case.
    """

    since: str = ""
    until: str = ""
    key: str = ""
    queue: str = ""
    organization: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: seconds, money, and calls.

    Attributes:
        group: what it stands for. name: of a queue; the session of a call.
        calls: how many have a part in it. unfinished: of these, still running or cut off with the server.
    """

    group: str
    name: str
    calls: int
    unfinished: int
    connected: float
    streamed: float
    client_paused: float
    server_paused: float
    discarded: float
    without_media: float
    currency: str
    cost: Decimal
    saved: Decimal


_SECONDS: Final = ", ".join(
    f"sum({what} * 1.0 / c.rate)"
    for what in (
        "(l.streamed + l.discarded + l.client_paused + l.server_paused + l.without_media)",
        "l.streamed",
        "l.client_paused",
        "l.server_paused",
        "l.discarded",
        "l.without_media",
    )
)

_QUERY: Final = """
    SELECT {group}, {name}, count(DISTINCT c.id), count(DISTINCT CASE c.ended_at WHEN '' THEN c.id END),
           {seconds}, l.currency, sum(l.cost), sum(l.saved)
    FROM legs l JOIN calls c ON c.id = l.call
    WHERE (:since = '' OR l.day >= :since) AND (:until = '' OR l.day <= :until)
      AND (:key = '' OR c.key = :key)
      AND (:queue = '' OR lower(l.queue_id) = lower(:queue) OR casefold(l.queue_name) = casefold(:queue))
      AND (:organization = '' OR lower(c.organization_id) = lower(:organization))
    GROUP BY {by} l.currency ORDER BY {order}, l.currency
"""


NO_FILES_BESIDE: Final = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY_DIRECTORY)
"""What SQLite says, depending on its version, where it may not make the files of a WAL."""


def make_report(path: Path, by: By, wanted: Filter) -> tuple[list[Line], list[Line]]:
    """Return the lines, and the sum of all for each currency; blocks.

    Raises:
        OSError: there is no such file. sqlite3.Error: it cannot be read. SchemaError: it is no file of ours.
    """
    with closing(_open(path)) as file:
        group, name = _GROUPS[by]
        order = "min(c.started_at), c.id" if by is By.CALL else group
        lines = _ask(file, wanted, group=group, name=name, by=f"{group},", order=order)
        return lines, _ask(file, wanted, group="'total'", name="''", by="", order="1")


def key_names(path: Path) -> list[str]:
    """Return the names of all keys that calls were counted of; blocks, and raises as `make_report` does."""
    with closing(_open(path)) as file, closing(file.execute("SELECT DISTINCT key FROM calls")) as cursor:
        return sorted(name for (name,) in cursor)


def _open(path: Path) -> sqlite3.Connection:
    """Open a file for reading; one that nobody writes to also in a folder that cannot be written to."""
    path.stat()
    is_in_use = Path(f"{path}-wal").exists()
    try:
        return _connect(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if is_in_use or error.sqlite_errorcode not in NO_FILES_BESIDE:
            raise
    return _connect(path, "immutable=1")  # SQLite makes no files beside it then


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{mode}"
    file = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)
    try:
        version = version_of(file)
        if not version:
            raise SchemaError("it holds no figures of calls")
        if not 1 <= version <= len(MIGRATIONS):
            raise SchemaError(f"it is of version {version}, and this one reads 1 to {len(MIGRATIONS)}")
        file.create_function("casefold", 1, str.casefold, deterministic=True)
    except BaseException:
        file.close()
        raise
    return file


def _ask(file: sqlite3.Connection, wanted: Filter, **parts: str) -> list[Line]:
    query = _QUERY.format(seconds=_SECONDS, **parts)
    values = {name: getattr(wanted, name) for name in Filter.__dataclass_fields__}
    with closing(file.execute(query, values)) as cursor:
        return [_line(row) for row in cursor]


def _line(row: Sequence[Any]) -> Line:
    return Line(*row[:-2], *(Decimal(micro) / MICRO for micro in row[-2:]))
