"""What the cost plugin says of the calls: its command's report, and what its file holds, to the sample."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import typer

from audiohook_fw.plugin import PluginManager

__all__ = ["Metered", "read_meter", "run_report"]

_QUERY = """
    SELECT c.session_id, c.ended_at != '', max(l.queue_name), sum(l.streamed), sum(l.discarded),
           sum(l.client_paused), sum(l.server_paused), sum(l.without_media)
    FROM calls c JOIN legs l ON l.call = c.id GROUP BY c.id
"""


@dataclass(frozen=True, slots=True)
class Metered:
    """A call as the meter's file has it: lengths in samples of call time."""

    session: str
    ended: bool
    queue: str
    streamed: int
    discarded: int
    client_paused: int
    server_paused: int
    without_media: int

    @property
    def connected(self) -> int:
        """The length of the call."""
        return self.streamed + self.discarded + self.client_paused + self.server_paused + self.without_media


def run_report(plugins: PluginManager, plugin: str, *args: str) -> str:
    """Return what the plugin's command prints, run in this process with the settings it was loaded with.

    Raises:
        PluginError: it cannot read its file.
    """
    (app,) = (command.app for command in plugins.register_commands() if command.name == plugin)
    printed = io.StringIO()
    with redirect_stdout(printed):
        typer.main.get_command(app).main(["report", *args], prog_name=plugin, standalone_mode=False)
    return printed.getvalue().rstrip("\n")


def read_meter(path: Path) -> list[Metered]:
    """Return the calls of a meter's file; blocks.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
        return [
            Metered(session, bool(ended), *rest) for session, ended, *rest in file.execute(_QUERY).fetchall()
        ]
