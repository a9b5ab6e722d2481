"""The options of `audiohook-fw sessions`: those that say which sessions stand here once for all commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec, TypeVar

import typer

from .filters import NAMES, STATES, Filter, FilterError, read_filter
from .reader import MAX_PAGE, By

__all__ = [
    "Before",
    "Csv",
    "Database",
    "Details",
    "Group",
    "Id",
    "Into",
    "Json",
    "Limit",
    "checked",
    "filtered",
    "one_shape",
]

P = ParamSpec("P")
T = TypeVar("T")

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


def _option(kind: Any, default: Any, meta: str | None, text: str) -> tuple[Any, Any]:
    return Annotated[kind, typer.Option(metavar=meta, help=text)], default


_FILTER: Final[Mapping[str, tuple[Any, Any]]] = {
    "since": _option(str, "", "TIME", "Begun at this day or time (UTC) or later."),
    "until": _option(str, "", "TIME", "Begun before this time, or up to and with this day."),
    "key": _option(str, "", None, "Of this API key, by its name in the configuration."),
    "organization": _option(str, "", "ID", "Of this organization."),
    "queue": _option(str, "", None, "Of this queue, by id or name."),
    "conversation": _option(str, "", "ID", "Of this conversation."),
    "state": _option(str, "", None, f"In this state: {', '.join(STATES)}."),
    "tag": _option(list[str], [], "NAME[=VALUE]", "With this tag; may be given often."),
    "min_seconds": _option(float | None, None, "SECONDS", "Of at least this length."),
    "paused": _option(
        bool, False, None, "With a pause of the client's own (a secure pause), or one that may be."
    ),
    "search": _option(str, "", "WORDS", "In which one utterance holds all these words."),
}


def filtered(command: Callable[Concatenate[Filter, P], None]) -> Callable[..., None]:
    """Give a command the options that say which sessions; it gets them as its first argument, a `Filter`."""
    own = list(signature(command, eval_str=True).parameters.values())[1:]
    shared = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, (annotation, default) in _FILTER.items()
    ]

    @wraps(command)
    def run(**given: Any) -> None:
        wanted = checked(lambda: read_filter({name: given.pop(name) for name in NAMES}))
        command(wanted, **given)  # type: ignore[call-arg]  # all that is left is the command's own

    parameters = [*shared, *(parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in own)]
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # which typer reads
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def checked(read: Callable[[], T]) -> T:
    """Return what is read; what means nothing is a wrong option."""
    try:
        return read()
    except FilterError as error:
        raise typer.BadParameter(f"--{error.name.replace('_', '-')}: {error}") from None


def one_shape(json: bool, csv: bool) -> None:
    """Hold that the result has one shape."""
    if json and csv:
        raise typer.BadParameter("--json and --csv exclude each other")
