"""The report of a run: as text, and as a section of a page."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections import Counter, defaultdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from .calls import Result
from .drains import DrainResult
from .kills import KillResult

__all__ = ["lines_of_calls", "lines_of_drains", "lines_of_kills", "machine", "table", "write_section"]

_STATE: Final = (
    *("the server, idle", "calls before", "RSS", "RSS with what is free", "fds", "threads"),
    *("tasks", "connections", "lane bytes"),
)
_LIBRARIES: Final = ("aiohttp", "uvloop", "pluggy", "pydantic", "numpy")


def machine() -> str:
    """Say where a run took place."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {libraries}."
    )


def table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join('---' for _ in head)}|"]
    return lines + [f"| {' | '.join(map(str, row))} |" for row in rows]


def lines_of_calls(result: Result) -> list[str]:
    """Return the report of a run of calls, in Markdown."""
    calls = sum(result.outcomes.values())
    checked = sum(result.checks.count.values())
    by_behaviour: dict[str, Counter[str]] = defaultdict(Counter)
    for (behaviour, outcome), count in result.outcomes.items():
        by_behaviour[behaviour.replace("_", " ")][outcome] += count
    outcomes = [
        (name, sum(counts.values()), ", ".join(f"{n} {what}" for what, n in counts.most_common()))
        for name, counts in sorted(by_behaviour.items())
    ]
    figures = result.figures
    shown = {"start": figures[0], "after the first round": figures[1]}
    shown |= {"middle": figures[len(figures) // 2], "end": figures[-1]}
    states = [
        (
            *(name, f["number"], _megabytes(f["rss"]), _megabytes(f["untrimmed"]), f["fds"], f["threads"]),
            *(sum(f["tasks"].values()), f["connections"], f["lane_bytes"]),
        )
        for name, f in shown.items()
    ]
    return [
        f"{calls} connections in {result.seconds / 60:.1f} minutes, {result.accepted} accepted calls; "
        f"{sum(result.faults.values())} faults planted; {checked} checks, none failed. Seed `{result.seed}`.",
        machine(),
        f"The slowest `closed` of a raw client came {result.slowest:.2f} s after its `close`.",
        "",
        *table(("behaviour", "connections", "outcomes"), outcomes),
        "",
        *table(("planted fault", "times"), result.faults.most_common()),
        "",
        *table(
            _STATE,
            states,
        ),
        "",
        *table(("invariant", "checked"), sorted(result.checks.count.items())),
    ]


def _megabytes(number: int) -> str:
    return f"{number / 2**20:.1f} MB"


def lines_of_drains(result: DrainResult) -> list[str]:
    """Return the report of all drains, in Markdown."""
    seconds = sorted(result.seconds)
    checked = sum(result.checks.count.values())
    return [
        f"{len(seconds)} drains, {result.calls} connections, {result.accepted} accepted calls; "
        f"{checked} checks, none failed. Seed `{result.seed}`.",
        machine(),
        f"From SIGTERM to the end of the process: {seconds[0]:.1f} s at least, "
        f"{statistics.median(seconds):.1f} s in the middle, {seconds[-1]:.1f} s at most.",
        "",
        *table(("a call", "times"), result.outcomes.most_common()),
        "",
        *table(("invariant", "checked"), sorted(result.checks.count.items())),
    ]


_KEPT: Final = {
    "disk": "local disk",
    "s3": "an S3 server",
    "age": "local disk, encrypted",
    "age-s3": "an S3 server, encrypted",
}


def lines_of_kills(result: KillResult) -> list[str]:
    """Return the report of all kills, in Markdown."""
    lost = sorted(result.losses.seconds) or [0.0]
    checked = sum(result.checks.count.values())
    unbegun = result.losses.unbegun
    unbegun_text = f", at most {max(unbegun):.2f} s before" if unbegun else ""
    kept = ", ".join(f"{count} {state}" for state, count in sorted(result.states.items()))
    return [
        f"Recordings on {_KEPT[result.keep]}: {len(result.running)} kills under {min(result.running)} to "
        f"{max(result.running)} open calls; {result.calls} calls begun, {result.opened} of them opened; "
        f"{sum(result.states.values())} recordings ({kept}). {checked} checks, none failed; "
        f"{result.seconds / 60:.1f} minutes. Seed `{result.seed}`.",
        machine(),
        f"Of {len(lost)} calls that were cut off, the end was lost: {statistics.median(lost):.2f} s in the "
        f"middle, {lost[int(len(lost) * 0.99)]:.2f} s or less of 99 %, {lost[-1]:.2f} s at most; that is "
        "from when the first frame that is missing was sent to the kill. "
        f"{len(unbegun)} calls have no recording: they were opened right before a kill{unbegun_text}.",
        "",
        *table(("moment", "kills"), result.moments.most_common()),
        "",
        *table(("found by the next server", "over all kills"), result.left.most_common()),
        "",
        *table(("invariant", "checked"), sorted(result.checks.count.items())),
    ]


def write_section(page: Path, name: str, lines: list[str]) -> None:
    """Replace what is between the page's marks `<!-- NAME -->` and `<!-- /NAME -->`.

    Raises:
        ValueError: when it has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    section = "\n".join(["", *lines, ""])
    pattern = rf"(<!-- {name} -->).*?(<!-- /{name} -->)"
    new, count = re.subn(pattern, lambda match: f"{match[1]}{section}{match[2]}", text, flags=re.S)
    if count != 1:
        raise ValueError(f"{page} has {count} sections {name}")
    page.write_text(new, encoding="utf-8")
