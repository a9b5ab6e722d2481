"""How long those wait who ask a store that fails."""

from __future__ import annotations

from audiohook_fw_recorder.backoff import LONGEST, SHORTEST, Backoff, pause


def test_waits_double_up_to_a_minute() -> None:
    assert [pause(n, lambda: 0.0) for n in (1, 2, 3, 6, 7, 8, 10_000)] == [1, 2, 4, 32, 60, 60, 60]
    assert pause(1, lambda: 1.0) == SHORTEST / 2
    assert LONGEST / 2 <= pause(99) <= LONGEST


def test_failures_at_the_same_time_count_as_one() -> None:
    backoff = Backoff(lambda: 0.0)
    assert not backoff.failing
    backoff.failed(began=10.0, now=11.0)
    assert (backoff.failing, backoff.until) == (True, 12.0)
    backoff.failed(began=10.5, now=11.5)
    assert backoff.until == 12.0
    backoff.failed(began=12.0, now=12.5)
    assert backoff.until == 14.5


def test_a_success_ends_it() -> None:
    backoff = Backoff(lambda: 0.0)
    for now in (1.0, 10.0, 20.0):
        backoff.failed(now, now)
    backoff.succeeded()
    assert not backoff.failing
    assert backoff.until < 0.0
    backoff.failed(30.0, 30.0)
    assert backoff.until == 31.0
