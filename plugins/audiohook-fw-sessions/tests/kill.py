"""Kill a server at random moments under calls, and see what its session database knows then.

    python plugins/audiohook-fw-sessions/tests/kill.py --kills 50 --calls 100 [--url URL]

A small plugin beside it stands for a recorder: it leaves a file for each call that has ended, and announces
it until all plugins have taken it, after a restart too. Exit status 0 when nothing is missing or there twice.
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
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from audiohook_fw_sessions.address import read_url
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from audiohook_fw.client import CallOptions, CallReport, ClientCall, Closing, Decision, run_call

SPOOL: Final = """
import asyncio
from pathlib import Path

from audiohook_fw import RecordingFinished, ServerContext, Session, SessionHandler, hookimpl

SPOOL = Path("spool")


class Spool:
    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        SPOOL.mkdir(exist_ok=True)
        self.server = server
        self.task = asyncio.create_task(self.tell_all())

    async def tell_all(self) -> None:
        await asyncio.sleep(0.1)
        for file in SPOOL.glob("*.new"):
            await self.tell(file)

    async def tell(self, file: Path) -> None:
        session_id, conversation_id = file.read_text().split()
        ids = {"session_id": session_id, "conversation_id": conversation_id}
        recording = RecordingFinished(id=file.stem, url=f"file:///{file.stem}.wav", **ids)
        while not await self.server.announce(recording):
            await asyncio.sleep(0.2)
        file.rename(file.with_suffix(".told"))

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return Recording(self, session)


class Recording(SessionHandler):
    def __init__(self, spool: Spool, session: Session) -> None:
        self.spool, self.session = spool, session

    async def on_end(self) -> None:
        file = SPOOL / f"{self.session.id}.new"
        part = file.with_suffix(".part")
        part.write_text(f"{self.session.id} {self.session.conversation_id}")
        part.rename(file)
        await self.spool.tell(file)
"""

CONFIG: Final = """
[server]
port = {port}
admin_port = {admin_port}

[[auth.keys]]
api_key = "key"
secrets = ["{secret}"]

[plugins]
enabled = ["sessions", "spool"]
directory = "plugins"
required = ["sessions", "spool"]

[plugins.sessions]
url = "{url}"
"""


class Server:
    """A server in a directory, which is killed and started again."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory = directory
        self.secret = secrets.token_bytes(32)
        self.port, admin_port = _free_port(), _free_port()
        (directory / "plugins").mkdir()
        (directory / "plugins" / "spool.py").write_text(SPOOL)
        secret = base64.b64encode(self.secret).decode()
        values = {"port": self.port, "admin_port": admin_port, "secret": secret, "url": url}
        (directory / "audiohook.toml").write_text(CONFIG.format(**values))
        self._log = (directory / "log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; return when it takes calls."""
        program = [str(Path(sys.executable).parent / "audiohook-fw"), "serve"]
        self._process = subprocess.Popen(program, cwd=self.directory, stderr=self._log, stdout=self._log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        raise SystemExit("the server does not start:\n" + (self.directory / "log").read_text()[-3000:])

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


async def main(kills: int, calls: int, url: str, seed: int) -> int:
    """Kill, look, and say what was seen."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="audiohook-kill-") as folder:
        directory = Path(folder)
        url = url or f"sqlite:///{directory}/sessions.sqlite"
        server = Server(directory, url)
        accepted: set[str] = set()  # a second before the kill or earlier
        late: set[str] = set()
        over: set[str] = set()
        for number in range(kills):
            await asyncio.to_thread(server.start)
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
        await asyncio.to_thread(server.start)
        await _settled(directory)
        await asyncio.to_thread(server.end, signal.SIGTERM)
        return await _judge(directory, url, accepted, late, over)


async def _settled(directory: Path) -> None:
    deadline = time.monotonic() + 120
    while list((directory / "spool").glob("*.new")):
        if time.monotonic() > deadline:
            raise SystemExit("recordings are not taken:\n" + (directory / "log").read_text()[-3000:])
        await asyncio.sleep(0.1)


async def _judge(directory: Path, url: str, accepted: set[str], late: set[str], over: set[str]) -> int:
    sessions = await _ask(url, "SELECT session_id, state FROM sessions")
    recordings = await _ask(url, "SELECT id FROM recordings")
    states = dict(sessions)
    told = {file.stem for file in (directory / "spool").glob("*.told")}
    wrong = {
        "calls missing": len(accepted - states.keys()),
        "calls twice": len(sessions) - len(states),
        "calls that are over, and not known as such": sum(states.get(s) != "ended" for s in over),
        "calls still open": sum(state == "open" for state in states.values()),
        "recordings missing": len(told - {found for (found,) in recordings}),
        "recordings twice": len(recordings) - len({found for (found,) in recordings}),
        "lines waiting in the journal": len(list((directory / "audiohook-sessions-journal").glob("*"))),
    }
    seen = {
        "calls": len(accepted),
        "calls of the last second": len(late),
        "of those not known": len(late - states.keys()),
        "recordings": len(told),
        "wrong": wrong,
    }
    print(json.dumps(seen, indent=2))
    return int(any(wrong.values()) or not accepted or not told)


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
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    given = parser.parse_args()
    print(f"seed {given.seed}")
    raise SystemExit(asyncio.run(main(given.kills, given.calls, given.url, given.seed)))
