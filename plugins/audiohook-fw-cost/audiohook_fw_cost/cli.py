"""`audiohook-fw cost`: what calls were spent in, and what they cost."""

from __future__ import annotations

import sqlite3
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from audiohook_fw import PluginError

from .report import NO_FILES_BESIDE, By, Filter, key_names, make_report
from .schema import SchemaError
from .settings import CostSettings
from .shapes import as_csv, as_json, as_table, printable

__all__ = ["make_app"]


class Shape(StrEnum):
    """How a report looks."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


KEYS_TOLD: Final = 20
_SHAPES = "for people, for spreadsheets, or for programs"

Since = Annotated[str, typer.Option(metavar="DAY", help="From this day on, such as 2026-01-31.")]
Until = Annotated[str, typer.Option(metavar="DAY", help="Up to and with this day.")]
Group = Annotated[By, typer.Option("--by", help="What a line stands for.")]
Key = Annotated[str, typer.Option(help="Only calls of this API key, by its name in the configuration.")]
Queue = Annotated[str, typer.Option(help="Only what was spent in this queue, by id or name.")]
Organization = Annotated[str, typer.Option(help="Only calls of this organization, by id.")]
Form = Annotated[Shape, typer.Option("--format", help=f"How it is printed: {_SHAPES}.")]
Json = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
Database = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Another file than plugins.cost.database.")
]


def make_app(settings: CostSettings) -> typer.Typer:
    """Return the commands, for a section of the configuration."""
    app = typer.Typer(help="What calls were spent in, and what they cost.", no_args_is_help=True)

    @app.callback()
    def cost() -> None:
        """See what calls were spent in, and what they cost."""

    @app.command()
    def report(
        by: Group = By.DAY,
        since: Since = "",
        until: Until = "",
        key: Key = "",
        queue: Queue = "",
        organization: Organization = "",
        shape: Form = Shape.TABLE,
        json: Json = False,
        database: Database = None,
    ) -> None:
        """Sum up the time and cost of calls, those that run included."""
        wanted = Filter(_day(since, "--since"), _day(until, "--until"), key, queue, organization)
        if wanted.since and wanted.until and wanted.since > wanted.until:
            raise typer.BadParameter(f"--since {since} is after --until {until}")
        typer.echo(_report(database or settings.database, by, wanted, Shape.JSON if json else shape))

    return app


def _report(path: Path, by: By, wanted: Filter, shape: Shape) -> str:
    try:
        lines, totals = make_report(path, by, wanted)
        keys = key_names(path) if wanted.key and not lines else [wanted.key]
    except FileNotFoundError as error:
        problem = (
            f"there is no {path}; the server makes it: run one, set plugins.cost.database, or name --database"
        )
        raise PluginError("cost", problem) from error
    except (sqlite3.Error, SchemaError) as error:
        may_not = getattr(error, "sqlite_errorcode", None) in NO_FILES_BESIDE
        hint = "; run this as the user that the server runs as" if may_not else ""
        raise PluginError("cost", f"{path} cannot be read: {error}{hint}") from error
    if wanted.key not in keys:
        typer.echo(f'no call of a key "{wanted.key}" was counted; {_counted(keys)}', err=True)
    match shape:
        case Shape.TABLE:
            return as_table(lines, totals, by)
        case Shape.CSV:
            return as_csv(lines, by)
        case Shape.JSON:
            return as_json(lines, totals, by, wanted)


def _counted(keys: list[str]) -> str:
    if not keys:
        return "nor of any other"
    more = f" and {len(keys) - KEYS_TOLD} more" if len(keys) > KEYS_TOLD else ""
    return f"there are calls of: {printable(', '.join(keys[:KEYS_TOLD]))}{more}"


def _day(text: str, option: str) -> str:
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise typer.BadParameter(f"{option} {text}: no such day; write it as 2026-01-31") from None
