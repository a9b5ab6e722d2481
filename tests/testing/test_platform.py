"""The fake Platform API, asked as a client asks the real one: tokens, limits, faults, over real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from audiohook_fw.testing import FakePlatform, PlatformFault, PlatformRequest, VirtualLoop

Steps = Callable[["Caller"], Coroutine[Any, Any, None]]


class Caller:
    """Asks a platform with a token of its own."""

    def __init__(self, platform: FakePlatform, http: aiohttp.ClientSession) -> None:
        self.platform = platform
        self._http = http
        self.token = ""

    async def login(self, secret: str = "", grant: str = "client_credentials") -> tuple[int, Any]:
        basic = aiohttp.encode_basic_auth(self.platform.client_id, secret or self.platform.client_secret)
        url = f"{self.platform.url}/oauth/token"
        headers = {"Authorization": basic}
        async with self._http.post(url, headers=headers, data={"grant_type": grant}) as answer:
            said = await answer.json()
        self.token = said.get("access_token", "")
        return answer.status, said

    async def get(self, path: str) -> tuple[int, Any, str]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._http.get(f"{self.platform.url}/api/v2/{path}", headers=headers) as answer:
            said = await (answer.json() if answer.status != 200 else answer.text())
        return answer.status, said, answer.headers.get("Retry-After", "")


@asynccontextmanager
async def caller(platform: FakePlatform) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as http:
        yield Caller(platform, http)


def in_virtual_time(platform: FakePlatform, steps: Steps) -> None:
    """Run platform and client in one loop of virtual time."""

    async def run() -> None:
        await platform.serve()
        async with caller(platform) as client:
            await steps(client)
        await platform.close()
        await asyncio.sleep(1)

    loop = VirtualLoop(grace=0.05)
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


def test_a_token_is_for_the_right_client_only_and_expires() -> None:
    async def steps(client: Caller) -> None:
        status, said = await client.login(secret="wrong")
        assert (status, said["error"]) == (401, "invalid_client")
        status, said = await client.login(grant="password")
        assert (status, said["error"]) == (400, "unsupported_grant_type")
        assert (await client.get("ipranges"))[0] == 401  # without a token
        status, said = await client.login()
        assert (status, said["token_type"], said["expires_in"]) == (200, "bearer", 600)
        assert (await client.get("ipranges"))[0] == 200
        await asyncio.sleep(601)
        status, said, _ = await client.get("ipranges")
        assert (status, said["code"]) == (401, "bad.credentials")
        await client.login()
        client.platform.revoke_tokens()
        assert (await client.get("ipranges"))[0] == 401

    in_virtual_time(FakePlatform(token_lifetime=600), steps)


def test_what_it_knows_and_what_it_does_not() -> None:
    platform = FakePlatform(queue_names=False)
    queue = platform.add_queue("Sales")
    call = platform.add_conversation(queue="Support", agent="0b7cb0ea-0000-4000-8000-000000000001")

    async def steps(client: Caller) -> None:
        await client.login()
        status, said, _ = await client.get(f"routing/queues/{queue}")
        assert status == 200
        assert '"name": "Sales"' in said
        status, said, _ = await client.get(f"conversations/{call.id}")
        assert status == 200
        assert '"queueName": ""' in said
        assert '"0b7cb0ea-0000-4000-8000-000000000001"' in said
        assert (await client.get("conversations/none"))[0] == 404
        assert (await client.get("routing/queues/none"))[0] == 404
        platform.forget_conversation(call.id)
        assert (await client.get(f"conversations/{call.id}"))[0] == 404
        platform.ranges.append({"cidr": "203.0.113.0/24", "service": "x", "region": "y"})
        assert "203.0.113.0/24" in (await client.get("ipranges"))[1]
        assert platform.count() == 7
        assert platform.count("conversation", status=404) == 2
        assert platform.requests[0] == PlatformRequest(0.0, "token", "/oauth/token", 200)

    in_virtual_time(platform, steps)
    assert repr(platform).endswith("7 requests>")


def test_conversations_that_nobody_added_may_be_in_a_queue() -> None:
    async def steps(client: Caller) -> None:
        await client.login()
        assert '"queueName": "Sales"' in (await client.get("conversations/any"))[1]

    in_virtual_time(FakePlatform(default_queue="Sales"), steps)


def test_too_many_requests_of_one_token() -> None:
    async def steps(client: Caller) -> None:
        await client.login()
        assert [(await client.get("ipranges"))[0] for _ in range(4)] == [200, 200, 200, 429]
        await asyncio.sleep(20)
        status, said, retry_after = await client.get("ipranges")
        assert (status, said["code"], retry_after) == (429, "too.many.requests", "41")
        await asyncio.sleep(41)
        assert (await client.get("ipranges"))[0] == 200

    in_virtual_time(FakePlatform(rate_limit=3), steps)


def test_faults() -> None:
    platform = FakePlatform()

    async def steps(client: Caller) -> None:
        await client.login()
        platform.misbehave(PlatformFault(status=503, times=1))
        assert (await client.get("ipranges"))[0] == 503
        assert (await client.get("ipranges"))[0] == 200
        platform.misbehave(PlatformFault(status=429, retry_after=7, kinds=("queue",)))
        assert (await client.get("ipranges"))[0] == 200
        assert (await client.get("routing/queues/x"))[::2] == (429, "7")
        platform.misbehave(PlatformFault.garbage())
        status, said, _ = await client.get("ipranges")
        assert (status, said[:13]) == (200, '{"entities": ')
        platform.misbehave(PlatformFault(delay=30))
        before = asyncio.get_running_loop().time()
        assert (await client.get("ipranges"))[0] == 200
        assert asyncio.get_running_loop().time() - before == pytest.approx(30, abs=1)
        platform.misbehave(PlatformFault(cut=True))
        with pytest.raises(aiohttp.ClientError):
            await client.get("ipranges")
        assert platform.requests[-1].status == 0
        platform.mend()
        assert (await client.get("ipranges"))[0] == 200

    in_virtual_time(platform, steps)


async def test_in_a_thread(audiohook_platform: Callable[..., FakePlatform]) -> None:
    platform = audiohook_platform(client_id="one", client_secret="two")
    assert platform.settings == {
        "api_url": platform.url,
        "login_url": platform.url,
        "client_id": "one",
        "client_secret": "two",
    }
    async with caller(platform) as client:
        assert (await client.login())[0] == 200
        assert (await client.get("ipranges"))[0] == 200
    platform.stop()
    platform.stop()
    assert "audiohook-fake-platform" not in {thread.name for thread in threading.enumerate()}
    async with caller(platform) as client:
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.login()


def test_one_that_cannot_start_says_so() -> None:
    platform = FakePlatform()
    platform._socket.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        platform.start()


def test_as_a_context_manager() -> None:
    with FakePlatform() as platform:
        assert platform.count() == 0
    assert platform._socket.fileno() == -1
