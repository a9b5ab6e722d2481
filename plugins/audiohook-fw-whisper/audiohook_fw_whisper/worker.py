"""`Worker`: one worker process as the server sees it: start it, ask it, end it.

All of it but `end` blocks and is for a thread; `end` and `close` may come from any other one.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from multiprocessing.connection import Connection
from typing import IO, Any, Final

from .messages import Answer, Failed, Heard, Load, Ready, Refused, Request

__all__ = ["ModelError", "Worker", "WorkerLostError"]

_LAST_WORDS: Final = 400
"""Characters of what a process wrote before it ended that go into the log."""


class ModelError(Exception):
    """A model cannot be loaded, and will not be the next time either; the text says what to do."""


class WorkerLostError(Exception):
    """The process is gone: killed, crashed, hung and killed by us, or speaking nonsense."""


class Worker:
    """One process that has the models loaded.

    Args:
        load: what it is told first.
        loader: `module:function` that it runs: a `child.Loader`.
        load_timeout: seconds it may take to load. timeout: seconds that one piece may take.
    """

    def __init__(self, load: Load, loader: str, *, load_timeout: float, timeout: float) -> None:
        self._load = load
        self._loader = loader
        self._load_timeout = load_timeout
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._written: IO[bytes] | None = None
        self._ended = False
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process, or `None` when there is none."""
        return self._process.pid if self._process is not None else None

    def start(self) -> Ready:
        """Start the process, and return once its models are loaded.

        Raises:
            ModelError: they cannot be loaded.
            WorkerLostError: the process ended, or took too long.
        """
        self._spawn()
        answer = self._ask(self._load, self._load_timeout, "to load its models")
        if isinstance(answer, Refused):
            self._clear()
            raise ModelError(answer.reason)
        if not isinstance(answer, Ready):
            raise self._lost("spoke nonsense")
        return answer

    def recognize(self, request: Request) -> Answer:
        """Have a piece recognised.

        Raises:
            WorkerLostError: the process ended or hung; it must be started again.
        """
        answer = self._ask(request, self._timeout, "for one piece of speech")
        if not isinstance(answer, Heard | Failed):
            raise self._lost("spoke nonsense")
        return answer

    def end(self) -> None:
        """Kill the process, for good: whoever waits for it in another thread is told that it is lost."""
        self._ended = True
        if (process := self._process) is not None:
            process.kill()

    def close(self) -> None:
        """Let go of everything; the process is gone when this returns."""
        self.end()
        self._clear()

    def _spawn(self) -> None:
        try:
            ours, theirs = socket.socketpair()
            _bound(ours, self._timeout)
            self._connection = Connection(ours.detach())
            self._written = tempfile.TemporaryFile()  # noqa: SIM115  # closed in _clear
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", f"{__package__}.child", str(theirs.fileno()), self._loader],
                    stdin=subprocess.DEVNULL,
                    stdout=self._written,
                    stderr=self._written,
                    pass_fds=[theirs.fileno()],
                    env=_environment(self._load),
                )
        except OSError as error:
            raise self._lost(f"cannot be started: {error}") from None
        if self._ended:  # while it was not there yet
            raise self._lost("is not wanted any more")

    def _ask(self, message: object, seconds: float, what_for: str) -> Any:
        connection = self._connection
        if connection is None:
            raise WorkerLostError("there is no process")
        late = f"took longer than {seconds:g} s {what_for}"
        try:
            connection.send(message)
            if not connection.poll(seconds):
                raise self._lost(late)
            return connection.recv()
        except BlockingIOError:  # it reads nothing, or does not go on with what it began to say
            raise self._lost(late) from None
        except (EOFError, OSError):
            raise self._lost("ended") from None
        except WorkerLostError:
            raise
        except Exception as error:  # what cannot be unpickled
            raise self._lost(f"spoke nonsense ({type(error).__name__})") from None

    def _lost(self, what: str) -> WorkerLostError:
        pid = self.pid
        code, said = self._clear()
        ended = f" (exit {code})" if what == "ended" else ""
        last = f"; it last wrote: {said}" if said else ""
        return WorkerLostError(f"worker process {pid} {what}{ended}{last}")

    def _clear(self) -> tuple[int | None, str]:
        """End the process and let go of all; return its exit status and what it wrote last."""
        with self._lock:  # whoever waits for the process, and `close`, may both come here
            process, connection, written = self._process, self._connection, self._written
            self._process = self._connection = self._written = None
        code, said = None, b""
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()
            code = process.wait()
        if written is not None:
            written.seek(max(0, written.seek(0, os.SEEK_END) - _LAST_WORDS))
            said = written.read()
            written.close()
        return code, " ".join(said.decode(errors="replace").split())


def _bound(end: socket.socket, seconds: float) -> None:
    """Let no read or write block for longer: a process that was stopped takes a long piece no more."""
    time = struct.pack("ll", int(seconds), round(seconds % 1 * 1e6))
    for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
        end.setsockopt(socket.SOL_SOCKET, option, time)


def _environment(load: Load) -> dict[str, str]:
    # Not the server's own settings: its keys are among them.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUDIOHOOK_")}
    kept |= {"OMP_NUM_THREADS": str(load.threads), "TOKENIZERS_PARALLELISM": "false"}
    kept["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if all(source.is_directory for _, source in load.models):
        kept["HF_HUB_OFFLINE"] = "1"
    return kept
