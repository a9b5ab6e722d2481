"""Kills a process that makes the files of a recording, before each thing it does to the disk; run by tests.

Prints how many times it was killed, and exits with an error when a recording was ever lost, or a file
not named by its sidecar, or not brought to its end by the next process.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import count
from pathlib import Path

import numpy as np
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.formats import require
from audiohook_fw_recorder.product import Wanted, make_product
from audiohook_fw_recorder.reading import blocks
from audiohook_fw_recorder.timeline import Timeline, spread

ACTS = {"open", "os.rename", "os.remove", "os.link"}
KILLED = 42


def killed_at(step: int, directory: Path, wanted: Wanted) -> bool:
    """Make the product in a process that is gone before its n-th act; tell whether it had so many."""
    child = os.fork()
    if child == 0:
        left = step

        def act(event: str, args: tuple[object, ...]) -> None:
            nonlocal left
            if event in ACTS and str(directory) in str(args[0]):
                left -= 1
                if left == 0:
                    os._exit(KILLED)

        sys.addaudithook(act)
        make_product(directory, Document.read(directory / "s.json"), wanted)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, KILLED), code
    return code == KILLED


def heard(directory: Path) -> np.ndarray:
    """Return all audio in call time."""
    document = Document.read(directory / "s.json")
    return np.concatenate([*spread(blocks(directory, document), Timeline.of(document.audio), channels=2)])


def check(directory: Path, expected: np.ndarray, wanted: Wanted) -> set[str]:
    """See that all is there and named, and ends well; return the names of the files at the end."""
    if wanted.format != "opus":
        assert np.array_equal(heard(directory), expected)
    else:
        assert heard(directory).shape == expected.shape
    document = Document.read(directory / "s.json")
    named = {file.name for file in document.audio.files} | set(document.leftovers)
    for path in directory.iterdir():
        stem = path.name.removesuffix(".tmp")
        assert path.name == "s.json" or stem in {*named, "s.json"} or path.suffix == ".part", path
    done = make_product(directory, document, wanted)
    if wanted.format != "opus":
        assert np.array_equal(heard(directory), expected)
    assert done.audio.format == wanted.format
    assert done.leftovers == []
    assert all(file.sha256 for file in done.audio.files)
    for path in (*directory.glob(".*.part"), directory / "s.json.tmp"):  # which the sweep removes
        path.unlink(missing_ok=True)
    assert {path.name for path in directory.iterdir()} == {
        "s.json",
        *(file.name for file in done.audio.files),
    }
    return {path.name for path in directory.iterdir()}


def main(base: Path, wanted: Wanted) -> None:
    """Kill at the first, second … act, each time with a fresh copy of the recording."""
    require(wanted.format)
    content = {path.name: path.read_bytes() for path in base.iterdir()}
    expected = heard(base)
    for step in count(1):
        directory = base.with_name(f"step{step}")
        directory.mkdir()
        for name, data in content.items():
            (directory / name).write_bytes(data)
        killed = killed_at(step, directory, wanted)
        check(directory, expected, wanted)
        if not killed:
            print(step - 1)
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Wanted(**json.loads(sys.argv[2])))
