"""The second act of the demo: which calls, from where, at what cost."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audiohook_fw.client import CallReport, Closing
from audiohook_fw.plugin import PluginManager
from audiohook_fw.server import run

from .checks import Check
from .choice_checks import check_choice
from .choice_script import NAMES, scenes
from .choice_stage import COST, DATABASE, choice_stage
from .cost_checks import check_costs
from .costs import read_meter, run_report
from .show import Screen
from .watched import play_scene

__all__ = ["Choice", "play_choice"]

_BY_QUEUE: Final = ("--by", "queue")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is left of the act.

    Attributes:
        reports: of the calls, in the order of `NAMES`. directory: where its files are.
        table: what the cost plugin's command says. totals: the same as JSON.
    """

    reports: tuple[CallReport, CallReport, CallReport]
    directory: Path
    table: str
    totals: str

    @property
    def command(self) -> tuple[str, ...]:
        """The arguments of the command that prints the table."""
        return (COST, "report", *_BY_QUEUE, "--database", str(self.directory / DATABASE))

    def checks(self) -> Iterator[Check]:
        """Yield every check of the act. Reads files: blocks."""
        yield from check_choice(*self.reports, self.directory)
        wanted, unwanted, _ = self.reports
        calls = read_meter(self.directory / DATABASE)
        yield from check_costs((wanted, unwanted), calls, json.loads(self.totals)["totals"])

    def rows(self) -> Iterator[tuple[str, CallReport, Path | None]]:
        """Yield name, report and recording of each call."""
        for name, report in zip(NAMES, self.reports, strict=True):
            path = self.directory / f"{report.ids.session}.wav"
            yield name, report, path if path.exists() else None


def play_choice(into: Path, speed: float, screen: Screen) -> Choice:
    """Play the act's calls; return what is left once the server has stopped. Blocks.

    Args:
        into: a new directory for its files is made there. speed: seconds of call time in one second.

    Raises:
        OSError: the directory cannot be made. PluginError: a plugin cannot start.
    """
    directory = into / f"choice-{secrets.token_hex(3)}"
    directory.mkdir(parents=True)
    with screen.logs():  # why the stranger is refused
        reports, plugins = run(_calls(directory, speed, screen))
    table = run_report(plugins, COST, *_BY_QUEUE)
    return Choice(reports, directory, table, run_report(plugins, COST, *_BY_QUEUE, "--json"))


async def _calls(
    directory: Path, speed: float, screen: Screen
) -> tuple[tuple[CallReport, CallReport, CallReport], PluginManager]:
    """Play the calls, one after the other; return their reports and the plugins, which have stopped."""
    async with choice_stage(directory) as it:
        screen.introduce(it.stage.server)
        screen.done("platform", f"{it.platform.url} (a fake of Genesys' Platform API)")
        key, url = it.stage.key, it.stage.server.url
        wanted, unwanted, foreign = scenes(url, key.api_key, key.secret, speed, it.conversations)
        reports = (
            await play_scene(wanted, screen, lambda report: report.as_scripted),
            await play_scene(unwanted, screen, lambda report: report.reason == "completed"),
            await play_scene(foreign, screen, lambda report: report.closing is Closing.REFUSED),
        )
    return reports, it.stage.server.plugins
