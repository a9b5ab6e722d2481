"""The alarm over what computes without end: it breaks off one package's code, and nothing else."""

from __future__ import annotations

import contextlib
import time

import pytest

from audiohook_fw.testing import VirtualLoop
from audiohook_fw.testing.alarm import Alarm
from audiohook_fw.testing.blocking import BlockedError


def _spin(seconds: float) -> None:
    until = time.thread_time() + seconds
    with contextlib.suppress(BlockedError):
        while time.thread_time() < until:
            pass


def _spins(package: str, seconds: float) -> list[str]:
    """Let a step of a watched loop compute, and return where it was broken off."""
    loop = VirtualLoop()
    alarm = Alarm(package, loop)
    alarm.start()
    try:
        loop.call_soon(_spin, seconds)
        loop.run_for(0)
    finally:
        alarm.stop()
        loop.close()
    return [blocked.place for blocked in alarm.seen]


def test_what_computes_without_end_is_broken_off() -> None:
    began = time.thread_time()
    (place,) = _spins(__name__, 600.0)
    assert time.thread_time() - began < 300  # processor time, and far from what it would have taken
    assert place.startswith(f"{__file__}:")
    assert place.endswith(" in _spin")


@pytest.mark.parametrize(("package", "seconds"), [(__name__, 0.3), ("another.package", 3.5)])
def test_others_and_short_ones_go_on(package: str, seconds: float) -> None:
    assert _spins(package, seconds) == []


def test_it_may_be_stopped_at_any_time() -> None:
    loop = VirtualLoop()
    alarm = Alarm(__name__, loop)
    alarm.stop()
    alarm.start()
    alarm.stop()
    assert not alarm.is_alive()
    loop.close()
