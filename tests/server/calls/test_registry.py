"""Which connections live, which call wins, and whether new ones are taken."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from audiohook_fw.server.registry import Registry


class Connection:
    """What the registry needs of one."""

    def __init__(self, api_key: str, session: str, begun: bool | None) -> None:
        self.key = (api_key, "org", session)
        self.call = None if begun is None else SimpleNamespace(begun=begun, view=lambda name: (name, session))


def connection(api_key: str = "key", session: str = "s", *, begun: bool | None = None) -> Any:
    return Connection(api_key, session, begun)


async def test_the_newest_wins_within_a_key_and_touches_no_other() -> None:
    registry = Registry(10)
    first, second, stranger = connection(), connection(), connection("other key")
    assert registry.claim(first) is None
    assert registry.claim(stranger) is None
    assert registry.claim(second) is first
    assert registry.claim(second) is None
    assert registry.calls == 2


async def test_what_the_older_one_does_at_its_end_leaves_the_newer_one_alone() -> None:
    registry = Registry(10)
    older, newer = connection(), connection()
    for each in (older, newer):
        registry.add(each)
        registry.claim(each)
    registry.release(older)
    registry.remove(older)
    assert registry.calls == 1
    assert registry.connections == (newer,)


async def test_a_full_house_refuses_but_not_who_replaces_another() -> None:
    registry = Registry(1)
    only = connection()
    assert registry.refusal(only.key) is None
    registry.claim(only)
    assert registry.refusal(connection("key", "other").key) == "overload"
    assert registry.refusal(connection().key) is None
    registry.release(only)
    assert registry.refusal(connection("key", "other").key) is None


async def test_a_draining_one_refuses_everybody() -> None:
    registry = Registry(1)
    registry.claim(connection())
    registry.draining = True
    assert registry.refusal(connection().key) == "draining"


async def test_idle_means_no_connection_is_left() -> None:
    registry = Registry(1)
    await registry.idle()
    only = connection()
    registry.add(only)
    waiting = asyncio.ensure_future(registry.idle())
    registry.release(only)
    await asyncio.sleep(1)
    assert not waiting.done()
    registry.remove(only)
    await waiting


async def test_sessions_are_those_of_calls_that_began() -> None:
    registry = Registry(10)
    for name, begun in (("probe", None), ("deciding", False), ("live", True)):
        registry.claim(connection("key", name, begun=begun))
    assert registry.sessions() == (("", "live"),)
