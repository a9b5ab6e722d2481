"""The command line: `python -m chaos calls|drains|kills`, in `tests`.

Exit status 1 when an invariant is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from .calls import Calls
from .checks import BrokenError
from .drains import Drains
from .kills import KEEPS, Kills
from .report import lines_of_calls, lines_of_drains, lines_of_kills, write_section


def main() -> int:
    arguments = _arguments()
    directory = Path(tempfile.mkdtemp(prefix="audiohook-chaos-"))
    seed = arguments.seed or secrets.token_hex(4)
    print(f"seed {seed}, in {directory}", flush=True)
    try:
        lines = asyncio.run(_run(arguments, directory, seed))
    except BrokenError as error:
        _explain(error, arguments, seed, directory)
        return 1
    print("\n".join(lines))
    if arguments.write:
        name = f"kills {arguments.keep}" if arguments.kind == "kills" else arguments.kind
        write_section(arguments.write, name, lines)
    shutil.rmtree(directory)
    return 0


async def _run(arguments: argparse.Namespace, directory: Path, seed: str) -> list[str]:
    if arguments.kind == "drains":
        drains = Drains(directory / "drains", seed, count=arguments.drains, patience=arguments.patience)
        await drains.run()
        return lines_of_drains(drains.result)
    if arguments.kind == "kills":
        kills = Kills(
            directory / arguments.keep,
            seed,
            keep=arguments.keep,
            count=arguments.kills,
            patience=arguments.patience,
        )
        await kills.run()
        return lines_of_kills(kills.result)
    calls = Calls(
        directory / "calls",
        seed,
        seconds=arguments.seconds,
        round_seconds=arguments.round,
        together=arguments.together,
        patience=arguments.patience,
        only=arguments.only,
    )
    await calls.run()
    return lines_of_calls(calls.result)


def _explain(error: BrokenError, arguments: argparse.Namespace, seed: str, directory: Path) -> None:
    print(f"BROKEN: {error.name}")
    if error.number:
        print(f"  call {error.number}, {error.behaviour}, session {error.session}")
    print(f"  {error.detail}")
    alone = f", alone: --only {error.number}" if error.number and arguments.kind == "calls" else ""
    print(f"  again: the same with --seed {seed}{alone}")
    print(f"  everything is left in {directory}; of the log:")
    for note in error.__notes__ if hasattr(error, "__notes__") else ():
        print(note)
    cause = error.__cause__
    if cause is not None and not isinstance(cause, BrokenError):
        traceback.print_exception(cause)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos")
    parser.add_argument("kind", choices=["calls", "drains", "kills"])
    parser.add_argument("--seed", default="")
    parser.add_argument("--seconds", type=float, default=1_800.0)
    parser.add_argument("--round", type=float, default=60.0)
    parser.add_argument("--together", type=int, default=24)
    parser.add_argument("--patience", type=float, default=1.0)
    parser.add_argument("--only", type=int, default=0)
    parser.add_argument("--drains", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--keep", choices=KEEPS, default="disk")
    parser.add_argument("--write", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
