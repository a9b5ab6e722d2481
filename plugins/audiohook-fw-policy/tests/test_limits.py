"""Rules about active calls, with several calls at once on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_policy import Policy

from audiohook_fw import Decision as Answer
from audiohook_fw import Reject, Session, hookimpl
from audiohook_fw.client import AudioSource, CallOptions, CallReport, Decision, Timing, run_call
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import load_plugins
from audiohook_fw.server import AudiohookServer

PATIENCE = 60.0
REFUSED, SLOW = "tel:+1", "tel:+2"
ONE = 'action = "accept"\nwhen.active = { per = "key", below = 1 }'


class Other:
    """Another plugin: it refuses one number, and thinks about another for long."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @hookimpl
    async def on_open(self, session: Session) -> Answer:
        self.asked.append(session.participant.dnis)
        if session.participant.dnis == SLOW:
            await asyncio.sleep(1.0)
        return Reject() if session.participant.dnis == REFUSED else None


class House:
    """A server whose calls last until somebody ends them."""

    def __init__(self, server: AudiohookServer, policy: Policy, other: Other) -> None:
        self.server = server
        self.calls = policy._calls
        self.other = other
        self.running: list[asyncio.Task[CallReport]] = []

    async def call(self, *, seconds: float = 0.0, **options: Any) -> CallReport:
        """Play a call to its end."""
        more = {"speed": 20, "duration": seconds, "source": AudioSource.tone(), **options}
        return await run_call(CallOptions(url=self.server.url, api_key="key", **more))

    async def begin(self, **options: Any) -> asyncio.Task[CallReport]:
        """Begin a long call, and return once the server has it."""
        before = self.server.registry.calls
        (task,) = self.begin_all(1, **options)
        await self.until(lambda: self.server.registry.calls > before)
        return task

    def begin_all(self, number: int, **options: Any) -> list[asyncio.Task[CallReport]]:
        """Begin so many long calls at once."""
        tasks = [asyncio.create_task(self.call(seconds=3_000.0, **options)) for _ in range(number)]
        self.running += tasks
        return tasks

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not what():  # noqa: ASYNC110  # what others do, who tell nobody
                await asyncio.sleep(0.02)

    async def end(self, task: asyncio.Task[CallReport]) -> None:
        """End a call as the server may."""
        for session in self.server.registry.sessions():
            session.disconnect()
        await asyncio.wait_for(task, PATIENCE)


@pytest.fixture
async def house(rule_file: Callable[..., Path]) -> AsyncIterator[Callable[..., Any]]:
    """Start a server with rules: `house = await start(*rules, found=…)`."""
    servers: list[tuple[AudiohookServer, House]] = []

    async def start(
        *texts: str, found: object = None, ahead: object = None, top: str = 'default = "reject"'
    ) -> House:
        core = Settings.model_validate(
            {
                "server": {"port": 0, "admin_port": 0, "balancer_grace": 0},
                "auth": {"keys": [{"name": "main", "api_key": "key", "unsigned": True}]},
                "plugins": {"enabled": []},
            }
        )
        loaded = Loaded.of(core, {"policy": {"file": str(rule_file(*texts, top=top))}})
        other = Other()
        later = {"lookup": found} if found is not None else {}
        first = {"ahead": ahead} if ahead is not None else {}
        extra = {**first, "policy": Policy, "other": other, **later}
        plugins = load_plugins(core.plugins, loaded.plugin_section, core.limits, extra=extra)
        (policy,) = (p.target for p in plugins.plugins if p.name == "policy")
        assert isinstance(policy, Policy)
        server = AudiohookServer(loaded, plugins, admin_token="token")
        await server.__aenter__()
        servers.append((server, House(server, policy, other)))
        return servers[-1][1]

    yield start
    for server, house in servers:
        await server.__aexit__(None, None, None)
        await asyncio.wait_for(asyncio.gather(*house.running), PATIENCE)
        server.metrics.shutdown()


