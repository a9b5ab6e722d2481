"""How this program is called here, for commands that a user is to copy."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

__all__ = ["PROGRAM", "program"]

PROGRAM: Final = "audiohook-fw"


def program() -> str:
    """Return `audiohook-fw` where the shell finds it, else the path to it."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{Path(sys.executable).name} -m audiohook_fw"
    if called.name != PROGRAM or shutil.which(PROGRAM) is not None or not called.exists():
        return PROGRAM
    path = called.absolute()
    here = Path.cwd()
    return os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)
