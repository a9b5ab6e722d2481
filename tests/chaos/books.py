"""The server's books: what its plugins saw, one JSON object a line, read by the clients' process."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any, Final

from audiohook_fw import Session, StashKey

__all__ = ["Books", "serial"]

_SERIAL: Final[StashKey[int]] = StashKey()
_numbers: Final = itertools.count(1)


def serial(session: Session) -> int:
    """Return the number of a call in this process: a session id may come twice, this does not."""
    number = session.stash.get(_SERIAL, None)
    if number is None:
        number = session.stash[_SERIAL] = next(_numbers)
    return number


class Books:
    """Writes rows to a file; each is there at once, also when the process is killed."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def write(self, kind: str, session: Session, **row: Any) -> None:
        """Add a row about a call."""
        fields = {"kind": kind, "call": serial(session), "session": session.id, **row}
        self._file.write(json.dumps(fields) + "\n")
        self._file.flush()
