"""How long each state of a connection may last."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from audiohook_fw.config import LimitsSettings
from audiohook_fw.protocol import ServerState
from audiohook_fw.server.timers import StateTimer, allowances


class Watch:
    """A timer over a protocol whose state a test sets; notes when it expired."""

    def __init__(self) -> None:
        self.protocol: Any = SimpleNamespace(state=ServerState.UPGRADED)
        self.expired: list[tuple[float, ServerState]] = []
        self.loop = asyncio.get_running_loop()
        self.timer = StateTimer(self.protocol, allowances(LimitsSettings()), self._expired)

    def _expired(self) -> None:
        self.expired.append((self.loop.time(), self.protocol.state))

    def enter(self, state: ServerState) -> None:
        self.protocol.state = state
        self.timer.follow()


@pytest.fixture
async def watch() -> Watch:
    return Watch()


def test_every_state_has_an_allowance() -> None:
    assert set(allowances(LimitsSettings())) == set(ServerState)


@pytest.mark.parametrize("state", ServerState)
async def test_each_state_lasts_as_long_as_the_settings_say(state: ServerState, watch: Watch) -> None:
    watch.enter(state)
    await asyncio.sleep(1_000)
    assert watch.expired == [(allowances(LimitsSettings())[state], state)]


async def test_a_new_state_starts_again(watch: Watch) -> None:
    watch.enter(ServerState.UPGRADED)
    await asyncio.sleep(9)
    watch.enter(ServerState.OPENING)
    await asyncio.sleep(3.9)
    watch.enter(ServerState.CLOSING)
    await asyncio.sleep(7.9)
    assert watch.expired == []
    await asyncio.sleep(0.2)
    assert watch.expired == [(pytest.approx(9 + 3.9 + 8), ServerState.CLOSING)]


async def test_following_without_a_change_does_not_prolong(watch: Watch) -> None:
    watch.enter(ServerState.UPGRADED)
    for _ in range(5):
        await asyncio.sleep(2.1)
        watch.timer.follow()
    assert watch.expired == [(10.0, ServerState.UPGRADED)]


async def test_a_running_call_expires_only_when_nothing_is_heard(watch: Watch) -> None:
    watch.enter(ServerState.ACTIVE)
    for second in range(0, 100, 5):
        await asyncio.sleep(5)
        watch.timer.heard = watch.loop.time()
        watch.enter(ServerState.PAUSED if second % 2 else ServerState.ACTIVE)
    assert watch.expired == []
    await asyncio.sleep(100)
    assert watch.expired == [(130.0, watch.protocol.state)]


async def test_what_was_heard_does_not_prolong_other_states(watch: Watch) -> None:
    watch.enter(ServerState.CLOSING)
    await asyncio.sleep(7)
    watch.timer.heard = watch.loop.time()
    await asyncio.sleep(2)
    assert watch.expired == [(8.0, ServerState.CLOSING)]


async def test_a_stopped_timer_never_expires_and_stopping_twice_is_fine(watch: Watch) -> None:
    watch.enter(ServerState.UPGRADED)
    watch.timer.stop()
    watch.timer.stop()
    await asyncio.sleep(100)
    assert watch.expired == []