class Ahead:
    """A plugin that is asked before the rules are, and tells of its look-up at once."""

    @hookimpl
    def on_opened(self, session: Session) -> None:
        session.update_context(lookup="pending")
        found = {"queue_name": "Sales", "queue_id": "1", "lookup": "found"}
        asyncio.get_running_loop().call_later(0.05, lambda: session.update_context(**found))


async def test_word_of_a_look_up_before_the_rules_hear_of_opened_is_no_end_of_waiting(house: Any) -> None:
    rule = 'action = "accept"\nwhen.queue = "Sales"\nqueue_timeout = 30\nfallback = "reject"'
    at_work = await house(rule, ahead=Ahead())
    report = await at_work.call(seconds=10.0)
    assert report.reason is None, report.outcome()  # the fallback would have disconnected it
    assert report.as_scripted


async def test_a_call_counts_until_its_end_however_it_ends(house: Any) -> None:
    at_work = await house(ONE)
    first = await at_work.begin()
    assert (await at_work.call()).decision is Decision.REJECTED
    await at_work.end(first)
    await at_work.until(lambda: len(at_work.calls) == 0)
    assert (await at_work.call()).decision is Decision.ACCEPTED
    await at_work.until(lambda: len(at_work.calls) == 0)


async def test_calls_that_come_at_once_see_each_other(house: Any) -> None:
    at_work = await house('action = "accept"\nwhen.active = { per = "all", below = 3 }')
    calls = at_work.begin_all(8)
    await at_work.until(lambda: sum(call.done() for call in calls) == 5)
    assert {call.result().decision for call in calls if call.done()} == {Decision.REJECTED}
    assert len(at_work.calls) == 3


async def test_a_call_that_another_plugin_rejects_does_not_count(house: Any) -> None:
    at_work = await house(ONE)
    for _ in range(2):
        assert (await at_work.call(dnis=REFUSED)).decision is Decision.REJECTED
    await at_work.until(lambda: len(at_work.calls) == 0)
    assert (await at_work.call()).decision is Decision.ACCEPTED


async def test_a_call_that_goes_away_before_it_is_opened_does_not_count_for_long(house: Any) -> None:
    at_work = await house(ONE)
    report = await at_work.call(dnis=SLOW, timing=Timing(open=0.2))
    assert (report.decision, at_work.other.asked) == (Decision.FAILED, [SLOW])
    await at_work.until(lambda: at_work.server.registry.calls == 0)
    assert (await at_work.call()).decision is Decision.ACCEPTED


async def test_nothing_is_pending_while_a_call_runs(house: Any) -> None:
    at_work = await house(ONE)
    await at_work.begin()
    assert (len(at_work.calls), len(at_work.calls._pending)) == (1, 0)


async def test_of_two_calls_that_wait_for_one_queue_one_gets_in(house: Any, lookup: Any) -> None:
    rule = 'action = "accept"\nwhen = { queue = "Sales", active = { per = "queue", below = 1 } }'
    at_work = await house(rule, found=lookup((0.5, {"queue_id": "Q", "queue_name": "Sales"})))
    calls = at_work.begin_all(2)
    await at_work.until(lambda: any(call.done() for call in calls))
    assert [call.result().reason for call in calls if call.done()] == ["completed"]
    assert (len(at_work.calls), len(at_work.calls._pending)) == (1, 0)


async def test_a_call_counts_for_the_queue_that_it_comes_into(house: Any, lookup: Any) -> None:
    genesys = lookup((0.1, {"queue_name": "Sales"}))
    full = 'action = "reject"\nwhen.active = { per = "queue", at_least = 1 }'
    at_work = await house(
        'action = "accept"\nwhen.dnis = "+4930"', full, found=genesys, top='default = "accept"'
    )
    await at_work.begin(dnis="tel:+4930")
    await at_work.until(lambda: len(genesys.wanted) == 1)
    report = await at_work.call(seconds=600.0)
    assert report.reason == "completed"
