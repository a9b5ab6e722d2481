"""Names of queues: asked for once, kept for an hour, and not for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from audiohook_fw_genesys.errors import Outcome, PlatformError
from audiohook_fw_genesys.gate import Ticket
from audiohook_fw_genesys.queue_names import QueueNames


class Client:
    """Answers after one second."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.answer: object = {"name": "Sales"}

    async def get(self, path: str, ticket: Ticket, kind: str) -> object:
        self.paths.append(path)
        await asyncio.sleep(1)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_it_is_asked_for_once_an_hour(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        client = Client()
        names = QueueNames(client)
        assert await asyncio.gather(*(names.name_of("q1") for _ in range(20))) == ["Sales"] * 20
        await asyncio.sleep(3_000)
        assert await names.name_of("q1") == "Sales"
        assert client.paths == ["/api/v2/routing/queues/q1"]
        await asyncio.sleep(1_000)
        client.answer = {"name": "Verkauf"}
        assert await names.name_of("q1") == "Verkauf"

    virtual(run)


@pytest.mark.parametrize("answer", [PlatformError(Outcome.NOT_FOUND, "404"), {}, {"name": 5}, []])
def test_what_cannot_be_found_out(
    virtual: Callable[..., Any], answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        client = Client()
        client.answer = answer
        names = QueueNames(client)
        assert await names.name_of("q1") == ""
        assert await names.name_of("q1") == ""
        assert len(client.paths) == 1
        assert "the name of queue q1 cannot be found out" in caplog.text
        client.answer = {"name": "Sales"}
        await asyncio.sleep(61)
        assert await names.name_of("q1") == "Sales"
        client.answer = answer
        await asyncio.sleep(3_601)
        assert await names.name_of("q1") == "Sales"  # better an old name than none

    caplog.set_level(logging.WARNING)
    virtual(run)


def test_what_is_told_elsewhere_is_kept_within_bounds(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        client = Client()
        names = QueueNames(client)
        for number in range(5_000):
            names.learn(f"q{number}", f"Queue {number}")
        assert await names.name_of("q4999") == "Queue 4999"
        assert client.paths == []
        assert await names.name_of("q0") == "Sales"
        assert len(names._known) == 1_000

    virtual(run)


def test_who_is_cancelled_keeps_nobody_from_it_and_the_end_is_clean(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        names = QueueNames(Client())
        first, second = (asyncio.create_task(names.name_of("q1")) for _ in range(2))
        await asyncio.sleep(0.5)
        first.cancel()
        assert await second == "Sales"
        third = asyncio.create_task(names.name_of("q2"))
        await asyncio.sleep(0.5)
        await names.close()
        with pytest.raises(asyncio.CancelledError):
            await third

    virtual(run)
