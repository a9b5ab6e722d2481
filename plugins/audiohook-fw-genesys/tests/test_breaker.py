"""The breaker: opens after failures in a row, lets one try after a while, closes when that works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from audiohook_fw_genesys.breaker import Breaker
from audiohook_fw_genesys.errors import Outcome, PlatformError


class Bench:
    """A breaker of three failures and 30 s, and the attempts that it lets through."""

    def __init__(self) -> None:
        self.told: list[PlatformError] = []
        self.breaker = Breaker(3, 30.0, self.told.append)
        self.sent = 0

    def ask(self, outcome: Outcome = Outcome.OK) -> Outcome:
        try:
            with self.breaker.attempt():
                self.sent += 1
                if outcome is not Outcome.OK:
                    raise PlatformError(outcome, f"it is {outcome}")
        except PlatformError as error:
            return error.outcome
        return Outcome.OK


def test_it_opens_half_opens_and_closes(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        bench = Bench()
        assert [bench.ask(Outcome.TIMEOUT) for _ in range(4)] == [Outcome.TIMEOUT] * 3 + [Outcome.DOWN]
        assert (bench.sent, bench.breaker.is_open, bench.breaker.problem) == (3, True, "it is timeout")
        assert [error.outcome for error in bench.told] == [Outcome.DOWN]
        await asyncio.sleep(29)
        assert bench.ask() is Outcome.DOWN
        await asyncio.sleep(2)
        assert bench.ask(Outcome.SERVER_ERROR) is Outcome.SERVER_ERROR  # the one that tries
        assert bench.ask() is Outcome.DOWN  # 30 s more
        await asyncio.sleep(31)
        assert bench.ask() is Outcome.OK
        assert not bench.breaker.is_open
        assert bench.ask() is Outcome.OK
        assert bench.sent == 6

    virtual(run)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_counts_as_a_failure(virtual: Callable[..., Any], outcome: Outcome) -> None:
    async def run() -> bool:
        bench = Bench()
        for _ in range(3):
            bench.ask(outcome)
        return bench.breaker.is_open

    failures = {
        Outcome.UNAUTHORIZED,
        Outcome.SERVER_ERROR,
        Outcome.TIMEOUT,
        Outcome.UNREACHABLE,
        Outcome.GARBAGE,
    }
    assert virtual(run) is (outcome in failures)


def test_only_failures_in_a_row_count(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        bench = Bench()
        for outcome in (Outcome.TIMEOUT, Outcome.TIMEOUT, Outcome.NOT_FOUND) * 5:
            bench.ask(outcome)
        assert not bench.breaker.is_open

    virtual(run)


def test_one_alone_tries_and_one_that_is_cancelled_blocks_nobody(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        bench = Bench()
        for _ in range(3):
            bench.ask(Outcome.TIMEOUT)
        await asyncio.sleep(31)

        async def hang() -> None:
            with bench.breaker.attempt():
                await asyncio.sleep(1_000)

        probe = asyncio.create_task(hang())
        await asyncio.sleep(1)
        assert bench.ask() is Outcome.DOWN
        probe.cancel()
        with suppress(asyncio.CancelledError):
            await probe
        assert bench.ask() is Outcome.OK

    virtual(run)
