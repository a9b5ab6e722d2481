"""A loop whose time runs faster than the clock's: its timers are due in order, and not before their time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from audiohook_fw.stage import PacedLoop


@pytest.fixture
def loop() -> Iterator[PacedLoop]:
    loop = PacedLoop(100)
    yield loop
    loop.close()


def test_time_runs_as_fast_as_asked(loop: PacedLoop) -> None:
    began, real = loop.time(), time.monotonic()
    loop.run_until_complete(asyncio.sleep(20))
    passed, really = loop.time() - began, time.monotonic() - real
    assert passed >= 20
    assert really >= 0.19
    assert passed == pytest.approx(really * 100, rel=0.2)


def test_timers_are_due_in_order(loop: PacedLoop) -> None:
    due: list[str] = []
    loop.call_later(8, due.append, "late")
    loop.call_later(2, due.append, "early")
    loop.run_for(15)
    assert due == ["early", "late"]


def test_what_is_ready_waits_for_no_time(loop: PacedLoop) -> None:
    done: list[str] = []
    loop.call_soon(done.append, "now")
    loop.run_for()
    assert done == ["now"]


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_is_above_0(speed: float) -> None:
    with pytest.raises(ValueError, match="a speed is above 0"):
        PacedLoop(speed)
