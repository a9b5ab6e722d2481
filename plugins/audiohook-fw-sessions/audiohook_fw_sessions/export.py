"""Write any number of sessions, a page at a time, with a bar that shows how far it is."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from audiohook_fw import PluginError

from .filters import Filter
from .reader import Reader
from .shapes import COLUMNS, as_csv

__all__ = ["export_to"]


async def export_to(reader: Reader, wanted: Filter, into: Path | None, *, csv: bool, details: bool) -> int:
    """Write sessions to a new file, or to standard output; return how many.

    Raises:
        PluginError: the file is there already, or cannot be written.
    """
    count = 0
    with _opened(into) as out, _progress() as progress:
        bar = progress.add_task("sessions", total=None)
        progress.update(bar, total=await reader.count(wanted))
        out.write(as_csv((), COLUMNS) if csv else "[")
        async for page in reader.pages(wanted, details=details):
            if csv:
                out.write(as_csv(page, COLUMNS, head=False))
            else:
                lines = ",\n".join(json.dumps(session, ensure_ascii=False) for session in page)
                out.write(f"{',' if count else ''}\n{lines}")
            count += len(page)
            progress.update(bar, completed=count)
        out.write("" if csv else "\n]\n")
    return count


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    """Yield where to write; a file that could not be written whole is removed."""
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            try:
                yield file
                file.flush()
            except BaseException:
                path.unlink(missing_ok=True)
                raise
    except FileExistsError:
        problem = f"{path} is there already; name another file, or remove it"
        raise PluginError("sessions", problem) from None
    except OSError as error:
        if error.filename is None and error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
            raise  # of the database
        raise PluginError("sessions", f"{path} cannot be written: {error.strerror}") from error
