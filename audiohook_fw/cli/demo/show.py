"""What the demo shows: lines as things happen, a bar on a terminal, and tables at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from audiohook_fw.client import CallReport, ClientCall, Closing, Decision, percentiles
from audiohook_fw.plugin import PluginStatus
from audiohook_fw.server import AudiohookServer

from .checks import Check
from .listener import FACES, PLAIN_FACES

__all__ = ["Screen"]

_TABLE: Final = 80
"""Columns of the screen that the table of calls takes."""

_TICK: Final = 0.05
"""Seconds between looks at a running call."""


class Screen:
    """Where the demo writes."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def line(self, text: str = "") -> None:
        """Write a line as it is."""
        self._console.print(escape(text))

    @property
    def faces(self) -> dict[str, str]:
        """What stands for a mood, as far as the screen can show it."""
        try:
            "".join(FACES.values()).encode(self._console.encoding)
        except UnicodeEncodeError:
            return PLAIN_FACES
        return FACES

    def title(self, text: str) -> None:
        """Write a heading."""
        self._console.print(f"\n[bold]{escape(text)}[/]")

    def done(self, name: str, text: str, *, good: bool = True) -> None:
        """Write that something came out well, or not."""
        self._console.print(f"  {_mark(good)} {escape(name):<10}{escape(text)}")

    def introduce(self, server: AudiohookServer) -> None:
        """Write where a server is, and with which plugins."""
        plugins = [record for record in server.plugins.records if record.order >= 0]
        names = [record.name for record in plugins if record.status is PluginStatus.ACTIVE]
        names += [f"{record.name} ({record.status})" for record in plugins if record.name not in names]
        self.done("server", server.url)
        self.done("plugins", ", ".join(names))

    @contextmanager
    def logs(self) -> Iterator[None]:
        """Write what the server warns of while the block runs, in place of standard error."""
        handler = _Handler(self._detail)
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)

    def _detail(self, text: str) -> None:
        self._console.print(f"      [dim]{escape(text)}[/]")

    def checks(self, checks: Iterable[Check]) -> bool:
        """Write checks as they are made; return whether all were good."""
        good = True
        for check in checks:
            problem = f": [red]{escape(check.problem)}[/]" if check.problem else ""
            self._console.print(f"  {_mark(not check.problem)} {escape(check.text)}{problem}")
            good = good and not check.problem
        return good

    async def watch(self, call: ClientCall, duration: float) -> None:
        """Follow a call until it is cancelled: a line for all that happens, on a terminal a bar too."""
        told = _Told(call)
        with self._bar(duration) as move:
            try:
                while True:
                    self._tell(told)
                    move(call.seconds, told.state)
                    await asyncio.sleep(_TICK)
            finally:
                self._tell(told)

    @contextmanager
    def _bar(self, duration: float) -> Iterator[Callable[[float, str], None]]:
        if not self._console.is_terminal:
            yield lambda seconds, state: None
            return
        columns = (TextColumn("    {task.description:<10}"), BarColumn(40), TextColumn("{task.fields[time]}"))
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task("", total=duration, time="")

            def move(seconds: float, state: str) -> None:
                time = f"{_clock(seconds)} of {_clock(duration)}"
                progress.update(task, completed=seconds, time=time, description=state)

            yield move

    def _tell(self, told: _Told) -> None:
        for text in told.news():
            self._detail(text)

    def calls(self, rows: Iterable[tuple[str, CallReport, Path | None]]) -> None:
        """Write the table of calls: name, report, recording."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        table.add_column("  call")
        table.add_column("decision")
        for title in ("duration", "audio", "paused", "discarded", "RTT"):
            table.add_column(title, justify="right")
        table.add_column("file")
        for name, report, path in rows:
            table.add_row(f"  {name}", _decision(report), *_numbers(report), _short(path))
        if self._console.width < _TABLE:  # lines that go on below are easier to read than cells cut short
            table.width = _TABLE
        self._console.print(table, crop=False)


class _Handler(logging.Handler):
    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(self.format(record))


class _Told:
    """Turns the growing books of a call into lines, each told once."""

    def __init__(self, call: ClientCall) -> None:
        self._call = call
        self._begun = 0
        self._ended = 0
        self._discards = 0

    @property
    def state(self) -> str:
        """What the call does now."""
        pauses = self._call.report.ledger.pauses
        return "paused" if pauses and pauses[-1].length is None else "streaming"

    def news(self) -> list[str]:
        """Return what happened since the last time."""
        ledger = self._call.report.ledger
        pauses, discards = ledger.pauses, ledger.discards
        rate = ledger.media.rate if ledger.media is not None else 1  # without media there is nothing to tell
        lines: list[str] = []
        for pause in pauses[self._begun :]:
            who = "the client (a secure pause)" if pause.client else "the server (a hold of the policy)"
            lines.append(f"{_clock(pause.start / rate)}  paused by {who}")
        ended = [pause for pause in pauses if pause.length is not None]
        for pause in ended[self._ended :]:
            assert pause.length is not None, "only ended pauses are here"
            end = (pause.start + pause.length) / rate
            lines.append(f"{_clock(end)}  goes on after {pause.length / rate:.1f} s")
        lines += [
            f"{_clock(gap.start / rate)}  {gap.length / rate:.1f} s discarded by the client"
            for gap in discards[self._discards :]
        ]
        self._begun, self._ended, self._discards = len(pauses), len(ended), len(discards)
        return lines


def _mark(good: bool) -> str:
    return "[green]✓[/]" if good else "[red]✗[/]"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _decision(report: CallReport) -> str:
    is_refused = report.closing is Closing.REFUSED  # before anything could be decided
    return str(report.closing if is_refused else report.decision)


def _numbers(report: CallReport) -> tuple[str, str, str, str, str]:
    """Return duration, audio, paused and discarded (call time), and RTT, as text.

    How long a pause was in which a call ended, no message tells.
    """
    ledger, rtt = report.ledger, percentiles(report.rtts)
    if report.decision is not Decision.ACCEPTED or ledger.media is None:
        return ("-", "-", "-", "-", "-")
    paused = sum(pause.length or 0 for pause in ledger.pauses)
    discarded = sum(gap.length for gap in ledger.discards)
    samples = (ledger.position, ledger.samples, paused, discarded)
    duration, audio, paused_for, lost = (f"{count / ledger.media.rate:.1f} s" for count in samples)
    if any(pause.length is None for pause in ledger.pauses):
        duration = paused_for = "-"
    return (duration, audio, paused_for, lost, f"{rtt['p50'] * 1000:.1f} ms" if rtt else "-")


def _short(path: Path | None) -> str:
    return f"{path.stem[:6]}….{path.suffix[1:]}" if path is not None else "-"
