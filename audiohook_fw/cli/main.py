"""`main`: the command line, from arguments to exit status.

Each command is a file with a `register(app)`; what is slow to import is imported when it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from . import config, demo, keys, plugin, plugins, serve, simulate
from .errors import report
from .extensions import Group
from .help import CONTEXT, Command, examples, show_help
from .program import PROGRAM

__all__ = ["main", "make_app", "run"]


def main() -> None:
    """Run the command line of this process, and exit."""
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run a command line and return its exit status: 0, 1 for a bad result, 2 for an error."""
    try:
        status = typer.main.get_command(make_app()).main(
            args=list(args), prog_name=PROGRAM, standalone_mode=False
        )
    except Exception as error:  # the one place where errors end
        return report(error)
    return status if isinstance(status, int) else 0


def make_app() -> typer.Typer:
    """Return the application with all commands of the core; those of plugins come when asked for."""
    app = typer.Typer(
        cls=Group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        invoke_without_command=True,
        context_settings=CONTEXT,
        epilog=examples(
            "audiohook-fw demo                  see it work: a server, calls, a recording",
            "audiohook-fw serve --dev           a server to play with, and how to call it",
            "audiohook-fw config init           settings to begin with",
            "audiohook-fw COMMAND --help        more about a command",
        ),
    )
    app.callback()(_root)
    for module in (serve, simulate, demo, plugins, plugin, config, keys):
        module.register(app)
    _style(app)
    return app


def _style(app: typer.Typer) -> None:
    """Give every command of the core the same look."""
    for command in app.registered_commands:
        command.cls = Command
        command.context_settings = CONTEXT
    for group in app.registered_groups:
        assert group.typer_instance is not None, "every group is an application"
        group.context_settings = CONTEXT
        _style(group.typer_instance)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {version('audiohook-fw')}")
        raise typer.Exit


def _root(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Serve Genesys Cloud AudioHook calls to plugins.

    AUDIOHOOK_DEBUG=1 in the environment adds the traceback to every error.
    """
    show_help(context)
