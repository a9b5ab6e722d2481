"""The tutorial "your first plugin", done as it says: each block is saved, run, or found in the output."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "tutorials" / "first-plugin.md"
EXAMPLE = ROOT / "examples" / "first_plugin"
BLOCK = re.compile(
    r"(?:^<!-- (?P<what>\w+) ?(?P<path>\S*) -->\n)?"
    r"^(?P<fence>`{3,})(?P<language>\w+)\n(?P<code>.*?)^(?P=fence)$",
    re.M | re.S,
)
LEFT = {
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
    "recordings",
    "transcripts",
    "audiohook-sessions-journal",
}
DATABASES = "audiohook-*.sqlite*"
"""Of the plugins that a server in a clone loads, since they are installed: files and journals."""
PATIENCE = 120.0
"""Seconds after which a server that should have spoken is given up."""


class Server:
    """A server in the background, and what it says."""

    def __init__(self, command: str, directory: Path, variables: dict[str, str]) -> None:
        free = {"AUDIOHOOK_SERVER__PORT": "0", "AUDIOHOOK_SERVER__ADMIN_PORT": "0"}
        quick = {"AUDIOHOOK_SERVER__BALANCER_GRACE": "0", "AUDIOHOOK_SERVER__RECONNECT_SPREAD": "0"}
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=directory,
            env={**variables, **free, **quick, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first line that fits, of those not waited for yet."""
        while True:
            try:
                self.said.append(self._lines.get(timeout=PATIENCE))
            except queue.Empty:
                raise AssertionError(f"{pattern} never came:\n" + "\n".join(self.said)) from None
            if found := re.search(pattern, self.said[-1]):
                return found

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Reader:
    """Somebody who does what the page says, block by block."""

    def __init__(self, environment: Any, directory: Path) -> None:
        self.environment = environment
        self.directory = self.home = directory
        self.said = ""
        self.server: Server | None = None

    def do(self, block: re.Match[str]) -> None:
        step = getattr(self, f"_{block['what'] or block['language']}")
        step(block["code"], block["path"])

    def _file(self, code: str, path: str) -> None:
        assert (self.directory / path).parent.is_dir()
        (self.directory / path).write_text(code, encoding="utf-8")

    def _lines(self, code: str, path: str) -> None:
        text = (self.directory / path).read_text(encoding="utf-8")
        for line in code.splitlines():
            text, count = re.subn(rf"^{line.split('=')[0]}=.*$", lambda _, line=line: line, text, flags=re.M)
            assert count == 1, line
        (self.directory / path).write_text(text, encoding="utf-8")

    def _before(self, code: str, path: str) -> None:
        # The environment of the test stands for it: this one would need a network.
        assert [line.split()[0] for line in code.splitlines()] == ["python3", ".", "pip", "cd"]

    def _sh(self, code: str, path: str) -> None:
        where = self.home / "where"
        self.said = self.environment.sh(f"{code}\npwd > {where}", self.directory)
        self.directory = Path(where.read_text(encoding="utf-8").strip())

    def _text(self, code: str, path: str) -> None:
        for line in code.splitlines():
            pattern = r"\s+".join(re.escape(word) for word in line.split()).replace("…", r"\S.*")
            if self.server is not None:
                self.server.wait_for(pattern)
            else:
                assert re.search(rf"^\s*{pattern}$", self.said, re.M), f"{line}\n{self.said}"

    def _serve(self, code: str, path: str) -> None:
        self.server = Server(code.strip(), self.directory, self.environment.variables(self.home))

    def _simulate(self, code: str, path: str) -> None:
        assert self.server is not None
        command = self.server.wait_for(r"audiohook-fw simulate .*")[0]
        self.environment.sh(f"{command} {code.strip()}", self.directory)


@pytest.fixture(scope="module")
def reader(environment: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Somebody who has read and done all of the page."""
    someone = Reader(environment, tmp_path_factory.mktemp("tutorial"))
    try:
        for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
            someone.do(block)
        yield someone
    finally:
        if someone.server is not None:
            someone.server.kill()
        environment.sh("pip uninstall -q -y audiohook-fw-silence", someone.home)


def _files(directory: Path) -> dict[str, str]:
    """Return the text of each file that a person made; the year of the licence is any year."""
    paths = [
        p
        for p in directory.rglob("*")
        if p.is_file() and not LEFT & set(p.relative_to(directory).parts) and not p.match(DATABASES)
    ]
    texts = {p.relative_to(directory).as_posix(): p.read_text(encoding="utf-8") for p in paths}
    return {name: re.sub(r"\(c\) \d{4}", "(c) YEAR", text) for name, text in texts.items()}


@pytest.mark.timeout(600)
def test_all_of_it_works_and_makes_the_example(reader: Reader) -> None:
    assert reader.server is not None
    made = _files(reader.directory)
    assert made.keys() == _files(EXAMPLE).keys()
    assert made == _files(EXAMPLE)


def test_no_block_is_left_out() -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    rest = BLOCK.sub("", text)
    assert "```" not in rest
    assert "<!--" not in rest
    assert {block["language"] for block in blocks} == {"sh", "text", "python", "toml", "md"}
    assert [b["path"] for b in blocks if b["language"] == "python" and b["what"] != "file"] == []
