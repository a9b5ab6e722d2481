"""Bring the tables up to date, by one node at a time, and refuse what a newer version has made."""

from __future__ import annotations

import logging
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

if TYPE_CHECKING:
    from alembic.config import Config

# It tells of itself when it is imported, which is only done when it is needed.
logging.getLogger("alembic").setLevel(logging.WARNING)

__all__ = ["VERSION_TABLE", "SchemaError", "check_schema", "migrate"]

VERSION_TABLE: Final = "audiohook_sessions_schema"
_LOCK: Final = 0x617564696F  # of PostgreSQL, known to nobody else: "audio"


class SchemaError(Exception):
    """The tables are not such as this version can use; the text says what to do."""


async def migrate(engine: AsyncEngine) -> None:
    """Make the tables, or bring them up to date; in one transaction, which locks out other nodes.

    Raises:
        SchemaError: a newer version was here.
    """
    async with engine.begin() as connection:  # BEGIN IMMEDIATE of SQLite is lock enough
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.run_sync(_upgrade)


async def check_schema(engine: AsyncEngine) -> None:
    """Hold that the tables are those of this version.

    Raises:
        SchemaError: there are none, or they are older or newer.
    """
    async with engine.connect() as connection:
        await connection.run_sync(_check)


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = _config()
    _revision(connection, config)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _check(connection: Connection) -> None:
    from alembic.script import ScriptDirectory

    config = _config()
    revision = _revision(connection, config)
    if revision is None:
        raise SchemaError("it has no sessions yet; a server with this plugin makes the tables at start")
    head = ScriptDirectory.from_config(config).get_current_head()
    if revision != head:
        problem = f"its tables are of schema {revision}, and {head} is needed; start a server of this version"
        raise SchemaError(problem)


def _revision(connection: Connection, config: Config) -> str | None:
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    heads = context.get_current_heads()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    for head in heads:
        if head not in known:
            problem = (
                f"its tables are of schema {head}, which is newer than this version of audiohook-fw-sessions"
            )
            raise SchemaError(f"{problem} knows; install a newer one")
    return heads[0] if heads else None


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    place = str(files(__package__) / "migrations")
    config.set_main_option("script_location", place.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
