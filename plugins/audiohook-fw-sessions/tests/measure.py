"""Measure the session database: rows per second, CPU per call-second, and questions to a million sessions.

    python plugins/audiohook-fw-sessions/tests/measure.py rows|calls|queries [--url URL] [--sessions N]

`queries` fills an empty database first, with three utterances for each session, and keeps it: give the same
`--url` again to measure again. `calls` compares the CPU time of a process that plays calls with and without
the plugin, its writer's thread included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from audiohook_fw_sessions.address import is_sqlite, read_url
from audiohook_fw_sessions.database import Database
from audiohook_fw_sessions.filters import read_filter
from audiohook_fw_sessions.plugin import Sessions
from audiohook_fw_sessions.reader import By, Reader
from audiohook_fw_sessions.rows import Row, iso, new_id
from audiohook_fw_sessions.writer import Writer
from sqlalchemy import text

from audiohook_fw import PluginInfo, SessionHandler, Transcript, hookimpl
from audiohook_fw.testing import CallDriver

WORDS = [f"word{n}" for n in range(5_000)]
UTTERANCES = 3


def session_rows(number: int, at: datetime, chance: random.Random) -> Iterator[Row]:
    """Yield what is written of a call: its row twice, its tags, and what was said."""
    name = new_id(at)
    queue = number % 40
    facts = {
        "id": name,
        "session_id": f"{number:08x}-0000-4000-8000-000000000000",
        "conversation_id": f"{number // 2:08x}-0000-4000-8000-000000000001",
        "organization_id": f"{number % 5:08x}-0000-4000-8000-000000000002",
        "key_name": f"key{number % 4}",
        "queue_id": f"{queue:08x}-0000-4000-8000-000000000003",
        "queue_name": f"Queue {queue}",
        "started_at": iso(at),
        "node": "measure",
        "process": "measure",
        "decision": "accept",
        "rate": 8000,
    }
    seconds = chance.uniform(5, 900)
    yield Row("tags", {"session": name, "name": "team", "revision": 1, "value": f"team{number % 20}"})
    for utterance in range(UTTERANCES):
        said = " ".join(chance.choices(WORDS, k=12)) + (" refund" if number % 1000 == 0 else " thanks")
        start = int(seconds * 8000 * utterance / UTTERANCES)
        body = {"channel": "external", "text": said, "start": start, "length": 16_000, "is_final": True}
        event = {"type": "transcript", "channel": "external", "start": start, "length": 16_000, "text": said}
        yield Row(
            "events",
            {"session": name, "number": utterance + 1, "at": iso(at), "body": json.dumps(body), **event},
        )
    ended = {"state": "ended", "reason": "end", "ended_at": iso(at + timedelta(seconds=seconds))}
    yield Row(
        "sessions", {**facts, **ended, "revision": 2, "seconds": seconds, "rtt_max": chance.random() / 10}
    )


def rows(url: str, sessions: int) -> None:
    """Write through journal and database, as the plugin does, and say how fast that is."""
    chance = random.Random(1)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    made = [
        row for n in range(sessions) for row in session_rows(n, began + timedelta(seconds=30 * n), chance)
    ]
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(
            read_url(url or f"sqlite:///{folder}/a.sqlite"),
            journal=Path(folder) / "journal",
            journal_bytes=10**10,
            delay=0.2,
        )
        writer.start().result(60)
        before, cpu = time.perf_counter(), _cpu()
        for row in made:
            while not writer.put(row.table, row.values):
                writer.lost = 0
                time.sleep(0.01)
        while writer.waiting or writer.backlog:
            time.sleep(0.01)
        took, used = time.perf_counter() - before, _cpu() - cpu
        writer.stop(60)
    per_row = f"{used / len(made) * 1e6:.0f} µs of CPU each"
    print(f"{len(made)} rows in {took:.1f} s: {len(made) / took:.0f} rows/s, {per_row} (this process)")


class Speaker:
    """Says something every five seconds: what a speech recognition would."""

    info = PluginInfo(emits=(Transcript,))

    @hookimpl
    def create_handler(self, session: Any) -> SessionHandler:
        return _Speaking(session)


class _Speaking(SessionHandler):
    def __init__(self, session: Any) -> None:
        self.session, self.next = session, 0

    def on_audio(self, frame: Any) -> None:
        if frame.position >= self.next:
            self.next += 40_000
            said = "so that is what was said in these five seconds of a call"
            self.session.emit(Transcript(channel="external", text=said, start=frame.position, length=1600))


class Nothing:
    """A plugin beside which the same is measured."""

    @hookimpl
    def on_opened(self) -> None:
        return None


def calls(url: str, count: int) -> None:
    """Play calls of a minute with and without the plugin, and compare CPU times."""
    found: dict[str, list[float]] = {"without": [], "with": []}
    with CallDriver(Nothing) as call:  # so that what is made once counts for neither
        call.start()
        _play(call)
    with tempfile.TemporaryDirectory() as folder:
        settings = {"url": url or f"sqlite:///{folder}/a.sqlite", "journal": f"{folder}/journal"}
        for _ in range(5):
            for kind, plugin in (("without", Nothing), ("with", Sessions)):
                given = settings if kind == "with" else {}
                with CallDriver(plugin, settings=given, others={"speaker": Speaker()}) as call:
                    call.start()
                    cpu = _cpu()
                    for _ in range(count):
                        _play(call)
                        call.close()
                        call._line_ = None
                found[kind].append((_cpu() - cpu) / (count * 60))
    more = [(w - o) * 1e6 for w, o in zip(found["with"], found["without"], strict=True)]
    spread = f"{statistics.median(more):.0f} µs ({min(more):.0f} to {max(more):.0f})"
    print(
        f"{spread} of CPU more for a call-second, beside {statistics.median(found['without']) * 1e6:.0f} µs"
    )


def _play(call: CallDriver) -> None:
    """Play a minute in frames of 2.5 s: the plugin takes no audio, and the stage's own work is for frames."""
    call.open()
    call.audio(b"\xff" * 16_000 * 60, frame_ms=2_500)


