"""An empty home and working directory to run commands in: within this process, or as another one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import pytest

from audiohook_fw.cli.main import run

PATIENCE = 60.0
"""Seconds after which a process that should have ended or spoken is given up."""


@dataclass(frozen=True)
class Result:
    """What became of a command."""

    status: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines on standard error."""
        return self.err.splitlines()


Run = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with nothing of the real environment in it."""
    directory = tmp_path / "here"
    directory.mkdir()
    monkeypatch.chdir(directory)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in list(os.environ):
        if name.startswith(("AUDIOHOOK_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    return directory


@pytest.fixture
def command(place: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process."""

    def go(*args: str) -> Result:
        capsys.readouterr()
        status = run(args)
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return go


@pytest.fixture
def process(place: Path) -> Run:
    """Run a command line as a process of its own, to its end."""

    def go(*args: str, stdin: str = "", env: dict[str, str] | None = None) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "audiohook_fw", *args],
            cwd=place,
            env={**os.environ, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return go


class Server:
    """`audiohook-fw serve` as a process; its output is collected while it runs."""

    def __init__(self, args: tuple[str, ...], place: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "audiohook_fw", "serve", *args],
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"},
        )
        self.lines: list[str] = []
        self._fresh: Queue[str] = Queue()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self._process.stdout, self._process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream) -> None:
        for line in stream:
            self.lines.append(line.rstrip("\n"))
            self._fresh.put(line.rstrip("\n"))

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first match in a line that came or comes."""
        while True:
            try:
                line = self._fresh.get(timeout=PATIENCE)
            except Empty:
                self.end(signal.SIGABRT)  # it writes where each of its threads is
                raise AssertionError(f"{pattern!r} never came: {self.lines}") from None
            if match := re.search(pattern, line):
                return match

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def end(self, number: signal.Signals | None = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        if number is not None:
            self.send(number)
        status = self._process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return status

    def kill(self) -> None:
        """Make sure that nothing is left."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        for stream in (self._process.stdout, self._process.stderr):
            stream.close()


@pytest.fixture
def serve(place: Path) -> Iterator[Callable[..., Server]]:
    """Start servers, and end those that are left."""
    servers: list[Server] = []

    def go(*args: str) -> Server:
        servers.append(Server(args, place))
        return servers[-1]

    yield go
    for server in servers:
        server.kill()


@pytest.fixture
def no_grace(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """End servers without waiting for balancers."""
    monkeypatch.setenv("AUDIOHOOK_SERVER__BALANCER_GRACE", "0")
    monkeypatch.setenv("AUDIOHOOK_SERVER__RECONNECT_SPREAD", "0")
    monkeypatch.setenv("AUDIOHOOK_SERVER__ADMIN_PORT", "0")
