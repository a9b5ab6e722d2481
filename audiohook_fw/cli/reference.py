"""The page `docs/reference/cli.md`, made from the help of every command.

Make it anew with `python -m audiohook_fw.cli.reference > docs/reference/cli.md`; a test says when it is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import typer

from .extensions import Group
from .main import make_app
from .program import PROGRAM

__all__ = ["reference"]

_WIDTH: Final = 100

_HEAD: Final = """\
# Command line

Made from `--help`: `python -m audiohook_fw.cli.reference > docs/reference/cli.md`.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | done, with a bad result: in `simulate`, `demo` or `plugin check`, or `serve` was forced to end |
| 2 | not done: one line for each problem on standard error |
| 130 | stopped with Ctrl-C |

`AUDIOHOOK_DEBUG=1` in the environment adds the traceback to every error. Without it an error that nobody
foresaw is named by its type and place only: its text may quote what must not be shown.

Settings come from the command line, then the environment, `.env`, the secrets directory, `audiohook.toml`
and the defaults. Plugins may add commands (`register_commands`), which stand at the end of
`audiohook-fw --help`. A plugin that is broken costs its own commands only."""


def reference() -> str:
    """Return the text of the page."""
    root = typer.main.get_command(make_app())
    assert isinstance(root, Group)
    root.extensions = {}  # the core's commands alone, whatever is installed here
    parts = [_HEAD]
    for path, text in _helps(root, None, PROGRAM):
        parts.append(f"## {path}\n\n```text\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def _helps(command: Any, parent: typer.Context | None, name: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the help of a command and of all below it."""
    context = typer.Context(command, parent=parent, info_name=name, terminal_width=_WIDTH)
    context.help_option_names = ["-h", "--help"]
    yield context.command_path, command.get_help(context)
    for below, child in getattr(command, "commands", {}).items():
        yield from _helps(child, context, below)


if __name__ == "__main__":
    typer.echo(reference(), nl=False)
