"""The client against a fake platform over real sockets: tokens, refusals, limits, slowness, garbage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from audiohook_fw_genesys.client import PlatformClient
from audiohook_fw_genesys.errors import Outcome, PlatformError
from audiohook_fw_genesys.gate import Priority, Ticket

from audiohook_fw.testing import FakePlatform, PlatformFault

Steps = Callable[[PlatformClient, FakePlatform], Coroutine[Any, Any, None]]
PATH = "/api/v2/ipranges"


@pytest.fixture
def played(virtual: Callable[..., Any], new_client: Callable[..., PlatformClient]) -> Callable[..., None]:
    """Run steps with a client and a platform in one loop of virtual time."""

    def play(steps: Steps, platform: FakePlatform | None = None, **settings: Any) -> None:
        async def run() -> None:
            served = platform or FakePlatform()
            await served.serve()
            client = new_client(served, **settings)
            try:
                await steps(client, served)
            finally:
                await client.close()
                await served.close()
                await asyncio.sleep(1)

        virtual(run)

    return play


async def ask(client: PlatformClient, priority: Priority = Priority.WANTED) -> Any:
    return await client.get(PATH, Ticket(priority), "ipranges")


async def outcome(client: PlatformClient) -> Outcome:
    try:
        await ask(client)
    except PlatformError as error:
        return error.outcome
    return Outcome.OK


def test_one_token_for_many_requests(played: Callable[..., None]) -> None:
    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        answers = await asyncio.gather(*(ask(client) for _ in range(30)))
        assert all(len(answer["entities"]) == 4 for answer in answers)
        assert (platform.count("token"), platform.count("ipranges")) == (1, 30)

    played(steps)


def test_tokens_are_replaced_before_they_expire(played: Callable[..., None]) -> None:
    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        for _ in range(60):
            await ask(client)
            await asyncio.sleep(20)
        assert platform.count(status=401) == 0
        assert platform.count("token") == 3

    played(steps, FakePlatform(token_lifetime=600))


def test_a_refused_token_is_replaced_once(played: Callable[..., None]) -> None:
    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        await ask(client)
        platform.revoke_tokens()
        await ask(client)
        assert (platform.count("token"), platform.count("ipranges", status=401)) == (2, 1)
        platform.misbehave(PlatformFault(status=401, kinds=("ipranges",)))
        assert await outcome(client) is Outcome.UNAUTHORIZED
        assert (platform.count("token"), platform.count("ipranges", status=401)) == (3, 3)

    played(steps)


def test_wrong_credentials_are_tried_a_few_times_only(played: Callable[..., None]) -> None:
    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        outcomes = [await outcome(client) for _ in range(20)]
        assert outcomes == [Outcome.UNAUTHORIZED] * 5 + [Outcome.DOWN] * 15
        assert "check client_id" in client.breaker.problem
        assert (platform.count("token", status=401), platform.count()) == (5, 5)

    played(steps, client_secret="wrong")


def test_429_is_obeyed_by_everybody(played: Callable[..., None]) -> None:
    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        await ask(client)
        platform.misbehave(PlatformFault(status=429, retry_after=45, kinds=("ipranges",), times=1))
        await asyncio.gather(*(ask(client) for _ in range(3)))
        refused, *others = [request.at for request in platform.requests[2:]]
        # Those that were on their way are let through, whoever is asked after it waits.
        assert len(others) == 3
        assert others[-1] == pytest.approx(refused + 45, abs=1)
        before = platform.requests[-1].at
        platform.misbehave(PlatformFault(status=429, retry_after=1e9, kinds=("ipranges",)))
        assert await outcome(client) is Outcome.BUSY
        assert [round(r.at - before) for r in platform.requests[-3:]] == [0, 120, 240]
        assert not client.breaker.is_open

    played(steps)


def test_429_of_the_login_is_obeyed_and_nobody_waits_for_it(
    played: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        loop = asyncio.get_running_loop()
        platform.misbehave(PlatformFault(status=429, retry_after=60, kinds=("token",)))
        for _ in range(20):
            before = loop.time()
            assert set(await asyncio.gather(*(outcome(client) for _ in range(5)))) == {Outcome.DOWN}
            assert loop.time() - before < 1  # a look-up is to fail at once
            await asyncio.sleep(5)
        assert [round(request.at) for request in platform.requests] == [0, 60]
        warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
        assert len(warnings) == 2
        assert "the login answers 429" in warnings[0]
        assert "nobody logs in for 60 s" in warnings[0]
        platform.mend()
        await asyncio.sleep(61)
        assert await outcome(client) is Outcome.OK

    played(steps)


def test_a_login_counts_in_the_budget_and_waits_as_everybody_does(played: Callable[..., None]) -> None:
    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        await ask(client)
        client._tokens.drop(await client._tokens.get())
        assert len(client.gate._starts) == 2  # the login, and what it was for
        client.gate.close_for(40)
        await ask(client)
        assert [round(request.at) for request in platform.requests] == [0, 0, 40, 40]

    played(steps)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (PlatformFault(status=403), Outcome.FORBIDDEN),
        (PlatformFault(status=404), Outcome.NOT_FOUND),
        (PlatformFault(status=400), Outcome.REFUSED),
        (PlatformFault(status=302), Outcome.REFUSED),
        (PlatformFault(status=500), Outcome.SERVER_ERROR),
        (PlatformFault(status=503), Outcome.SERVER_ERROR),
        (PlatformFault(delay=60), Outcome.TIMEOUT),
        (PlatformFault(cut=True), Outcome.UNREACHABLE),
        (PlatformFault.garbage(), Outcome.GARBAGE),
        (PlatformFault(body="\ud800".encode("utf-8", "surrogatepass").decode("latin-1")), Outcome.GARBAGE),
        (PlatformFault(body="[" * 200_000), Outcome.GARBAGE),
        (PlatformFault(body='"' + "x" * 5_000_000 + '"'), Outcome.GARBAGE),
    ],
    ids=lambda value: value.value if isinstance(value, Outcome) else "",
)
def test_what_goes_wrong(played: Callable[..., None], fault: PlatformFault, expected: Outcome) -> None:
    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        await ask(client)
        platform.misbehave(fault)
        assert await outcome(client) is expected
        platform.mend()
        assert await outcome(client) is Outcome.OK

    played(steps)


@pytest.mark.parametrize(
    "fault", [PlatformFault(status=500), PlatformFault.garbage(), PlatformFault(body="5")]
)
def test_a_login_that_goes_wrong(played: Callable[..., None], fault: PlatformFault) -> None:
    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        platform.misbehave(fault)
        assert (await outcome(client)).is_failure
        platform.mend()
        assert await outcome(client) is Outcome.OK

    played(steps)


def test_a_platform_that_is_down_is_left_alone(played: Callable[..., None]) -> None:
    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        await ask(client)
        platform.misbehave(PlatformFault(delay=1_000))
        waiting = [asyncio.create_task(outcome(client)) for _ in range(100)]
        outcomes = await asyncio.gather(*waiting)
        # Those at one time, and one for each failure up to the last; the rest is sent away.
        assert 20 <= outcomes.count(Outcome.TIMEOUT) <= 25
        assert outcomes.count(Outcome.DOWN) >= 75
        assert client.breaker.is_open
        for _ in range(100):
            assert await outcome(client) is Outcome.DOWN
        platform.mend()
        await asyncio.sleep(31)
        assert await outcome(client) is Outcome.OK

    played(steps)


def test_nothing_secret_is_said(played: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    platform = FakePlatform(client_id="client-marker", client_secret="secret-marker")

    async def steps(client: PlatformClient, platform: FakePlatform) -> None:
        said = [repr(client), repr(client._settings)]
        for fault in (PlatformFault(status=500), PlatformFault(cut=True), PlatformFault.garbage()):
            platform.misbehave(fault)
            with pytest.raises(PlatformError) as caught:
                await ask(client)
            said += [str(caught.value), repr(caught.value)]
        platform.mend()
        await ask(client)
        platform.revoke_tokens()
        await ask(client)
        assert "secret-marker" not in " ".join(said) + caplog.text
        assert "Bearer" not in caplog.text
        for name in platform._api._tokens:
            assert name not in caplog.text

    played(steps, platform, breaker_failures=100)
