"""What plugins said of unknown keys: asked once, remembered for a time, bounded."""

from __future__ import annotations

import asyncio

import pytest

from audiohook_fw.auth import Credential
from audiohook_fw.server.credential_cache import CredentialCache


class Plugins:
    """Knows the key `known`; counts how often it was asked."""

    def __init__(self, delay: float = 1.0) -> None:
        self.asked: list[tuple[str, str]] = []
        self.delay = delay
        self.error: Exception | None = None

    async def find(self, api_key: str, organization_id: str) -> Credential | None:
        self.asked.append((api_key, organization_id))
        await asyncio.sleep(self.delay)
        if self.error is not None:
            raise self.error
        return Credential(api_key=api_key, unsigned=True) if api_key == "known" else None


async def test_found_credential_is_remembered_for_its_time() -> None:
    plugins = Plugins()
    cache = CredentialCache(plugins.find, 300)
    first = await cache.get("known", "ORG")
    assert first is not None
    await asyncio.sleep(299)
    assert await cache.get("known", "org") is first
    assert plugins.asked == [("known", "org")]
    await asyncio.sleep(1)
    assert await cache.get("known", "org") is not first
    assert len(plugins.asked) == 2


async def test_unknown_key_is_asked_again_soon() -> None:
    plugins = Plugins()
    cache = CredentialCache(plugins.find, 300)
    for _ in range(3):
        assert await cache.get("new", "org") is None
    assert len(plugins.asked) == 1
    await asyncio.sleep(5)
    assert await cache.get("new", "org") is None
    assert len(plugins.asked) == 2


async def test_each_organization_is_asked_for() -> None:
    plugins = Plugins()
    cache = CredentialCache(plugins.find, 300)
    await cache.get("known", "one")
    await cache.get("known", "two")
    assert len(plugins.asked) == 2


async def test_many_requests_at_once_ask_once_and_one_that_gives_up_stops_nobody() -> None:
    plugins = Plugins()
    cache = CredentialCache(plugins.find, 300)
    waiting = [asyncio.create_task(cache.get("known", "org")) for _ in range(50)]
    await asyncio.sleep(0.5)
    waiting[0].cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert all(isinstance(answer, Credential) for answer in answers[1:])
    assert len(plugins.asked) == 1


async def test_without_a_lifetime_every_request_asks() -> None:
    plugins = Plugins()
    cache = CredentialCache(plugins.find, 0)
    await cache.get("known", "org")
    await cache.get("known", "org")
    assert len(plugins.asked) == 2
    assert len(cache) == 0


async def test_error_is_not_remembered() -> None:
    plugins = Plugins()
    plugins.error = RuntimeError("down")
    cache = CredentialCache(plugins.find, 300)
    with pytest.raises(RuntimeError):
        await cache.get("known", "org")
    plugins.error = None
    assert await cache.get("known", "org") is not None


async def test_it_is_bounded_and_can_be_cleared() -> None:
    plugins = Plugins(delay=0)
    cache = CredentialCache(plugins.find, 300, capacity=10)
    for n in range(1_000):
        await cache.get(f"key{n}", "org")
    assert len(cache) == 10
    cache.clear()
    assert len(cache) == 0
    assert "key" not in repr(cache)
