"""How this program is called here, for commands that a user is to copy."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

__all__ = ["PROGRAM", "command_line"]

PROGRAM: Final = "audiohook-fw"


def command_line(*args: str) -> str:
    """Return what to type to run a command: with the program's path where the shell does not find it."""
    return shlex.join([*_program(), *args])


def _program() -> list[str]:
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return [Path(sys.executable).name, "-m", "audiohook_fw"]
    if called.name != PROGRAM or shutil.which(PROGRAM) is not None or not called.exists():
        return [PROGRAM]
    path, here = called.absolute(), Path.cwd()
    return [os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)]
