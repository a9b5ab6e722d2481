"""What a user sees of an error: a line for each problem on standard error, and exit status 2.

`AUDIOHOOK_DEBUG=1` adds the traceback to every error. Without it an error that nobody foresaw is
named by its type and place only, since its text may quote what must not be shown.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from typing import Final

import typer

from audiohook_fw.errors import AudiohookError

__all__ = ["DEBUG", "FAILURE", "CommandError", "lines", "report", "warn"]

FAILURE: Final = 2
"""The exit status of every error; 1 is left to commands whose work was done and turned out bad."""

DEBUG: Final = "AUDIOHOOK_DEBUG"
"""The environment variable that adds tracebacks."""


class CommandError(AudiohookError):
    """A command cannot do what was asked; its text, one line for each problem, says what to do."""


def report(error: Exception) -> int:
    """Write an error to standard error and return the exit status."""
    if os.environ.get(DEBUG, "") not in ("", "0"):
        typer.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    for line in lines(error):
        typer.echo(f"Error: {line}", err=True)
    return FAILURE


def warn(text: str) -> None:
    """Write a warning to standard error."""
    typer.echo(f"Warning: {text}", err=True)


def lines(error: Exception) -> Iterator[str]:
    """Yield what an error means to a user, line by line."""
    if isinstance(error, typer.Abort):
        yield "stopped"
    elif callable(format_message := getattr(error, "format_message", None)):
        yield _usage(str(format_message()), getattr(error, "ctx", None))
    elif isinstance(error, AudiohookError):
        yield from str(error).splitlines()
    elif isinstance(error, OSError):
        yield _system(error)
    else:
        yield _unforeseen(error)


_PLAIN: Final = (
    (r": Value error, ", ": "),
    (r"Input should be a valid integer(, .*)?$", "must be a whole number"),
    (r"Input should be a valid number(, .*)?$", "must be a number"),
    (r"Input should be greater than or equal to", "must be at least"),
    (r"Input should be less than or equal to", "must be at most"),
    (r"Input should be", "must be"),
)
"""What the library that reads the command line says of a value, and how people say it."""


def _usage(message: str, context: object) -> str:
    text = " ".join(message.split()).rstrip(".")
    for pattern, words in _PLAIN:
        text = re.sub(pattern, words, text)
    path = getattr(context, "command_path", "")
    return text[:1].lower() + text[1:] + (f"; see {path} --help" if path else "")


def _system(error: OSError) -> str:
    problem = error.strerror or type(error).__name__
    return f"{error.filename}: {problem}" if error.filename is not None else problem


def _unforeseen(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}: this is a bug; {DEBUG}=1 shows the traceback for a report"
