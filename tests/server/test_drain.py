"""Draining in virtual time: who is told what, and when."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from audiohook_fw.config import Settings
from audiohook_fw.server.drain import drain
from audiohook_fw.server.registry import Registry


class Connection:
    """A connection that notes what it is told, and leaves when the scenario says."""

    key = ("key", "organization", "session")

    def __init__(self, registry: Registry, *, leaves_on: str = "") -> None:
        self._registry = registry
        self._leaves_on = leaves_on
        self.told: list[tuple[float, str]] = []
        registry.add(self)  # type: ignore[arg-type]

    def reconnect(self, info: str) -> None:
        self._note("reconnect")

    def disconnect(self, reason: str, info: str) -> None:
        self._note(f"disconnect {reason}")

    def leave(self) -> None:
        self._registry.remove(self)  # type: ignore[arg-type]

    def _note(self, what: str) -> None:
        self.told.append((asyncio.get_running_loop().time(), what))
        if what == self._leaves_on:
            self.leave()


@pytest.fixture
def timing(settings: Callable[..., Settings]) -> Callable[..., Settings]:
    def make(**server: float) -> Settings:
        return settings(
            server={"balancer_grace": 5, "reconnect_spread": 20, "drain_deadline": 600} | server,
            limits={"disconnect_timeout": 10, "end_deadline": 60},
        )

    return make


async def test_calls_are_taken_during_the_grace_and_then_no_more(timing: Any) -> None:
    registry = Registry(10)
    task = asyncio.create_task(drain(registry, timing(), grace=5))
    await asyncio.sleep(4.9)
    assert not registry.draining
    await asyncio.sleep(0.2)
    assert registry.draining
    assert await task is True
    assert asyncio.get_running_loop().time() == pytest.approx(5.1, abs=0.01)


async def test_reconnects_are_spread_and_calls_run_out(timing: Any) -> None:
    registry = Registry(10)
    loop = asyncio.get_running_loop()
    connections = [Connection(registry) for _ in range(4)]
    for connection in connections:
        loop.call_later(300, connection.leave)
    assert await drain(registry, timing(), grace=5) is True
    assert loop.time() == pytest.approx(300, abs=0.1)
    told = sorted(at for connection in connections for at, _ in connection.told)
    assert told == pytest.approx([5, 10, 15, 20], abs=0.01)
    assert {what for connection in connections for _, what in connection.told} == {"reconnect"}


async def test_it_ends_as_soon_as_the_last_call_has_moved(timing: Any) -> None:
    registry = Registry(10)
    connections = [Connection(registry, leaves_on="reconnect") for _ in range(2)]
    assert await drain(registry, timing(), grace=0) is True
    assert asyncio.get_running_loop().time() == pytest.approx(10, abs=0.01)
    assert all(connection.told for connection in connections)


async def test_call_that_comes_in_the_grace_is_moved_too(timing: Any) -> None:
    registry = Registry(10)
    made: list[Connection] = []
    asyncio.get_running_loop().call_later(4, lambda: made.append(Connection(registry, leaves_on="reconnect")))
    assert await drain(registry, timing(), grace=5) is True
    assert [what for _, what in made[0].told] == ["reconnect"]


async def test_what_is_left_at_the_deadline_is_disconnected(timing: Any) -> None:
    registry = Registry(10)
    connection = Connection(registry, leaves_on="disconnect error")
    assert await drain(registry, timing(), grace=5) is False
    assert connection.told == [
        (pytest.approx(5, abs=0.01), "reconnect"),
        (pytest.approx(600, abs=0.01), "disconnect error"),
    ]
    assert asyncio.get_running_loop().time() == pytest.approx(600, abs=0.1)


async def test_without_any_time_calls_are_disconnected_at_once(timing: Any) -> None:
    registry = Registry(10)
    connection = Connection(registry, leaves_on="disconnect error")
    assert await drain(registry, timing(), grace=0, deadline=0) is False
    assert connection.told == [(pytest.approx(0, abs=0.01), "disconnect error")]


async def test_what_is_logged_is_right_of_one_call_too(timing: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    registry = Registry(10)
    Connection(registry, leaves_on="disconnect error")
    await drain(registry, timing(), grace=5)
    assert [r.getMessage() for r in caplog.records if r.name == "audiohook_fw.server.drain"][-2:] == [
        "draining; connections asked to reconnect over 20 s: 1",
        "the drain deadline is over; connections disconnected: 1",
    ]


async def test_it_does_not_wait_for_ever(timing: Any) -> None:
    registry = Registry(10)
    Connection(registry)
    assert await drain(registry, timing(), grace=5) is False
    assert asyncio.get_running_loop().time() == pytest.approx(600 + 10 + 60 + 1, abs=0.1)


async def test_cancelling_leaves_the_server_closed_for_new_calls(timing: Any) -> None:
    registry = Registry(10)
    task = asyncio.create_task(drain(registry, timing(), grace=5))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert registry.draining
