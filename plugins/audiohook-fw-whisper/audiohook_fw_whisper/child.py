"""A worker process: `python -m audiohook_fw_whisper.child FD MODULE:FUNCTION`.

It gets a `Load`, says `Ready` or `Refused`, and then answers each `Request`, until the socket `FD` ends: with
its server, however that ended. Nothing else stops it but SIGKILL: what is sent to the server's whole group
of processes (Ctrl-C, systemd) must not take from it what it needs while its calls run out.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection

from .messages import Answer, Failed, Load, Ready, Refused, Request

__all__ = ["Loader", "serve"]

Loader = Callable[[Load], Callable[[Request], Answer]]
"""Loads models, and returns what answers requests. A `ValueError` says why it never will."""

_NICER = 5
"""Calls come first: who shares the processor with the server gives way to it."""


def serve(connection: Connection, load: Loader) -> None:
    """Answer until the other end is gone."""
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            recognize = load(connection.recv())
        except ValueError as error:
            connection.send(Refused(str(error)))
            return
        connection.send(Ready())
        while True:
            connection.send(_answer(recognize, connection.recv()))


def _answer(recognize: Callable[[Request], Answer], request: Request) -> Answer:
    try:
        return recognize(request)
    except Exception as error:  # whatever the libraries below raise: the next piece may be fine
        return Failed(type(error).__name__)


def main() -> None:
    """Run as a process of its own."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    faulthandler.enable()
    os.nice(_NICER)
    descriptor, name = sys.argv[1:]
    module, _, function = name.partition(":")
    serve(Connection(int(descriptor)), getattr(import_module(module), function))


if __name__ == "__main__":
    main()