async def queries(url: str, sessions: int) -> None:
    """Ask what people ask, five times, and say how long the middle one took."""
    await _fill(url, sessions)
    reader = Reader(read_url(url))
    page = _pages(reader)
    conversation = f"{sessions // 4:08x}-0000-4000-8000-000000000001"
    questions: dict[str, Callable[[], Awaitable[Any]]] = {
        "list, first page": page(),
        "show CONVERSATION": lambda: reader.find(conversation),
        "list, a page in the middle": page(until="2026-07-01"),
        "list --key": page(key="key1"),
        "list --queue NAME": page(queue="Queue 7"),
        "list --conversation": page(conversation=conversation),
        "list --state open (none)": page(state="open"),
        "list --tag team=team3": page(tag=["team=team3"]),
        "list --tag of nobody": page(tag=["team=none"]),
        "list --min-seconds 890": page(min_seconds=890),
        "list --min-seconds 1000 (none)": page(min_seconds=1000),
        "list --search, word of 1 in 1,000": page(search="refund"),
        "list --search, word of 1 in 140": page(search="word17"),
        "list --search, word of nearly all": page(search="thanks"),
        "list --search, two words": page(search="word17 word18"),
        "list --search, word that nobody said": page(search="nowhere"),
        "count, as export does": lambda: reader.count(read_filter({})),
        "stats": lambda: reader.stats(read_filter({}), By.TOTAL),
        "stats --by queue, one day": lambda: reader.stats(read_filter(ONE_DAY), By.QUEUE),
        "stats --by queue": lambda: reader.stats(read_filter({}), By.QUEUE),
    }
    for name, ask in questions.items():
        times = []
        for _ in range(5):
            began = time.perf_counter()
            await ask()
            times.append(time.perf_counter() - began)
        print(f"{name:<36}{statistics.median(times) * 1000:10.1f} ms", flush=True)
    async with reader._engine.connect() as connection:
        began = time.perf_counter()
        like = "SELECT session FROM events WHERE text LIKE '%nowhere%' ORDER BY session DESC LIMIT 50"
        await connection.execute(text(like))
        print(f"{'the last with LIKE, for comparison':<36}{(time.perf_counter() - began) * 1000:10.1f} ms")
    began = time.perf_counter()
    count = 0
    async for found in reader.pages(read_filter(ONE_MONTH), details=False):
        count += len(found)
    print(f"export of {count} sessions: {count / (time.perf_counter() - began):.0f} sessions/s")
    await reader.close()


ONE_DAY = {"since": "2026-03-01", "until": "2026-03-01"}
ONE_MONTH = {"since": "2026-03-01", "until": "2026-03-31"}


def _pages(reader: Reader) -> Callable[..., Callable[[], Awaitable[Any]]]:
    return lambda **wanted: lambda: reader.page(read_filter(wanted), limit=50)


