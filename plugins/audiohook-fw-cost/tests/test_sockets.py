"""Calls over real sockets: both pauses in every order, pause control at work, metrics, the report."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_cost import Cost
from audiohook_fw_cost.report import By, Filter, make_report

from audiohook_fw import AudioFrame, Hold, Session, SessionHandler, hookimpl
from audiohook_fw.client import Style

PATIENCE = 30.0


class Holder:
    """Holds the stream between two moments of the real clock, and needs audio."""

    def __init__(self, since: float, until: float) -> None:
        self.since, self.until = since, until

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Holding(session, self)


class _Holding(SessionHandler):
    def __init__(self, session: Session, plugin: Holder) -> None:
        self.session, self.plugin = session, plugin
        self.hold: Hold | None = None

    async def on_opened(self) -> None:
        await asyncio.sleep(self.plugin.since)
        self.hold = self.session.pause("a test")
        await asyncio.sleep(self.plugin.until - self.plugin.since)
        self.hold.release()

    async def on_audio(self, frame: AudioFrame) -> None: ...


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return result


def ended(kit: Any, database: Path) -> list[Any]:
    return list(wait_for(lambda: kit.read(database, "SELECT id FROM calls WHERE ended_at != ''")))


# In seconds of real time: when the server holds, and when the client pauses. Each order of the four moments.
ORDERS = {
    "server, then client": ((0.2, 0.4), (0.6, 0.8)),
    "client, then server": ((0.6, 0.8), (0.2, 0.4)),
    "client within server": ((0.2, 0.8), (0.4, 0.6)),
    "server within client": ((0.4, 0.6), (0.2, 0.8)),
    "server first, overlapping": ((0.2, 0.6), (0.4, 0.8)),
    "client first, overlapping": ((0.4, 0.8), (0.2, 0.6)),
}


@pytest.mark.parametrize("doubled", [False, True], ids=["once", "doubled"])
@pytest.mark.parametrize("order", ORDERS)
def test_both_pauses_in_every_order(
    audiohook_server: Any,
    audiohook_client: Any,
    audiohook_call: Any,
    kit: Any,
    database: Path,
    order: str,
    doubled: bool,
) -> None:
    (since, until), (begin, end) = ORDERS[order]
    server = audiohook_server(Cost, Holder(since, until), settings={"cost": {"database": str(database)}})
    speed = 5.0
    report = audiohook_client(
        server,
        f"pause@{begin * speed}, resume@{end * speed}",
        audio=audiohook_call.tone(1.2 * speed),
        speed=speed,
        frame_ms=40,
        style=Style(double_paused=doubled),
    )
    assert report.as_scripted
    ended(kit, database)
    server.stop()
    figures = kit.figures(database)
    assert figures.streamed == report.ledger.samples
    pauses = report.ledger.pauses
    paused = sum(pause.length or 0 for pause in pauses)
    tail = figures.connected - report.position
    assert figures.client_paused + figures.server_paused == paused + tail
    assert tail == 0 or pauses[-1].length is None  # it ended in a pause, as on a machine that is very busy
    assert all(value >= 0 for value in (*figures.values, tail))
    assert figures.client_paused == 0 or any(pause.client for pause in pauses)
    assert figures.server_paused == 0 or any(pause.server for pause in pauses)
    if all(pause.server and not pause.client for pause in pauses):
        assert figures.client_paused == 0
    if all(pause.client and not pause.server for pause in pauses):
        assert figures.server_paused == 0


class Nobody:
    """Takes audio, but needs none after the first frames."""

    @hookimpl
    def on_audio(self, session: Session, frame: AudioFrame) -> None:
        if frame.position > 8000:
            session.set_audio_interest(False)


@pytest.mark.parametrize("silence", [None, 600])
def test_a_call_that_nobody_needs_is_paused(
    audiohook_server: Any,
    audiohook_client: Any,
    audiohook_call: Any,
    kit: Any,
    database: Path,
    silence: float | None,
) -> None:
    pause = {"without_interest": True, "silence": silence}
    section = {"database": str(database), "pause": pause, "price_per_minute": "0.6"}
    server = audiohook_server(Cost, Nobody, settings={"cost": section})
    report = audiohook_client(server, audio=audiohook_call.tone(60), speed=20.0)
    assert report.as_scripted
    assert (report.received["pause"], report.received["resume"]) == (1, 0)
    assert report.ledger.samples < 59 * 8000
    ended(kit, database)
    server.stop()
    (line,), _ = make_report(database, By.KEY, Filter())
    assert (line.group, line.calls, line.unfinished) == ("test", 1, 0)
    assert line.server_paused > 0
    assert line.saved > 0


def test_silence_is_paused_in_µ_law_frames_of_any_size(
    audiohook_server: Any, audiohook_client: Any, audiohook_call: Any, kit: Any, database: Path
) -> None:
    section = {"database": str(database), "pause": {"silence": 2, "silence_recheck": 60}}
    server = audiohook_server(Cost, settings={"cost": section})
    for frame_ms in (20, 3000):
        report = audiohook_client(server, audio=audiohook_call.silence(60), speed=20.0, frame_ms=frame_ms)
        assert report.received["pause"] == 1
        assert 2 * 8000 <= report.ledger.samples < 59 * 8000


def test_metrics_by_key(
    audiohook_server: Any, audiohook_client: Any, kit: Any, database: Path, audiohook_call: Any
) -> None:
    section = {"database": str(database), "price_per_minute": 6, "currency": "EUR"}
    server = audiohook_server(Cost, settings={"cost": section})
    audiohook_client(server, audio=audiohook_call.tone(10))
    ended(kit, database)
    request = urllib.request.Request(
        f"{server.admin_url}/metrics", headers={"Authorization": f"Bearer {server.admin_token}"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        lines = re.findall(r"^(cost_[^ ]*) ([^ ]*)$", answer.read().decode(), re.M)
    values = {name: float(value) for name, value in lines}
    assert values['cost_duration_seconds_total{key="test",spent="streamed"}'] == 10.0
    assert values['cost_amount_total{currency="EUR",key="test"}'] == 1.0
    assert values['cost_saved_total{currency="EUR",key="test"}'] == 0.0
    assert values['cost_pausing{reason="silence"}'] == 0.0
    assert values["cost_unsaved"] == 0.0


def test_a_killed_server_leaves_what_was_saved(database: Path, kit: Any, tmp_path: Path) -> None:
    """A server of its own process, killed in the middle of a call."""
    code = (
        "from audiohook_fw.testing import ServerThread, play_call, CallAudio\n"
        "from audiohook_fw_cost import Cost\n"
        f"section = {{'cost': {{'database': {str(database)!r}, 'save_seconds': 1}}}}\n"
        "with ServerThread(Cost, settings=section) as server:\n"
        "    play_call(server, audio=CallAudio.tone(3600), speed=20)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path) as process:
        try:
            wait_for(lambda: database.exists() and _saved(kit, database))
        finally:
            process.kill()
    (line,), _ = make_report(database, By.DAY, Filter())
    assert (line.calls, line.unfinished) == (1, 1)
    assert line.streamed > 0


def _saved(kit: Any, database: Path) -> Any:
    try:
        return kit.read(database, "SELECT call FROM legs WHERE streamed > 0")
    except sqlite3.OperationalError:  # its tables are being made
        return []
