"""Decisions through dispatch: views, failures, media, and who is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.errors import PluginError
from audiohook_fw.plugin import (
    Accept,
    AudioWish,
    OnFailure,
    PluginInfo,
    Reject,
    hookimpl,
)
from audiohook_fw.protocol import MediaFormat


async def test_decide_asks_each_with_its_view(bench: Any) -> None:
    class Sync:
        @hookimpl
        def on_open(self, session: Any) -> Accept:
            return Accept(tags={session.name: "1"})

    class Colored:
        @hookimpl
        async def on_open(self, session: Any) -> Accept:
            await asyncio.sleep(1)
            return Accept(tags={session.name: "2"})

    class Broken:
        @hookimpl
        def on_open(self) -> None:
            raise ValueError

    class Late:
        @hookimpl
        async def on_open(self) -> None:
            await asyncio.sleep(60)

    dispatch = bench.call(a=Colored, b=Sync, c=Broken, d=Late)
    verdict = await dispatch.decide(2.0)
    assert verdict.decision == Accept(tags={"a": "2", "b": "1"})
    assert [failure.plugin for failure in verdict.failures] == ["c", "d"]
    assert bench.metrics.value("audiohook.hook.faults", plugin="c", hook="on_open") == 1
    assert bench.metrics.value("audiohook.hook.timeouts", plugin="d", hook="on_open") == 1
    assert bench.manager.hold.count == 1


async def test_careful_plugins_reject_when_they_fail(bench: Any) -> None:
    class Policy:
        info = PluginInfo(on_failure=OnFailure.REJECT)

        @hookimpl
        async def on_open(self) -> None:
            await asyncio.sleep(60)

    verdict = await bench.call(policy=Policy).decide(2.0)
    assert (verdict.decision, verdict.by) == (Reject(reason="error"), "policy")
    assert bench.dispatch.info_of("policy").on_failure is OnFailure.REJECT


async def test_media_are_chosen_by_the_first_opinion_else_by_wishes(bench: Any) -> None:
    stereo = MediaFormat("PCMU", ("external", "internal"), 8000)
    customer = MediaFormat("PCMU", ("external",), 8000)

    class Wishes:
        info = PluginInfo(audio=AudioWish(channels=("external",)))

        @hookimpl
        def select_media(self, offers: Any) -> Any:
            return bench.seen.pop(0)()

    def fail() -> Any:
        raise ValueError

    dispatch = bench.call(a=Wishes, b=Wishes)
    bench.seen[:] = [lambda: None, lambda: MediaFormat("PCMU", ("external",), 8000)]
    assert dispatch.select_media([stereo, customer]) is customer
    bench.seen[:] = [fail, lambda: MediaFormat("L16", ("external",), 8000)]
    assert dispatch.select_media([customer, stereo]) is stereo
    bench.seen[:] = [lambda: asyncio.sleep(1), lambda: "stereo"]
    assert dispatch.select_media([customer, stereo]) is stereo
    assert bench.metrics.value("audiohook.hook.faults", plugin="a", hook="select_media") == 2
    assert bench.metrics.value("audiohook.hook.faults", plugin="b", hook="select_media") == 2
    with pytest.raises(PluginError):
        bench.call(a=type("Empty", (), {"on_open": hookimpl(lambda self: None)})).select_media([])


async def test_rejected_calls_are_told_to_functions_of_both_colours(bench: Any) -> None:
    class Inline:
        @hookimpl
        def on_decided(self, session: Any, decision: Any) -> None:
            bench.seen.append((session.name, decision.info))

        @hookimpl
        def create_handler(self) -> Any:
            raise AssertionError("a rejected call has no handler")

        @hookimpl
        def on_end(self) -> None:
            raise AssertionError("a rejected call has no end")

    class Colored:
        @hookimpl
        async def on_decided(self, session: Any, decision: Any) -> None:
            await asyncio.sleep(1)
            bench.seen.append((session.name, decision.info))

    dispatch = bench.call(a=Inline, b=Colored)
    assert await dispatch.reject(Reject(info="no"), timeout=6) == ()
    assert bench.seen == [("a", "no"), ("b", "no")]
    assert bench.lanes == []


async def test_on_decided_of_a_rejected_call_has_a_deadline(bench: Any) -> None:
    class Hangs:
        @hookimpl
        async def on_decided(self) -> None:
            await asyncio.sleep(3600)

    assert await bench.call(hangs=Hangs).reject(Reject(), timeout=6) == ("hangs",)
    assert asyncio.get_running_loop().time() == 6
    assert bench.lanes == []


async def test_accepted_calls_are_told_in_the_lanes_order(bench: Any) -> None:
    class Plugin:
        @hookimpl
        async def on_decided(self, decision: Any) -> None:
            await asyncio.sleep(1)
            bench.seen.append(decision)

        @hookimpl
        def on_opened(self) -> None:
            bench.seen.append("opened")

    dispatch = bench.accepted(a=Plugin)
    dispatch.control("on_decided", Accept())
    dispatch.control("on_opened")
    await bench.finish()
    assert bench.seen == [Accept(), "opened"]


class Failing:
    """A policy that raises or hangs, as its `how` says."""

    def __init__(self, how: str = "raise", info: PluginInfo | None = None) -> None:
        self.how = how
        self.info = info or PluginInfo()
        self.asked = 0

    @hookimpl
    async def on_open(self) -> None:
        self.asked += 1
        while self.how == "hang":
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue
        if self.how == "raise":
            raise ValueError


@pytest.mark.parametrize("how", ["raise", "hang"])
async def test_who_fails_call_after_call_is_not_asked_any_more(bench: Any, how: str) -> None:
    policy = Failing(how)
    bench.load(policy=policy)
    for _ in range(5):
        assert (await bench.call().decide(2.0)).accepted
    assert policy.asked == 3
    assert bench.manager.records[0].status == "quarantined"
    assert bench.metrics.value("audiohook.quarantines", plugin="policy", scope="process") == 1
    assert bench.metrics.value("audiohook.hook.abandoned", plugin="policy") == (3 if how == "hang" else 0)
    policy.how = "end"
    for task in bench.lanes:
        task.cancel()


async def test_who_fails_now_and_then_is_asked_on(bench: Any) -> None:
    policy = Failing()
    bench.load(policy=policy)
    for number in range(9):
        policy.how = "well" if number % 3 == 2 else "raise"
        await bench.call().decide(2.0)
    assert policy.asked == 9


async def test_who_rejects_when_it_fails_goes_on_to_reject(bench: Any) -> None:
    policy = Failing("raise", PluginInfo(on_failure=OnFailure.REJECT))
    bench.load(policy=policy)
    for _ in range(5):
        assert not (await bench.call().decide(2.0)).accepted
    assert policy.asked == 5
