"""One token for everybody: fetched once, anew ahead of its end, and again after it was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from audiohook_fw_genesys.errors import Outcome, PlatformError
from audiohook_fw_genesys.tokens import Tokens


class Login:
    """Gives tokens `t1`, `t2` …, each of them `lifetime` seconds, after one second."""

    def __init__(self, lifetime: object = 600) -> None:
        self.given = 0
        self.lifetime = lifetime
        self.error: PlatformError | None = None

    async def __call__(self) -> object:
        self.given += 1
        number = self.given
        await asyncio.sleep(1)
        if self.error is not None:
            raise self.error
        return {"access_token": f"t{number}", "expires_in": self.lifetime}


def test_many_wait_for_one(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        login = Login()
        tokens = Tokens(login)
        assert set(await asyncio.gather(*(tokens.get() for _ in range(50)))) == {"t1"}
        assert login.given == 1

    virtual(run)


def test_it_is_replaced_ahead_of_its_end_and_nobody_waits(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        login, loop = Login(), asyncio.get_running_loop()
        tokens = Tokens(login)
        await tokens.get()
        await asyncio.sleep(535)
        assert await tokens.get() == "t1"
        assert login.given == 1
        await asyncio.sleep(10)  # within the last minute
        before = loop.time()
        assert await tokens.get() == "t1"
        assert loop.time() == before
        await asyncio.sleep(2)
        assert await tokens.get() == "t2"
        login.error = PlatformError(Outcome.TIMEOUT, "slow")
        await asyncio.sleep(590)
        assert await tokens.get() == "t2"  # it cannot be replaced, but counts still
        await asyncio.sleep(20)
        with pytest.raises(PlatformError, match="slow"):
            await tokens.get()

    virtual(run)


def test_one_that_is_refused_is_not_used_again(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        tokens = Tokens(Login())
        first = await tokens.get()
        tokens.drop(first)
        assert await tokens.get() == "t2"
        tokens.drop(first)  # somebody else was slower
        assert await tokens.get() == "t2"

    virtual(run)


def test_who_is_cancelled_keeps_nobody_from_it(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        tokens = Tokens(Login())
        first = asyncio.create_task(tokens.get())
        await asyncio.sleep(0.5)
        second = asyncio.create_task(tokens.get())
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "t1"
        tokens.drop("t1")
        third = asyncio.create_task(tokens.get())
        await asyncio.sleep(0.5)
        await tokens.close()
        with pytest.raises(asyncio.CancelledError):
            await third

    virtual(run)


@pytest.mark.parametrize("lifetime", [None, "600", 0, -5, float("nan")])
def test_an_answer_that_is_none(virtual: Callable[..., Any], lifetime: object) -> None:
    async def run() -> None:
        with pytest.raises(PlatformError, match="no access_token and expires_in") as caught:
            await Tokens(Login(lifetime)).get()
        assert caught.value.outcome is Outcome.GARBAGE

    virtual(run)


@pytest.mark.parametrize(("lifetime", "logins"), [(1e-9, 5), (10**400, 1), (float("inf"), 1)])
def test_odd_lifetimes(virtual: Callable[..., Any], lifetime: object, logins: int) -> None:
    async def run() -> None:
        login = Login(lifetime)
        tokens = Tokens(login)
        for _ in range(40):
            await tokens.get()
            await asyncio.sleep(1)
        assert login.given == logins

    virtual(run)


def test_a_login_that_is_to_wait_is_left_alone(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        login = Login()
        tokens = Tokens(login)
        await tokens.get()
        login.error = PlatformError(Outcome.BUSY, "busy", retry_after=120)
        await asyncio.sleep(560)
        for _ in range(30):  # the old one counts for another 40 s, then there is none
            assert await tokens.get() == "t1"
            await asyncio.sleep(1)
        assert login.given == 2
        await asyncio.sleep(20)
        with pytest.raises(PlatformError, match="nobody logs in at present, since busy") as caught:
            await tokens.get()
        assert (caught.value.outcome, login.given) == (Outcome.DOWN, 2)
        login.error = None
        await asyncio.sleep(80)
        assert await tokens.get() == "t3"

    virtual(run)


def test_a_login_that_fails_is_not_tried_for_each_request_while_the_old_token_counts(
    virtual: Callable[..., Any],
) -> None:
    async def run() -> None:
        login = Login()
        tokens = Tokens(login)
        await tokens.get()
        login.error = PlatformError(Outcome.SERVER_ERROR, "500")
        await asyncio.sleep(550)
        for _ in range(300):
            assert await tokens.get() == "t1"
            await asyncio.sleep(0.1)
        assert 4 <= login.given <= 7

    virtual(run)
