"""What goes to the terminal: progress on standard error, an array of JSON on standard output."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Advance", "JsonArray", "clean", "progress", "said", "waiting", "warn"]


PATIENCE: Final = 3.0
"""Seconds after which people want to know what is waited for."""


class JsonArray:
    """Prints an array item by item, so that none is kept; its end is printed with the context's."""

    def __init__(self) -> None:
        self._any = False

    def __enter__(self) -> Self:
        typer.echo("[", nl=False)
        return self

    def add(self, item: dict[str, Any]) -> None:
        """Print an item."""
        typer.echo(("," if self._any else "") + "\n" + json.dumps(item), nl=False)
        self._any = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        typer.echo("\n]" if self._any else "]")


class Advance:
    """A bar of progress, or none."""

    def __init__(self, bars: Progress | None = None, task: TaskID | None = None) -> None:
        self._bars: Final = bars
        self._task: Final = task

    def __call__(self, amount: float = 1) -> None:
        """Go on."""
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, amount)

    def expect(self, total: float, text: str = "") -> None:
        """Say how much there is, from the beginning, and what it is."""
        if self._bars is not None and self._task is not None:
            self._bars.reset(self._task, total=total, description=text, visible=True)

    def echo(self, text: str) -> None:
        """Print a line of the result, above the bar."""
        if self._bars is not None and sys.stdout.isatty():
            self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            typer.echo(text)

    @contextmanager
    def part(self) -> Iterator[Advance]:
        """Give a second bar, for one of the steps."""
        if self._bars is None:
            yield Advance()
            return
        task = self._bars.add_task("", visible=False)
        try:
            yield Advance(self._bars, task)
        finally:
            self._bars.remove_task(task)


@contextmanager
def progress(text: str, total: int) -> Iterator[Advance]:
    """Show a bar while something long goes on, where people see it."""
    if not sys.stderr.isatty():
        yield Advance()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bars:
        yield Advance(bars, bars.add_task(f"{text} ({total})", total=total))


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """Say what is waited for, on standard error, when it takes longer."""
    timer = threading.Timer(PATIENCE, typer.echo, [f"waiting for {clean(label)} …"], {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def clean(text: str) -> str:
    """Return text of foreign origin as a terminal may have it: without control characters."""
    return "".join(char if char.isprintable() else "�" for char in text)


def warn(text: str) -> None:
    """Say something beside the result."""
    typer.echo(f"Warning: {clean(text)}", err=True)


def said(error: Exception) -> str:
    """Return what an error means to people."""
    if not isinstance(error, OSError):
        return str(error)
    problem = error.strerror or type(error).__name__
    return f"{error.filename}: {problem}" if error.filename else problem
