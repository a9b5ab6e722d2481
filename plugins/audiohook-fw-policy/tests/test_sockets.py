"""Over real sockets, with a real server and the simulated client."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_policy import Policy

from audiohook_fw.client import CallReport, Decision

SALES = 'action = "accept"\nwhen.queue = "Sales"\ntags = { team = "sales" }\n'
PATIENCE = 60.0
SECONDS = 30.0
"""Call time of a call: a second and a half at the client's speed."""


@pytest.fixture
def play(
    audiohook_server: Any, audiohook_client: Any, audiohook_call: Any, rule_file: Callable[..., Path]
) -> Callable[..., CallReport]:
    """Play a call into a server with these rules."""

    def run(*texts: str, found: object = None, top: str = 'default = "accept"', **options: Any) -> CallReport:
        settings = {"policy": {"file": str(rule_file(*texts, top=top))}}
        plugins = [Policy] if found is None else [Policy, found]
        server = audiohook_server(*plugins, settings=settings)
        report: CallReport = audiohook_client(server, audio=audiohook_call.tone(SECONDS), **options)
        return report

    return run


def test_accepted(play: Callable[..., CallReport]) -> None:
    report = play('action = "accept"\nwhen.dnis = "+49800*"', top='default = "reject"', dnis="tel:+49800123")
    assert report.as_scripted
    assert report.ledger.samples == SECONDS * 8_000


@pytest.mark.parametrize("reason", ["completed", "error"])
def test_rejected(play: Callable[..., CallReport], reason: str) -> None:
    report = play(f'action = "reject"\nreason = "{reason}"\nwhen.ani = "+49*"', ani="sip:+49301@example.com")
    assert (report.decision, report.reason, report.info) == (Decision.REJECTED, reason, None)


def test_kept_paused(play: Callable[..., CallReport]) -> None:
    report = play(top='default = "accept-paused"')
    assert report.as_scripted
    assert report.ledger.samples == 0
    assert [(pause.start, pause.length) for pause in report.ledger.pauses] == [(0, None)]  # to the end


def test_the_queue_is_found_and_wanted(play: Callable[..., CallReport], lookup: Any) -> None:
    genesys = lookup((0.3, {"lookup": "found", "queue_id": "x", "queue_name": "Sales"}))
    report = play(SALES, found=genesys, top='default = "reject"')
    assert report.as_scripted
    assert genesys.wanted == [True]
    assert 0 < report.ledger.samples < SECONDS * 8_000
    assert report.ledger.pauses[0].start == 0


def test_the_queue_is_found_and_not_wanted(play: Callable[..., CallReport], lookup: Any) -> None:
    report = play(SALES, found=lookup((0.3, {"queue_name": "Care"})), top='default = "reject"')
    assert (report.decision, report.reason, report.info) == (Decision.ACCEPTED, "completed", None)
    assert report.ledger.samples == 0


@pytest.mark.parametrize(
    ("steps", "timeout"),
    [
        pytest.param([(0.1, {"lookup": "none"})], 0.5, id="none"),
        pytest.param([(0.1, {"lookup": "failed"})], 300, id="failed"),
        pytest.param([], 0.5, id="never"),
    ],
)
@pytest.mark.parametrize("fallback", ["accept", "reject"])
def test_the_queue_is_not_found(
    play: Callable[..., CallReport], lookup: Any, steps: list[Any], timeout: float, fallback: str
) -> None:
    report = play(SALES + f'queue_timeout = {timeout}\nfallback = "{fallback}"', found=lookup(*steps))
    assert report.decision is Decision.ACCEPTED
    assert (report.reason == "completed") is (fallback == "reject")
    assert (report.ledger.samples > 0) is (fallback == "accept")


def _until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def test_a_reload_reaches_new_calls_and_no_running_ones(
    audiohook_server: Any,
    audiohook_client: Any,
    audiohook_call: Any,
    rule_file: Callable[..., Path],
    lookup: Any,
) -> None:
    path = rule_file(SALES, top='default = "reject"')
    genesys = lookup((0.1, {"lookup": "pending"}), (4.0, {"queue_name": "Sales"}))
    settings = {"policy": {"file": str(path), "reload_seconds": 0.05}}
    server = audiohook_server(Policy, genesys, settings=settings)
    reports: list[CallReport] = []

    def running() -> None:
        reports.append(audiohook_client(server, audio=audiohook_call.tone(200.0)))

    client = threading.Thread(target=running)
    client.start()
    _until(lambda: genesys.wanted == [True])  # it runs, and waits for its queue
    rule_file('action = "reject"\nreason = "error"')
    _until(lambda: _decision(audiohook_client(server, audio=audiohook_call.tone(0.2))) == "error")
    path.write_text('default = "nonsense"', encoding="utf-8")
    _until(lambda: "1.0" in _metric(server, 'policy_reloads_total{result="invalid"}'))
    assert (
        _decision(audiohook_client(server, audio=audiohook_call.tone(0.2))) == "error"
    )  # the old rules stay
    client.join(PATIENCE)
    (report,) = reports
    assert report.as_scripted
    assert report.ledger.samples > 0


def _decision(report: CallReport) -> str | None:
    return report.reason


def _metric(server: Any, name: str) -> str:
    async def render() -> str:
        await asyncio.sleep(0)
        return str(server._server.metrics.render()[0].decode())

    lines = server.run(render).splitlines()
    return next((line.removeprefix(name) for line in lines if line.startswith(name)), "")
