"""The cells of the matrix in which the event loop stands still: a server in a process of its own.

All that ends runs in one process, one call after the other; what blocks for ever has a process each.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from make_reference.isolation import CELLS, Bad

from audiohook_fw.client import CallOptions, CallReport, Decision, Timing, run_call

SCRIPT = Path(__file__).with_name("blocked_server.py")
BOUND = 60.0
"""Seconds after which something that has to happen has failed; generous, for slow machines."""
PROBE = 0.3
"""Seconds that a probe of health waits for its answer while the loop is blocked."""

HERE = [place for place, cell in CELLS.items() if Bad.NAMED in cell.bad]
"""The other cells are in `test_matrix`."""
IN_CALLS = ("on_open", "inline", "lane", "on_close", "on_end", "filter")
NAMES = {"inline": "on_audio", "lane": "on_audio", "filter": "filter_event"}
TOKEN = {"Authorization": "Bearer token"}


@dataclass
class Outcome:
    """What was seen of one block."""

    record: Mapping[str, Any]
    session: str = ""
    answered_meanwhile: bool = False
    answered_after: bool = False
    report: CallReport | None = None
    ears: list[Mapping[str, Any]] = field(default_factory=list)

    def bad(self, hook: str) -> set[str]:
        """Return what became of the bad plugin."""
        message = f"plugin bad blocks the event loop in {NAMES.get(hook, hook)}, for "
        named = self.record["message"].startswith(message) and self.record["level"] == "error"
        # It blocks by sleeping, and looks between two sleeps whether it may go on: it is seen at either.
        where = ("time.sleep(", ".exists()")
        shown = "in block\n" in self.record["stack"] and any(line in self.record["stack"] for line in where)
        return {"named"} if named and shown and self.record.get("session_id", "") == self.session else set()

    def healthy(self) -> set[str]:
        """Return what became of the healthy plugins."""
        if self.report is None or len(self.ears) != 2:
            return set()
        one, other = self.ears
        facts = {
            "all frames": one["heard"] == other["heard"] == self.report.ledger.audio_bytes > 0,
            "all events": 0 < one["emitted"] == other["got"] and 0 < other["emitted"] == one["got"],
            "ended once": one["closed"] == other["closed"] == 1,
            "delayed": self.answered_after and not self.answered_meanwhile,
        }
        return {name for name, holds in facts.items() if holds}

    def answers(self) -> set[str]:
        """Return what became of the call."""
        facts = {
            "opened": self.report is not None and self.report.decision is Decision.ACCEPTED,
            "closed": self.report is not None and self.report.closing == "closed" and self.report.as_scripted,
            "waits": self.answered_after and not self.answered_meanwhile,
            "lost": not (self.answered_after or self.answered_meanwhile),
        }
        return {name for name, holds in facts.items() if holds}


class Process:
    """One server process, its log, and what its healthy plugins told."""

    def __init__(self, directory: Path, process: asyncio.subprocess.Process) -> None:
        self.directory = directory
        self.process = process
        self.log: list[Mapping[str, Any]] = []
        self.told: list[Mapping[str, Any]] = []
        self.readers = [
            asyncio.create_task(self._read(process.stderr, self.log)),
            asyncio.create_task(self._read(process.stdout, self.told)),
        ]

    @classmethod
    async def start(cls, directory: Path, *arguments: str) -> Process:
        await asyncio.to_thread(directory.mkdir)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(SCRIPT),
            str(directory),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        return cls(directory, process)

    @staticmethod
    async def _read(stream: asyncio.StreamReader | None, into: list[Mapping[str, Any]]) -> None:
        assert stream is not None
        async for line in stream:
            into.append(json.loads(line))  # noqa: PERF401 - others read the list meanwhile

    async def until(self, found: Callable[[], Any]) -> Any:
        """Wait until there is something, and return it."""
        async with asyncio.timeout(BOUND):
            while not (value := found()):
                assert self.process.returncode is None or self.process.returncode == 0, self.log
                await asyncio.sleep(0.01)
        return value

    async def started(self) -> Mapping[str, Any]:
        """Return where it listens."""
        ports: Mapping[str, Any] = await self.until(lambda: next((t for t in self.told if "url" in t), None))
        return ports

    def reports(self) -> list[Mapping[str, Any]]:
        """Return the records of blocks."""
        return [record for record in self.log if record["message"].startswith("plugin bad blocks")]

    async def next_report(self, before: int) -> Mapping[str, Any]:
        record: Mapping[str, Any] = await self.until(lambda: (self.reports() + [None] * 9)[before])
        return record

    def release(self, hook: str) -> None:
        (self.directory / f"go-{hook}").touch()

    async def call(self, hook: str) -> CallReport:
        """Play a call that asks for a block; a client with more patience than Genesys has."""
        long = dict.fromkeys(("connect", "open", "close", "pong", "write"), BOUND)
        return await run_call(
            CallOptions(
                url=(await self.started())["url"],
                api_key="a-test-key",
                secret=b"s" * 32,
                duration=4.0,
                frame_ms=200,
                speed=20.0,
                custom_config={"block": hook},
                timing=Timing(**long),
            )
        )

    async def is_answered(self, timeout: float, *, admin: bool = False) -> bool:
        """Ask whether it lives; return whether there was an answer in time."""
        where = (await self.started())["admin" if admin else "health"]
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout)) as http,
                http.get(f"{where}/health/live") as response,
            ):
                return response.status in (200, 503)
        except (TimeoutError, aiohttp.ClientError):
            return False

    async def lives(self) -> bool:
        """Tell whether either port answers a probe that does not wait for long."""
        return await self.is_answered(PROBE) or await self.is_answered(PROBE, admin=True)

    async def blocked_call(self, hook: str) -> Outcome:
        """Play a call whose block ends once it was seen."""
        before = len(self.reports())
        calling = asyncio.create_task(self.call(hook))
        outcome = Outcome(await self.next_report(before))
        outcome.answered_meanwhile = await self.is_answered(PROBE) or await self.is_answered(
            PROBE, admin=True
        )
        self.release(hook)
        outcome.report = await calling
        outcome.session = outcome.report.ids.session
        outcome.answered_after = await self.is_answered(BOUND)
        await self.until(lambda: len(self.ears(outcome.session)) == 2)
        outcome.ears = self.ears(outcome.session)
        return outcome

    def ears(self, session: str) -> list[Mapping[str, Any]]:
        return [told for told in self.told if told.get("session") == session]

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit status."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(BOUND):
            await asyncio.gather(self.process.wait(), *self.readers)
        assert self.process.returncode is not None
        return self.process.returncode


@dataclass
class Seen:
    """What all processes showed."""

    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    log: list[Mapping[str, Any]] = field(default_factory=list)
    metrics: str = ""
    hooks: Mapping[str, Any] = field(default_factory=dict)
    unblocked: CallReport | None = None
    status: int = -1
    survived_sigterm: list[bool] = field(default_factory=list)


async def block_and_go_on(directory: Path, seen: Seen) -> None:
    server = await Process.start(directory, "process")
    try:
        at_start = Outcome(await server.next_report(0))
        server.release("on_startup")
        for hook in IN_CALLS:
            seen.outcomes["block", hook] = await server.blocked_call(hook)
        first, last = seen.outcomes["block", IN_CALLS[0]], seen.outcomes["block", IN_CALLS[-1]]
        at_start.report, at_start.ears, at_start.answered_after = first.report, first.ears, True
        seen.outcomes["block", "on_startup"] = at_start
        (directory / "go-lane").unlink()
        await server.blocked_call("lane")  # the eighth: once too often
        (directory / "go-inline").unlink()
        seen.unblocked = await server.call("inline")
        ports = await server.started()
        async with aiohttp.ClientSession(headers=TOKEN) as http:
            seen.metrics = await (await http.get(f"{ports['admin']}/metrics")).text()
            seen.hooks = await (await http.get(f"{ports['admin']}/admin/hooks")).json()
        before = len(server.reports())
        ending = asyncio.create_task(server.end())
        at_end = Outcome(await server.next_report(before), report=last.report, ears=last.ears)
        at_end.answered_meanwhile = await server.is_answered(PROBE, admin=True)
        at_end.answered_after = last.answered_after  # there is no after
        seen.outcomes["block", "on_shutdown"] = at_end
        server.release("on_shutdown")
        seen.status = await ending
        seen.log = server.log
    finally:
        await server.end(signal.SIGKILL)


async def block_for_ever(directory: Path, hook: str, seen: Seen) -> None:
    server = await Process.start(directory)
    calling = asyncio.create_task(server.call(hook))
    try:
        outcome = Outcome(await server.next_report(0))
        outcome.answered_meanwhile = await server.is_answered(PROBE)
        server.process.send_signal(signal.SIGTERM)
        outcome.answered_after = await server.is_answered(PROBE) or await server.is_answered(
            PROBE, admin=True
        )
        seen.survived_sigterm.append(server.process.returncode is None)
    finally:
        await server.end(signal.SIGKILL)
    report = await calling
    outcome.session, outcome.ears = report.ids.session, server.ears(report.ids.session)
    outcome.report = report if report.as_scripted else None
    seen.outcomes["hang", hook] = outcome


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Run all processes, once for all tests here."""
    seen, top = Seen(), tmp_path_factory.mktemp("blocking")

    async def everything() -> None:
        await asyncio.gather(
            block_and_go_on(top / "block", seen),
            *(block_for_ever(top / hook, hook, seen) for fault, hook in HERE if fault == "hang"),
        )

    asyncio.run(everything())
    return seen


