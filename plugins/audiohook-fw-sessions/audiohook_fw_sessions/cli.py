"""`audiohook-fw sessions`: what happened in calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import TypeVar

import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from audiohook_fw import PluginError

from .address import is_sqlite, read_url, shown, sqlite_file
from .export import export_to
from .failures import reason_of
from .filters import Filter, read_id
from .migrate import SchemaError
from .options import (
    Before,
    Csv,
    Database,
    Details,
    Group,
    Id,
    Into,
    Json,
    Limit,
    checked,
    filtered,
    one_shape,
)
from .reader import By, Reader
from .settings import SessionsSettings
from .shapes import COLUMNS, as_csv, as_details, as_json, as_session_table, as_stats_table

__all__ = ["make_app"]

T = TypeVar("T")


def make_app(settings: SessionsSettings) -> typer.Typer:
    """Return the commands, for a section of the configuration."""
    app = typer.Typer(help="List, show, sum up and export sessions.", no_args_is_help=True)

    @app.callback()
    def sessions() -> None:
        """See what happened in calls."""

    @app.command("list")
    @filtered
    def list_(
        wanted: Filter,
        limit: Limit = 50,
        before: Before = "",
        json: Json = False,
        csv: Csv = False,
        database: Database = "",
    ) -> None:
        """List sessions, the newest first, a page at a time."""
        after = checked(lambda: read_id("before", before))
        one_shape(json, csv)
        found = _ask(settings, database, lambda reader: reader.page(wanted, limit=limit, before=after))
        if json:
            typer.echo(as_json(found))
        elif csv:
            typer.echo(as_csv(found, COLUMNS), nl=False)
        else:
            typer.echo(as_session_table(found) if found else "no sessions")
        if len(found) == limit:
            typer.echo(f"There may be more: --before {found[-1]['id']}", err=True)

    @app.command()
    def show(id_: Id, json: Json = False, database: Database = "") -> None:
        """Show all that happened in a session, or in those of a conversation."""
        found = _ask(settings, database, lambda reader: reader.find(id_))
        if not found:
            raise PluginError("sessions", f"there is no session or conversation {id_[:100]!r}")
        typer.echo(as_json(found) if json else "\n\n".join(map(as_details, found)))

    @app.command()
    @filtered
    def stats(
        wanted: Filter,
        by: Group = By.TOTAL,
        json: Json = False,
        csv: Csv = False,
        database: Database = "",
    ) -> None:
        """Count sessions, and sum up their time."""
        one_shape(json, csv)
        lines = _ask(settings, database, lambda reader: reader.stats(wanted, by))
        if json:
            typer.echo(as_json(lines))
        elif csv:
            typer.echo(as_csv(lines, list(lines[0]) if lines else [by.value]), nl=False)
        else:
            typer.echo(as_stats_table(lines, by.value))

    @app.command()
    @filtered
    def export(
        wanted: Filter,
        details: Details = False,
        into: Into = None,
        csv: Csv = False,
        json: Json = False,
        database: Database = "",
    ) -> None:
        """Write all sessions, the newest first, as a JSON array or CSV; memory stays small."""
        one_shape(json, csv)
        if details and csv:
            raise typer.BadParameter("--details is for JSON; a line of CSV has no room for them")
        count = _ask(
            settings,
            database,
            lambda reader: export_to(reader, wanted, into, csv=csv, details=details),
            shows_progress=True,
        )
        if into is not None:
            typer.echo(f"{count} sessions written to {into}", err=True)

    return app


def _ask(
    settings: SessionsSettings,
    database: str,
    question: Callable[[Reader], Awaitable[T]],
    *,
    shows_progress: bool = False,
) -> T:
    """Ask the database, and show in a terminal that it is asked; what is wrong with it is one line."""
    try:
        url = read_url(database) if database else settings.address
    except ValueError as error:
        raise typer.BadParameter(f"--database: {error}") from None

    async def ask() -> T:
        reader = Reader(url)
        try:
            await reader.check()
            return await question(reader)
        finally:
            await reader.close()

    try:
        with nullcontext() if shows_progress else Console(stderr=True).status("asking the database ..."):
            return asyncio.run(ask())
    except BrokenPipeError:  # of a reader that had enough
        raise
    except (OSError, SQLAlchemyError, SchemaError, TimeoutError, ModuleNotFoundError) as error:
        if isinstance(error, FileNotFoundError) and is_sqlite(url):
            problem = (
                f"there is no {sqlite_file(url)}; the server makes it: run one, set plugins.sessions.url"
            )
            raise PluginError("sessions", f"{problem}, or name --database") from None
        raise PluginError(
            "sessions", f"the database {shown(url)} cannot be used: {reason_of(error)}"
        ) from error
