"""`audiohook-fw sessions`: what happened in calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from audiohook_fw import PluginError

from .address import is_sqlite, read_url, sqlite_file
from .export import export_to
from .failures import reason_of
from .filters import STATES, Filter, FilterError, read_filter, read_id
from .migrate import SchemaError
from .reader import MAX_PAGE, By, Reader
from .settings import SessionsSettings
from .shapes import COLUMNS, as_csv, as_details, as_json, as_session_table, as_stats_table

__all__ = ["make_app"]

T = TypeVar("T")

Since = Annotated[str, typer.Option(metavar="TIME", help="Begun at this day or time (UTC) or later.")]
Until = Annotated[
    str, typer.Option(metavar="TIME", help="Begun before this time, or up to and with this day.")
]
Key = Annotated[str, typer.Option(help="Of this API key, by its name in the configuration.")]
Organization = Annotated[str, typer.Option(metavar="ID", help="Of this organization.")]
Queue = Annotated[str, typer.Option(help="Of this queue, by id or name.")]
Conversation = Annotated[str, typer.Option(metavar="ID", help="Of this conversation.")]
State = Annotated[str, typer.Option(help=f"In this state: {', '.join(STATES)}.")]
Tag = Annotated[list[str], typer.Option(metavar="NAME[=VALUE]", help="With this tag; may be given often.")]
MinSeconds = Annotated[float | None, typer.Option(metavar="SECONDS", help="Of at least this length.")]
Search = Annotated[str, typer.Option(metavar="WORDS", help="In which one utterance holds all these words.")]
Json = Annotated[bool, typer.Option("--json", help="Print a JSON array.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
Database = Annotated[str, typer.Option(metavar="URL", help="Another database than plugins.sessions.url.")]
Limit = Annotated[int, typer.Option(min=1, max=MAX_PAGE, help="Sessions of one page.")]
Before = Annotated[str, typer.Option(metavar="ID", help="Go on after this session, the last of a page.")]
Id = Annotated[
    str, typer.Argument(metavar="ID", help="Of a session, or of a conversation.", show_default=False)
]
Group = Annotated[By, typer.Option("--by", help="What a line stands for.")]
Into = Annotated[Path | None, typer.Option(metavar="FILE", help="Write to this file; it must not be there.")]
Details = Annotated[bool, typer.Option("--details", help="With all that happened in them (JSON only).")]


def make_app(settings: SessionsSettings) -> typer.Typer:
    """Return the commands, for a section of the configuration."""
    app = typer.Typer(help="List, show, sum up and export sessions.", no_args_is_help=True)

    @app.callback()
    def sessions() -> None:
        """See what happened in calls."""

    @app.command("list")
    def list_(
        since: Since = "",
        until: Until = "",
        key: Key = "",
        organization: Organization = "",
        queue: Queue = "",
        conversation: Conversation = "",
        state: State = "",
        tag: Tag = [],  # noqa: B006 - typer copies it
        min_seconds: MinSeconds = None,
        search: Search = "",
        limit: Limit = 50,
        before: Before = "",
        json: Json = False,
        csv: Csv = False,
        database: Database = "",
    ) -> None:
        """List sessions, the newest first, a page at a time."""
        wanted = _filter(locals())
        after = _checked(lambda: read_id("before", before))
        _one_shape(json, csv)
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
    def stats(
        by: Group = By.TOTAL,
        since: Since = "",
        until: Until = "",
        key: Key = "",
        organization: Organization = "",
        queue: Queue = "",
        conversation: Conversation = "",
        state: State = "",
        tag: Tag = [],  # noqa: B006
        min_seconds: MinSeconds = None,
        search: Search = "",
        json: Json = False,
        csv: Csv = False,
        database: Database = "",
    ) -> None:
        """Count sessions, and sum up their time."""
        wanted = _filter(locals())
        _one_shape(json, csv)
        with Console(stderr=True).status("Counting ..."):
            lines = _ask(settings, database, lambda reader: reader.stats(wanted, by))
        if json:
            typer.echo(as_json(lines))
        elif csv:
            typer.echo(as_csv(lines, list(lines[0]) if lines else [by.value]), nl=False)
        else:
            typer.echo(as_stats_table(lines, by.value))

    @app.command()
    def export(
        since: Since = "",
        until: Until = "",
        key: Key = "",
        organization: Organization = "",
        queue: Queue = "",
        conversation: Conversation = "",
        state: State = "",
        tag: Tag = [],  # noqa: B006
        min_seconds: MinSeconds = None,
        search: Search = "",
        details: Details = False,
        into: Into = None,
        csv: Csv = False,
        json: Json = False,
        database: Database = "",
    ) -> None:
        """Write all sessions, the newest first, as a JSON array or CSV; memory stays small."""
        wanted = _filter(locals())
        _one_shape(json, csv)
        if details and csv:
            raise typer.BadParameter("--details is for JSON; a line of CSV has no room for them")
        count = _ask(
            settings, database, lambda reader: export_to(reader, wanted, into, csv=csv, details=details)
        )
        if into is not None:
            typer.echo(f"{count} sessions written to {into}", err=True)

    return app


def _filter(given: dict[str, Any]) -> Filter:
    return _checked(lambda: read_filter(given))


def _checked(read: Callable[[], T]) -> T:
    try:
        return read()
    except FilterError as error:
        raise typer.BadParameter(f"--{error.name.replace('_', '-')}: {error}") from None


def _one_shape(json: bool, csv: bool) -> None:
    if json and csv:
        raise typer.BadParameter("--json and --csv exclude each other")


def _ask(settings: SessionsSettings, database: str, question: Callable[[Reader], Awaitable[T]]) -> T:
    """Ask the database; what is wrong with it is one line."""
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

    where = url.render_as_string(hide_password=True)
    try:
        return asyncio.run(ask())
    except BrokenPipeError:  # of a reader that had enough
        raise
    except (OSError, SQLAlchemyError, SchemaError, TimeoutError, ModuleNotFoundError) as error:
        if isinstance(error, FileNotFoundError) and is_sqlite(url):
            problem = (
                f"there is no {sqlite_file(url)}; the server makes it: run one, set plugins.sessions.url"
            )
            raise PluginError("sessions", f"{problem}, or name --database") from None
        raise PluginError("sessions", f"the database {where} cannot be used: {reason_of(error)}") from error
