"""`Probing`: the other process, as this one sees it: its messages, its end, and where it was."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, NoReturn, Self

__all__ = ["Probing"]

_FRAME: Final = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>\S+)', re.M)
_FOREIGN: Final = (sysconfig.get_path("stdlib"), str(Path(__file__).parents[2]))
"""Where code is nobody's fault: Python's own, and ours."""
_DYING: Final = 5.0
"""Seconds that a process gets to tell where it is, and its reader to end."""
_LONGEST: Final = 200
"""Characters of its last line that are shown."""


_STARTING: Final = 120.0
"""Seconds that the process gets until it begins with the job: it imports a lot, and no plugin yet."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


class Probing:
    """One run of `probe`; leaving it ends the process and all that it started, and so do the usual signals.

    Where this process is killed, the other one sees its standard input end, and ends itself.
    """

    def __init__(self, job: str) -> None:
        self._handled: list[signal.Signals] = []
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # its end is ours
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.probe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,  # so that what it starts ends with it
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="probe", daemon=True)
        self._reader.start()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it ended already, which its exit status tells
            self._process.stdin.write(f"{job}\n")
            self._process.stdin.flush()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is signal.SIG_DFL:  # else somebody wants to go on, as with nohup
                    signal.signal(number, _leave)
                    self._handled.append(number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for number in self._handled:
            signal.signal(number, signal.SIG_DFL)
        self._process.wait()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._reader.join(_DYING)
        assert self._process.stdout is not None
        if not self._reader.is_alive():  # else somebody who left the group holds the other end
            self._process.stdout.close()
        self._errors.close()

    def messages(self, timeout: float) -> Iterator[Mapping[str, Any]]:
        """Yield what it says until it is done; signs of life are left out.

        Raises:
            TimeoutError: it says nothing for so long. EOFError: it ended before it was done.
        """
        patience = _STARTING
        while True:
            try:
                line = self._lines.get(timeout=patience)
            except queue.Empty:
                raise TimeoutError from None
            if line is None:
                raise EOFError
            patience = timeout
            message = json.loads(line)
            if "done" in message:
                return
            if "alive" not in message:
                yield message

    def abort(self) -> None:
        """End it; it writes first where it is."""
        self._process.send_signal(signal.SIGABRT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_DYING)

    def end(self) -> str:
        """Return how it ended, once its output has."""
        try:
            status = self._process.wait(_DYING)
        except subprocess.TimeoutExpired:
            return "by closing its output"
        return f"with exit status {status}" if status >= 0 else f"by {signal.Signals(-status).name}"

    def place(self) -> str:
        """Return where it was, from what it wrote at its end, ready to follow a sentence."""
        self._errors.seek(0)
        text = self._errors.read()
        for frame in _FRAME.finditer(text):
            if not frame["file"].startswith(_FOREIGN) and Path(frame["file"]).is_absolute():
                return f"; it was at {frame['file']}:{frame['line']} in {frame['function']}"
        last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
        return f"; the last that it said: {last[:_LONGEST]}" if last else ""

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """End this process as a signal does, but through `__exit__`."""
    sys.exit(128 + number)
