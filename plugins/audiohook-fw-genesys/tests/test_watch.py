"""Conversations with several calls, retries and floods: who shares a look, who is told, what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import pytest
from audiohook_fw_genesys import GenesysSettings
from audiohook_fw_genesys.errors import Outcome, PlatformError
from audiohook_fw_genesys.gate import Gate, Ticket
from audiohook_fw_genesys.lookups import Lookups
from audiohook_fw_genesys.metrics import GenesysMetrics
from opentelemetry.metrics import NoOpMeter


class FakeSession:
    """What a look-up needs of a `Session`."""

    organization_id = "d7934305-0972-4844-938e-9060eef73d05"

    def __init__(self, number: int, conversation: int = 1, *, wanted: bool = False) -> None:
        self.id = str(UUID(int=number))
        self.conversation_id = str(UUID(int=conversation))
        self.state = "open"
        self.context: dict[str, Any] = {"queue_wanted": True} if wanted else {}

    def update_context(self, **values: Any) -> None:
        assert self.state != "ended"
        self.context |= values

    @property
    def lookup(self) -> str | None:
        return self.context.get("lookup")


class Client:
    """Answers after some seconds, a few at a time; every conversation is in the queue `q`."""

    def __init__(self, seconds: float = 1.0, *, at_once: int = 1_000, per_minute: int = 10_000) -> None:
        self.gate = Gate(per_minute, at_once)
        self.seconds = seconds
        self.asked: list[int] = []
        self.error: Exception | None = None

    async def get(self, path: str, ticket: Ticket, kind: str) -> Any:
        async with self.gate.turn(ticket):
            self.asked.append(UUID(path.rpartition("/")[2]).int)
            await asyncio.sleep(self.seconds)
            if self.error is not None:
                raise self.error
        person = {"purpose": "acd", "queueId": "q", "queueName": "Sales", "calls": [{"state": "connected"}]}
        return {"participants": [person]}


Steps = Callable[[Any, Client], Coroutine[Any, Any, None]]


@pytest.fixture
def played(virtual: Callable[..., Any]) -> Callable[..., None]:
    """Run steps with look-ups of a client."""

    def play(steps: Steps, client: Callable[[], Client] = Client, **settings: Any) -> None:
        async def run() -> None:
            made = client()
            section = GenesysSettings.model_validate(settings)
            lookups = Lookups(made, section, GenesysMetrics(NoOpMeter("test")))  # type: ignore[arg-type]
            await steps(lookups, made)
            await lookups.close()
            made.gate.stop()
            assert [t for t in asyncio.all_tasks() if "genesys" in t.get_name()] == []

        virtual(run)

    return play


def test_calls_of_a_conversation_share_a_look(played: Callable[..., None]) -> None:
    async def steps(lookups: Any, client: Client) -> None:
        first, second, third = (FakeSession(number) for number in range(3))
        lookups.add(first)
        lookups.add(second)
        await asyncio.sleep(2)
        lookups.add(third)  # what is known is told at once
        assert first.context == second.context == third.context
        assert third.context["queue_name"] == "Sales"
        assert client.asked == [1]
        lookups.remove(first)
        first.state = "ended"
        await asyncio.sleep(60)
        assert len(client.asked) == 2  # one look in 30 s for all of them
        lookups.remove(second)
        lookups.remove(third)
        await asyncio.sleep(600)
        assert len(client.asked) == 2
        assert lookups.conversations == 0

    played(steps)


def test_what_was_found_is_told_to_who_comes_later_too(played: Callable[..., None]) -> None:
    async def steps(lookups: Any, client: Client) -> None:
        first, second = FakeSession(1), FakeSession(2)
        lookups.add(first)
        await asyncio.sleep(2)
        client.error = PlatformError(Outcome.FORBIDDEN, "the role was taken away")
        await asyncio.sleep(60)
        lookups.add(second)
        assert second.lookup == "found"
        assert second.context["queue_name"] == "Sales"

    played(steps)


def test_a_retry_within_a_minute_asks_nobody(played: Callable[..., None]) -> None:
    async def steps(lookups: Any, client: Client) -> None:
        first, retry, late = (FakeSession(number) for number in range(3))
        lookups.add(first)
        await asyncio.sleep(5)
        lookups.remove(first)
        lookups.add(retry)
        assert retry.lookup == "found"
        assert client.asked == [1]
        await asyncio.sleep(40)
        assert client.asked == [1, 1]  # it is looked at again, as any running call is
        lookups.remove(retry)
        await asyncio.sleep(61)
        lookups.add(late)
        assert late.lookup == "pending"
        await asyncio.sleep(2)
        assert late.lookup == "found"
        assert client.asked == [1, 1, 1]

    played(steps)


def test_what_ended_in_the_same_moment_begins_again(played: Callable[..., None]) -> None:
    async def steps(lookups: Any, client: Client) -> None:
        first, second = FakeSession(1), FakeSession(2)
        lookups.add(first)
        await asyncio.sleep(0.5)
        lookups.remove(first)
        lookups.add(second)
        await asyncio.sleep(3)
        assert second.lookup == "found"
        assert first.lookup == "pending"

    played(steps)


def test_whoever_failed_makes_room_for_who_is_new(played: Callable[..., None]) -> None:
    async def steps(lookups: Any, client: Client) -> None:
        old = [FakeSession(number, number, wanted=True) for number in range(50)]
        for session in old:
            lookups.add(session)
        await asyncio.sleep(9)
        assert [session.lookup for session in old].count("failed") >= 47
        new = FakeSession(100, 100)  # nobody wants it, but it can still be answered in time
        lookups.add(new)
        await asyncio.sleep(7)
        assert new.lookup == "found"

    played(steps, lambda: Client(3.0, at_once=1))


def test_who_is_wanted_later_overtakes(played: Callable[..., None]) -> None:
    async def steps(lookups: Any, client: Client) -> None:
        sessions = [FakeSession(number, number) for number in range(20)]
        for session in sessions:
            lookups.add(session)
        await asyncio.sleep(0.1)
        sessions[7].update_context(queue_wanted=True)
        lookups.want(sessions[7])
        await asyncio.sleep(6)
        assert client.asked[1] == 7
        assert sessions[7].lookup == "found"

    played(steps, lambda: Client(3.0, at_once=1))


def test_one_without_a_queue_is_looked_at_again_when_it_is_wanted(played: Callable[..., None]) -> None:
    async def steps(lookups: Any, client: Client) -> None:
        session = FakeSession(1)
        client.error = PlatformError(Outcome.SERVER_ERROR, "it answers 503")
        lookups.add(session)
        await asyncio.sleep(20)  # looks at 0, 3, 8 and 17 s
        assert session.lookup == "failed"
        client.error = None
        before = len(client.asked)
        lookups.want(session)
        await asyncio.sleep(2)
        assert len(client.asked) == before + 1
        assert session.lookup == "found"

    played(steps)


def test_conversations_without_calls_are_few(played: Callable[..., None]) -> None:
    async def steps(lookups: Any, client: Client) -> None:
        for number in range(3_000):
            session = FakeSession(number, number)
            lookups.add(session)
            await asyncio.sleep(0.01)
            lookups.remove(session)
        assert (lookups.conversations, len(lookups._idle)) == (0, 1_000)
        await asyncio.sleep(120)
        session = FakeSession(1, 1)
        lookups.add(session)
        lookups.remove(session)
        assert len(lookups._idle) == 0

    played(steps, lambda: Client(0.001))


def test_a_fault_of_ours_is_told_and_logged(
    played: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    async def steps(lookups: Any, client: Client) -> None:
        client.error = LookupError("a mistake")
        session = FakeSession(1)
        lookups.add(session)
        await asyncio.sleep(2)
        assert session.lookup == "failed"

    played(steps)
    assert "looking at a conversation failed" in caplog.text