async def _fill(url: str, sessions: int) -> None:
    database = Database(read_url(url))
    await database.open()
    async with database._engine.connect() as connection:
        there = (await connection.execute(text("SELECT count(*) FROM sessions"))).scalar_one()
    if there >= sessions:
        await database.close()
        return
    began = time.perf_counter()
    async with database._engine.begin() as connection:
        for first in range(0, sessions, 50_000):
            last = min(first + 50_000, sessions) - 1
            for statement in _filling(first, last, is_file=is_sqlite(read_url(url))):
                await connection.execute(text(statement))
    async with database._engine.begin() as connection:
        await connection.execute(text("ANALYZE"))
    await database.close()
    print(f"filled with {sessions} sessions in {time.perf_counter() - began:.0f} s")
    if is_sqlite(read_url(url)):
        size = os.stat(str(read_url(url).database)).st_size
        print(f"{size / 1e6:.0f} MB, {size / sessions:.0f} bytes for each session")


def _filling(first: int, last: int, *, is_file: bool) -> Iterator[str]:
    """Yield statements that fill the tables, a session each 30 s from 2026 on; rows would take an hour."""
    base = 1_767_225_600
    if is_file:
        counted = f"SELECT {first} UNION ALL SELECT i + 1 FROM c WHERE i < {last}"
        numbers = f"(WITH RECURSIVE c(i) AS ({counted}) SELECT i FROM c)"
        hexed = "printf('%0{0}x', {1})"
        at = f"strftime('%Y-%m-%dT%H:%M:%fZ', {base} + i * 30, 'unixepoch')"
        chance = "(abs(random()) % {0})"
        utterances = "(SELECT 1 AS u UNION SELECT 2 UNION SELECT 3)"
    else:
        numbers = f"generate_series({first}\\:\\:bigint, {last}) AS n(i)"
        hexed = "lpad(to_hex({1}), {0}, '0')"
        moment = f"to_timestamp({base} + i * 30) AT TIME ZONE 'UTC'"
        at = f'to_char({moment}, \'YYYY-MM-DD"T"HH24\\:MI\\:SS.MS"Z"\')'
        chance = "floor(random() * {0})\\:\\:bigint"
        utterances = "generate_series(1, 3) AS m(u)"
    name = f"{hexed.format(12, f'({base} + i * 30) * 1000')} || {hexed.format(20, 'i')}"
    uuid = "{0} || '-0000-4000-8000-000000000000'"
    columns = {
        "id": name,
        "revision": "2",
        "session_id": uuid.format(hexed.format(8, "i")),
        "conversation_id": uuid.format(hexed.format(8, "i / 2")),
        "organization_id": uuid.format(hexed.format(8, "i % 5")),
        "key_name": "'key' || (i % 4)",
        "queue_id": uuid.format(hexed.format(8, "i % 40")),
        "queue_name": "'Queue ' || (i % 40)",
        "started_at": at,
        "ended_at": at,
        "state": "'ended'",
        "decision": "'accept'",
        "reason": "'end'",
        "rate": "8000",
        "seconds": f"5 + {chance.format(89_500)} / 100.0",
        "rtt_max": f"{chance.format(1_000)} / 10000.0",
    }
    values = ", ".join(columns.values())
    yield f"INSERT INTO sessions ({', '.join(columns)}) SELECT {values} FROM {numbers}"
    yield (
        f"INSERT INTO tags (session, name, revision, value) "
        f"SELECT {name}, 'team', 1, 'team' || (i % 20) FROM {numbers}"
    )
    words = " || ' ' || ".join([f"'word' || {chance.format(5_000)}"] * 12)
    said = f"{words} || CASE WHEN i % 1000 = 0 THEN ' refund' ELSE ' thanks' END"
    yield (
        f"INSERT INTO events (session, number, at, type, channel, start, length, text, body) "
        f"SELECT {name}, u, {at}, 'transcript', 'external', u * 80000, 16000, {said}, '{{}}' "
        f"FROM {numbers} CROSS JOIN {utterances}"
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("rows", "calls", "queries"))
    parser.add_argument("--url", default="")
    parser.add_argument("--sessions", type=int, default=0)
    given = parser.parse_args()
    match given.what:
        case "rows":
            rows(given.url, given.sessions or 20_000)
        case "calls":
            calls(given.url, given.sessions or 20)
        case _:
            if not given.url:
                raise SystemExit("queries needs --url")
            asyncio.run(queries(given.url, given.sessions or 1_000_000))
