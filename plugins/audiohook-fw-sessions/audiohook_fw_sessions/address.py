"""Where the database is: a URL as people write it, and as SQLAlchemy wants it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

__all__ = ["FORMS", "is_sqlite", "read_url", "require_driver", "shown", "sqlite_file"]

FORMS: Final = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}

_SSL: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def read_url(text: str) -> URL:
    """Return the URL with the driver that is used here.

    Raises:
        ValueError: that is no URL, or of another kind of database. It quotes no more than the scheme, since
            the rest may hold a password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(f"this is no URL of a database; write {FORMS}") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ValueError(f"{url.drivername}: is a database that is not known here; write {FORMS}")
    url = url.set(drivername=driver)
    if is_sqlite(url):
        if url.host or url.query:
            raise ValueError("sqlite: three slashes come before the file, four before an absolute one")
        if not url.database or url.database == ":memory:":
            raise ValueError("sqlite: name a file, as in sqlite:///audiohook-sessions.sqlite")
        return url
    return _checked(url)


def shown(url: URL) -> str:
    """Return the URL as people wrote it, without its password."""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def _checked(url: URL) -> URL:
    """Return the URL of a server as its driver takes it; what that would choke on is refused."""
    if not url.database:
        raise ValueError("postgresql: name the database, as in postgresql://HOST/audiohook")
    if "@" in (url.host or ""):
        raise ValueError("postgresql: there is an @ too many; write one in a password as %40")
    if url.port is not None and not 0 < url.port < 65_536:
        raise ValueError("postgresql: a port is a number from 1 to 65535")
    query = dict(url.query)
    mode = query.pop("sslmode", None) or query.get("ssl")
    if query.keys() - {"host", "ssl"}:
        raise ValueError("postgresql: what comes after ? may be sslmode= and host=, and nothing else")
    if mode is None:
        return url
    if mode not in _SSL:
        raise ValueError(f"postgresql: sslmode is one of {', '.join(_SSL)}")
    return url.set(query={**query, "ssl": mode})


def is_sqlite(url: URL) -> bool:
    """Tell whether the database is a file."""
    return url.get_backend_name() == "sqlite"


def sqlite_file(url: URL) -> Path:
    """Return the file of an SQLite database."""
    assert url.database is not None
    return Path(url.database)


def require_driver(url: URL) -> None:
    """Hold that what speaks to the database is installed.

    Raises:
        ModuleNotFoundError: says what to install.
    """
    if not is_sqlite(url) and find_spec("asyncpg") is None:
        raise ModuleNotFoundError("PostgreSQL needs asyncpg: pip install 'audiohook-fw-sessions[postgres]'")
