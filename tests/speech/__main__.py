"""The command line: `python -m speech --voices PYTHON` in `tests`; `make speech` calls it."""

from __future__ import annotations

import argparse
from pathlib import Path

from .making import make_set
from .suite import make_suite
from .truth import CLIPS, RATE, SET


def main() -> None:
    parser = argparse.ArgumentParser(prog="speech", description="Make the speech set.")
    parser.add_argument("--voices", type=Path, required=True, help="the Python that has the engines")
    parser.add_argument("--into", type=Path, default=SET, help="where the set goes")
    parser.add_argument("--clips", action="store_true", help="make the committed clips anew, too")
    arguments = parser.parse_args()
    seconds: dict[str, float] = {}
    for speech in make_set(arguments.voices, arguments.into, CLIPS if arguments.clips else None):
        if speech.wav.parent == CLIPS:
            continue
        seconds[speech.variant] = seconds.get(speech.variant, 0) + speech.length / RATE
    if arguments.clips:
        make_suite(arguments.voices, CLIPS)
    told = ", ".join(f"{variant} {length / 60:.1f} min" for variant, length in seconds.items())
    print(f"{arguments.into}: {told}")


if __name__ == "__main__":
    main()
