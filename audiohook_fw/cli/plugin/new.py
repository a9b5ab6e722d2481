"""`audiohook-fw plugin new`: a whole distribution to begin with."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from ..errors import CommandError
from ..help import examples
from ..packaging import GROUP
from ..program import command_line
from ..scaffold import KINDS, KindName, Names, NotEmptyError, render, write

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add `new`."""
    app.command(
        "new",
        short_help="Write a plugin to begin with: package, tests, README, CI.",
        epilog=examples(
            "audiohook-fw plugin new talk_ratio",
            "audiohook-fw plugin new emea_only --kind policy",
            "audiohook-fw plugin new whisper --kind asr --into ~/src",
        ),
    )(_new)


def _new(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The plugin's name: small letters and digits in words joined by single underscores.",
        ),
    ],
    kind: Annotated[
        KindName,
        typer.Option(
            help="What to begin with: minimal (counts audio), policy (accepts or rejects), storage (writes "
            "files), asr (recognizes speech), analysis (reads transcripts)."
        ),
    ] = KindName.MINIMAL,
    into: Annotated[
        Path, typer.Option("--into", metavar="DIR", help="Where the directory audiohook-fw-NAME is made.")
    ] = Path(),
) -> None:
    """Write a plugin to begin with: a distribution audiohook-fw-NAME with package, tests, README and CI.

    It works and passes its own tests as it is. A directory that is not empty is left alone.
    """
    try:
        names = Names(name)
        _check_free(names, context)
    except ValueError as error:
        raise CommandError(f"NAME: {error}") from None
    directory = into.expanduser() / names.distribution
    files = render(kind, names, year=datetime.now(UTC).year)
    try:
        write(files, directory)
    except NotEmptyError:
        raise CommandError(f"{directory}: there is something already; name another, or use --into") from None
    typer.echo(f"Wrote {directory}: {KINDS[kind].summary}. {len(files)} files. Next:\n")
    for line in (
        f"cd {shlex.quote(str(directory))}",
        "pip install --editable '.[dev]'",
        f"pytest && {command_line('plugin', 'check', '.')}",
    ):
        typer.echo(f"  {line}")


def _check_free(names: Names, context: typer.Context) -> None:
    """Raise `ValueError` for a name under which something else is found here."""
    core = getattr(context.find_root().command, "commands", {})  # without those of plugins
    if names.name.replace("_", "-") in core:
        raise ValueError(
            f"{names.name!r} is a command of audiohook-fw, which would hide its own; take another name"
        )
    for entry in metadata.entry_points(group=GROUP, name=names.name):
        package = entry.dist.name if entry.dist is not None else names.distribution
        raise ValueError(
            f"{names.name!r} is installed here already; take another name, or first: pip uninstall {package}"
        )
