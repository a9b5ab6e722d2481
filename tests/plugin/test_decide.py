"""How a call is decided, and which media are taken when no plugin chooses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.errors import PluginError, PluginTimeoutError
from audiohook_fw.plugin import Accept, AudioWish, OnFailure, Reject, Verdict, default_media
from audiohook_fw.plugin.ask import Question, TaskHold
from audiohook_fw.plugin.decide import decide
from audiohook_fw.protocol import MediaFormat


def says(name: str, value: object, after: float | None = None) -> Question:
    def call() -> object:
        if isinstance(value, BaseException):
            raise value
        return value

    async def later() -> object:
        await asyncio.sleep(after or 0)
        return call()

    return Question(name, call if after is None else later, is_async=after is not None)


async def verdict(*questions: Question, careful: tuple[str, ...] = (), timeout: float = 2.0) -> Verdict:
    def on_failure(name: str) -> OnFailure:
        return OnFailure.REJECT if name in careful else OnFailure.IGNORE

    return await decide(list(questions), on_failure, timeout, hold=TaskHold())


async def test_no_plugin_no_opinion_no_objection() -> None:
    assert (await verdict()).decision == Accept()
    assert (await verdict(says("a", None))).accepted


async def test_accepts_are_joined() -> None:
    got = await verdict(
        says("a", Accept(tags={"team": "a", "x": "1"}, discard_to=3.0)),
        says("b", None),
        says("c", Accept(start_paused=True, tags={"team": "c", "y": "2"}, discard_to=5.0), after=1),
        says("d", Accept(discard_to=4.0)),
    )
    assert got.decision == Accept(True, 5.0, {"team": "a", "x": "1", "y": "2"})
    assert list(got.accepts) == ["a", "c", "d"]
    assert got.by == ""
    assert got.seconds == {"a": 0, "b": 0, "c": 1, "d": 0}


async def test_first_reject_in_configured_order_wins_not_the_fastest() -> None:
    slow, fast = Reject(info="slow"), Reject(info="fast")
    got = await verdict(says("slow", slow, after=1), says("fast", fast))
    assert (got.decision, got.by, got.accepted) == (slow, "slow", False)


async def test_reject_does_not_wait_for_those_after_it() -> None:
    got = await verdict(says("a", None, after=0.5), says("b", Reject()), says("c", Accept(), after=1.9))
    assert got.by == "b"
    assert asyncio.get_running_loop().time() == 0.5
    assert "c" not in got.seconds


@pytest.mark.parametrize("answer", [True, "no", Accept, {"reason": "error"}])
async def test_another_type_is_a_failure(answer: Any) -> None:
    got = await verdict(says("a", answer))
    assert got.accepted
    assert [failure.plugin for failure in got.failures] == ["a"]
    assert isinstance(got.failures[0].error, PluginError)


async def test_failures_count_as_each_plugin_says() -> None:
    error = ValueError("x")
    ignored = await verdict(says("a", error), says("b", Accept(tags={"b": "1"})))
    assert ignored.decision == Accept(tags={"b": "1"})
    assert ignored.failures[0].error is error
    heeded = await verdict(says("a", error), says("b", Accept()), careful=("a",))
    assert (heeded.decision, heeded.by) == (Reject(reason="error"), "a")


async def test_late_counts_as_failed() -> None:
    got = await verdict(says("a", None, after=9), says("b", Reject(), after=1))
    assert asyncio.get_running_loop().time() == 2
    assert got.by == "b"
    assert isinstance(got.failures[0].error, PluginTimeoutError)
    careful = await verdict(says("a", None, after=9), careful=("a",))
    assert careful.decision == Reject(reason="error")


async def test_a_careful_plugin_that_raises_is_as_final_as_a_reject() -> None:
    got = await verdict(says("a", ValueError("x")), says("b", None, after=1.5), careful=("a",))
    assert got.by == "a"
    assert asyncio.get_running_loop().time() == 0


def media(*channels: str, form: str = "PCMU", rate: int = 8000) -> MediaFormat:
    return MediaFormat(form, channels, rate)  # type: ignore[arg-type]


STEREO, MIRRORED = media("external", "internal"), media("internal", "external")
CUSTOMER, AGENT = media("external"), media("internal")
LINEAR = media("external", "internal", form="L16")


@pytest.mark.parametrize(
    ("offers", "wishes", "chosen"),
    [
        ([CUSTOMER, AGENT, STEREO], [], STEREO),
        ([LINEAR, STEREO], [], STEREO),
        ([MIRRORED, STEREO], [], MIRRORED),
        ([AGENT, CUSTOMER], [], AGENT),
        ([STEREO, CUSTOMER], [AudioWish(channels=("external",))], STEREO),
        ([AGENT, CUSTOMER], [AudioWish(channels=("external",))], CUSTOMER),
        ([STEREO, LINEAR], [AudioWish(format="L16")], LINEAR),
        ([AGENT], [AudioWish(), AudioWish(channels=("external",))], AGENT),
        ([AGENT, STEREO, CUSTOMER], [AudioWish(("internal",)), AudioWish(("external",))], STEREO),
    ],
)
def test_default_media(offers: list[MediaFormat], wishes: list[AudioWish], chosen: MediaFormat) -> None:
    assert default_media(offers, wishes) is chosen


def test_no_offers() -> None:
    with pytest.raises(PluginError, match="no media"):
        default_media([], [])