@pytest.mark.parametrize(("fault", "hook"), HERE, ids=["-".join(place) for place in HERE])
def test_cell(fault: str, hook: str, seen: Seen) -> None:
    outcome, cell = seen.outcomes[fault, hook], CELLS[fault, hook]
    assert outcome.bad(hook) == set(cell.bad), outcome.record
    assert outcome.healthy() == set(cell.healthy)
    assert outcome.answers() == set(cell.call)


def test_every_block_is_counted_and_reported_once(seen: Seen) -> None:
    for hook, times in (("on_startup", 1), ("on_open", 1), ("on_audio", 3), ("filter_event", 1)):
        row = f'audiohook_loop_blocked_total{{hook="{hook}",plugin="bad"}} {times}.0'
        assert row in seen.metrics.splitlines()
    named = [record for record in seen.log if "plugin bad blocks the event loop" in record["message"]]
    assert len(named) == len(IN_CALLS) + 3
    assert [block["hook"] for block in seen.hooks["blocks"] if block["plugin"] == "bad"] == [
        "on_startup",
        *(NAMES.get(hook, hook) for hook in IN_CALLS),
        "on_audio",
    ]


def test_who_blocked_too_often_is_shut_out_of_new_calls(seen: Seen) -> None:
    assert any(record["message"] == "plugin bad is in quarantine for new calls" for record in seen.log)
    assert seen.unblocked is not None
    assert seen.unblocked.as_scripted


def test_the_process_ends_as_it_should_unless_it_is_blocked_for_good(seen: Seen) -> None:
    assert seen.status == 0
    assert seen.survived_sigterm == [True, True]


def test_nothing_personal_or_secret_is_in_the_log(seen: Seen) -> None:
    text = json.dumps(seen.log)
    assert "time.sleep" in text
    for secret in ("Ada Lovelace", b64encode(b"s" * 32).decode(), "a-test-key"):
        assert secret not in text
