"""Settings that a server hands on when it is made."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from base64 import b64decode
from types import SimpleNamespace
from typing import Any

import pytest

from audiohook_fw.auth import AuthFailure, UpgradeRequest, sign
from audiohook_fw.errors import AuthenticationError, PluginOverflowError
from audiohook_fw.plugin import hookimpl
from audiohook_fw.server.admission import Admission


@pytest.mark.parametrize("threads", [1, 3])
async def test_pool_threads(threads: int, serve: Any, caller: Any) -> None:
    """So many calls of `run_blocking` run at once, and no more."""
    full = threading.Barrier(threads)
    lock, running, most = threading.Lock(), 0, 0
    done = asyncio.Event()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait(timeout=10)  # passes only when all threads are here
        with lock:
            running -= 1

    class Plugin:
        @hookimpl
        async def on_opened(self, session: Any) -> None:
            await asyncio.gather(*(session.run_blocking(work) for _ in range(2 * threads)))
            done.set()

    server = await serve({"busy": Plugin}, limits={"pool_threads": threads})
    line = await caller.open(server)
    async with asyncio.timeout(10):
        await done.wait()
    assert most == threads
    await line.close()


@pytest.mark.parametrize("queue", [1, 3])
async def test_pool_queue(queue: int, serve: Any, caller: Any) -> None:
    gate, done, results = threading.Event(), asyncio.Event(), list[Any]()

    class Plugin:
        @hookimpl
        async def on_opened(self, session: Any) -> None:
            work = [asyncio.ensure_future(session.run_blocking(gate.wait, 10)) for _ in range(5)]
            await asyncio.sleep(0)
            gate.set()
            results.extend(await asyncio.gather(*work, return_exceptions=True))
            done.set()

    server = await serve({"busy": Plugin}, limits={"pool_threads": 1, "pool_queue": queue})
    line = await caller.open(server)
    async with asyncio.timeout(10):
        await done.wait()
    assert results[:queue] == [True] * queue
    assert [type(result) for result in results[queue:]] == [PluginOverflowError] * (5 - queue)
    await line.close()


@pytest.mark.parametrize(("capacity", "again"), [(100, "main"), (101, AuthFailure.REPLAYED)])
async def test_replay_capacity(capacity: int, again: str, settings: Any) -> None:
    """A nonce is forgotten when so many others have come since."""

    async def check_address(address: str, headers: Any) -> None: ...

    given = settings(auth={"replay_capacity": capacity})
    admission = Admission(given, SimpleNamespace(check_address=check_address))  # type: ignore[arg-type]
    (key,) = given.auth.keys

    def request() -> UpgradeRequest:
        headers = {
            "Host": "audio.example.com",
            "Audiohook-Organization-Id": "d7934305-0972-4844-938e-9060eef73d05",
            "Audiohook-Session-Id": str(uuid.uuid4()),
            "Audiohook-Correlation-Id": str(uuid.uuid4()),
            "X-API-KEY": key.api_key.get_secret_value(),
        }
        headers |= sign(
            target="/audiohook/ws",
            authority=headers["Host"],
            headers=headers,
            secret=b64decode(key.secrets[0].get_secret_value()),
            key_id=headers["X-API-KEY"],
            nonce=uuid.uuid4().hex,
            created=int(time.time()),
        )
        return UpgradeRequest("GET", "/audiohook/ws", "192.0.2.7", headers)

    async def admit(asked: UpgradeRequest) -> str:
        try:
            return (await admission.admit(asked, dict(asked.headers))).credential.name  # type: ignore[call-overload]
        except AuthenticationError as error:
            return error.reason

    first = request()
    assert [await admit(asked) for asked in (first, *(request() for _ in range(100)))] == ["main"] * 101
    assert await admit(first) == again
