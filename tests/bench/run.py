"""`make bench`: what a call costs on this machine, beside a bare aiohttp loop.

`python tests/bench/run.py [--quick] [--write] [SCENARIO ...]`
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

import scenarios
from processes import KINDS
from scenarios import Scale, Table

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
BEGIN: Final = "<!-- figures: written by `make bench BENCH_ARGS=--write` -->"
PACKAGES: Final = ("aiohttp", "uvloop", "numpy", "pydantic", "opentelemetry-sdk")

SCENARIOS: Final[dict[str, Callable[[Scale], Table]]] = {
    "500x200": partial(scenarios.streaming, calls=500, frame_ms=200.0),
    "500x100": partial(scenarios.streaming, calls=500, frame_ms=100.0),
    "100x20": partial(scenarios.streaming, calls=100, frame_ms=20.0),
    "growth": scenarios.growth,
    "latency": scenarios.latency,
    "stalls": scenarios.stalls,
    "churn": scenarios.churn,
    "memory": scenarios.memory,
    "sequence": scenarios.sequence,
    "delivery": scenarios.delivery,
    "isolation": scenarios.isolation,
}


def machine() -> str:
    """Return what the figures were measured on."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{model}, {os.cpu_count()} cores, {system}, Python {platform.python_version()}, {packages}"


def as_text(table: Table) -> str:
    """Return a table in Markdown."""
    rows = [table.head, tuple("---:" if i else "---" for i in range(len(table.head))), *table.rows]
    lines = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([f"## {table.title}", "", table.remark, "", *lines, ""])


def main() -> int:
    """Measure what was asked for, print it, and with `--write` put it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few calls, short windows: to see that it works")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {PAGE.name}")
    parser.add_argument("scenario", nargs="*", help=f"some of: {', '.join(SCENARIOS)}")
    options = parser.parse_args()
    unknown = set(options.scenario) - set(SCENARIOS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    scale = Scale(rounds=1, window=3.0, divisor=25, settle=0.5) if options.quick else Scale()
    kinds = "\n".join(f"* `{kind}`: {meaning}" for kind, meaning in KINDS.items())
    text = f"Measured on {machine()}.\n\n{kinds}\n\n"
    for name in options.scenario or SCENARIOS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        text += as_text(SCENARIOS[name](scale)) + "\n"
        if options.write:  # after each, since all of them take long
            before, mark, _ = PAGE.read_text(encoding="utf-8").partition(BEGIN)
            PAGE.write_text(f"{before}{mark}\n\n{text.rstrip()}\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
