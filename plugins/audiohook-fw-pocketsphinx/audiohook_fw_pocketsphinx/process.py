"""`DecoderProcess`: the other end of `decoding.py`. Its methods block; call them in a thread."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

__all__ = ["DecoderProcess"]

_SCRIPT: Final = Path(__file__).with_name("decoding.py")


class DecoderProcess:
    """A child process with one decoder, for one stream after the other.

    Raises (every method): EOFError: the process is gone; the text is the last line it wrote.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        # -P: the folder of the script is not searched for modules; its files are no top-level ones.
        command = [sys.executable, "-P", str(_SCRIPT), json.dumps(dict(options))]
        # Not the server's own settings: its keys are among them.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AUDIOHOOK_")}
        self._process: Final = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, kind: bytes, data: bytes = b"") -> list[dict[str, Any]]:
        """Send a request, and return the answer."""
        try:
            requests, answers = _pipe(self._process.stdin), _pipe(self._process.stdout)
            requests.write(struct.pack("<cI", kind, len(data)) + data)
            requests.flush()
            header = answers.read(4)
            answer = answers.read(*struct.unpack("<I", header)) if len(header) == 4 else b""
            results: list[dict[str, Any]] = json.loads(answer)
        except (OSError, ValueError):
            raise EOFError(self._last_words()) from None
        return results

    def kill(self) -> None:
        """End it at once, whatever it is doing. Again does nothing."""
        self._process.kill()

    def reap(self) -> None:
        """Wait for its end, and let go of its pipes; call `kill` before, and no `ask` at the same time."""
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except OSError:  # what was written to it and not read
                    continue

    def _last_words(self) -> str:
        self.kill()
        lines = _pipe(self._process.stderr).read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "the decoder's process is gone"


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "all its pipes were asked for"
    return pipe
