from __future__ import annotations

import asyncio

import pytest

from audiohook_fw.client import Timing, run_load
from audiohook_fw.protocol import Disconnect, DisconnectReason

QUICK = Timing(first_ping=0.02, ping=0.1, retry=0.01)


async def test_many_calls_are_played_and_reported_in_order(loopback, options):
    seen = []
    given = options(url=loopback.url, speed=10.0, timing=QUICK)
    reports = await run_load(
        given, 8, rate=200.0, progress=lambda p: seen.append((p.started, p.finished, p.failed, p.seconds))
    )
    assert len(reports) == len({report.ids.session for report in reports}) == 8
    assert all(report.as_scripted for report in reports)
    heard = {server.protocol.session_id: server.recording() for server in loopback.servers}
    assert [heard[r.ids.session] for r in reports] == [r.expected_recording() for r in reports]
    assert seen[-1] == (8, 8, 0, 16.0)
    assert seen == sorted(seen)


async def test_failures_are_counted(loopback, options, script):
    said = Disconnect(reason=DisconnectReason.COMPLETED)
    loopback.scripts = [script(answer=lambda event: said), script()]
    last = []
    reports = await run_load(
        options(url=loopback.url, speed=20.0, timing=QUICK), 2, rate=20.0, progress=last.append
    )
    assert [report.as_scripted for report in reports] == [False, True]
    assert (last[-1].failed, last[-1].finished, last[-1].running, last[-1].total_seconds) == (1, 2, 0, 4.0)


async def test_calls_begin_at_the_rate(loopback, options):
    began = asyncio.get_running_loop().time()
    await run_load(options(url=loopback.url, probe=True), 5, rate=50.0)
    assert asyncio.get_running_loop().time() - began >= 4 / 50


async def test_retries_count_as_one_call(loopback, options, script):
    said = Disconnect(reason=DisconnectReason.ERROR)
    loopback.scripts = [script(answer=lambda event: said), script()]
    last = []
    [report] = await run_load(
        options(url=loopback.url, speed=20.0, timing=QUICK, retries=1), progress=last.append
    )
    assert (report.attempts, last[-1].started, last[-1].seconds) == (2, 1, 2.0)


@pytest.mark.parametrize(("calls", "rate"), [(0, 1.0), (1, 0.0)])
async def test_numbers_that_make_no_load(options, calls, rate):
    with pytest.raises(ValueError, match="must be above 0"):
        await run_load(options(), calls, rate=rate)
