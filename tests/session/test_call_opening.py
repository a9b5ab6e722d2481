"""How a call begins: what plugins decide, what `opened` says, and what becomes of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from audiohook_fw.plugin import (
    Accept,
    AudioWish,
    CloseReason,
    Gap,
    OnFailure,
    PluginInfo,
    Reject,
    SpeechEnded,
    hookimpl,
)
from audiohook_fw.protocol import MediaFormat

STEREO = MediaFormat("PCMU", ("external", "internal"))
MONO = MediaFormat("PCMU", ("external",))
EVENT = SpeechEnded(channel="external", start=0, length=1)


class Speaks:
    """Understands some languages."""

    def __init__(self, tags: list[str]) -> None:
        self.tags = tags

    @hookimpl
    def supported_languages(self) -> list[str]:
        return self.tags


async def test_media_is_what_plugins_wish_for_and_none_without_offers(bench: Any, make_witness: Any) -> None:
    class Wishing(make_witness):
        info = PluginInfo(audio=AudioWish(("internal",)))

    both = (MONO, MediaFormat("PCMU", ("internal",)))
    await bench.open(offers=both, w=Wishing())
    assert (await bench.accept()).media == [both[1].to_wire()]
    await bench.open(offers=both)
    assert (await bench.accept()).media == [MONO.to_wire()]
    await bench.open(offers=())
    assert (await bench.accept()).media == []


async def test_opened_names_languages_only_when_asked(bench: Any) -> None:
    for wants, tags, expected in (
        (False, ["de-DE"], None),
        (True, ["de-DE", "de", "es-419", "EN-us"], ["de-DE", "en-US"]),
        (True, [], []),
    ):
        call = await bench.open(facts={"wants_languages": wants}, speaks=Speaks(tags))
        await call.plugins.ask_languages(None)
        await call.decide()
        assert call.opened_message().supported_languages == expected


async def test_the_furthest_discard_wins(bench: Any, make_policy: Any) -> None:
    await bench.open(
        a=make_policy(Accept(discard_to=1.5)), b=make_policy(Accept(discard_to=3)), c=make_policy(Accept())
    )
    assert (await bench.accept()).to_wire()["discardTo"] == "PT3S"


async def test_a_reconnected_stream_is_trimmed_in_its_own_positions(
    bench: Any, make_witness: Any, make_policy: Any
) -> None:
    witness = make_witness()
    await bench.open(position="PT100S", a=make_policy(Accept(discard_to=5)), w=witness)
    assert (await bench.accept()).to_wire()["discardTo"] == "PT105S"
    bench.tell("discarded", {"start": "PT100S", "discarded": "PT5S"})
    assert witness.of("discarded") == [("discarded", Gap(0, 40_000))]


@pytest.mark.parametrize("discard_to", [-1, float("nan"), float("inf"), 1e9])
def test_a_discard_that_no_client_could_understand_cannot_be_asked_for(discard_to: float) -> None:
    with pytest.raises(ValueError, match="discard_to"):
        Accept(discard_to=discard_to)


@pytest.mark.parametrize("tags", [None, ["a"], {"a": 1}, {1: "a"}, "ab"])
def test_tags_are_texts_by_name(tags: Any) -> None:
    with pytest.raises(TypeError, match="tags"):
        Accept(tags=tags)


async def test_a_rejection_is_told_to_functions_and_makes_no_handler(
    bench: Any, make_witness: Any, make_policy: Any
) -> None:
    witness = make_witness()
    call = await bench.open(policy=make_policy(Reject(info="no")), w=witness)
    verdict = await call.decide()
    assert (verdict.by, verdict.decision) == ("policy", Reject(info="no"))
    await call.reject(verdict.decision)
    await call.reject(verdict.decision)
    assert witness.seen == [("decided", Reject(info="no"))]
    assert await call.end(CloseReason.END) is None
    assert witness.hooks == ["decided"]
    assert bench.value("sessions", outcome="rejected") == 1
    assert bench.value("sessions", outcome="lost") == 0
    assert bench.value("sessions.ended", reason="end") == 0


@pytest.mark.parametrize(("on_failure", "accepted"), [(OnFailure.IGNORE, True), (OnFailure.REJECT, False)])
@pytest.mark.parametrize("answer", [KeyError("x"), "nonsense", 10.0])
async def test_a_failed_or_late_policy_counts_as_it_declared(
    answer: Any, on_failure: OnFailure, accepted: bool, bench: Any, make_policy: Any
) -> None:
    late = answer if isinstance(answer, float) else 0.0
    policy = make_policy(None if late else answer, late, PluginInfo(on_failure=on_failure))
    call = await bench.open(policy=policy)
    verdict = await call.decide()
    assert asyncio.get_running_loop().time() <= bench.limits.decision_timeout
    assert verdict.accepted is accepted
    if not accepted:
        assert verdict.decision.reason == "error"


async def test_how_long_plugins_took_to_decide_is_recorded(bench: Any, make_policy: Any) -> None:
    call = await bench.open(quick=make_policy(), slow=make_policy(seconds=1.5))
    await call.decide()
    text = bench.metrics.render()[0].decode()
    assert 'audiohook_decision_duration_seconds_count{plugin="slow"} 1.0' in text
    assert 'audiohook_decision_duration_seconds_sum{plugin="slow"} 1.5' in text


async def test_an_abandoned_decision_leaves_nothing_behind(
    bench: Any, make_witness: Any, make_policy: Any
) -> None:
    call = await bench.open(slow=make_policy(seconds=1.9), w=(witness := make_witness()))
    deciding = asyncio.ensure_future(call.decide())
    await asyncio.sleep(0.5)
    deciding.cancel()
    with suppress(asyncio.CancelledError):
        await deciding
    assert not call.decided
    call.abandon()
    call.abandon()
    assert await call.end(CloseReason.LOST) is None
    await asyncio.sleep(5)
    assert (call.state, witness.seen, bench.lanes) == ("ended", [], [])
    assert bench.value("sessions", outcome="lost") == 1


async def test_beginning_twice_is_beginning_once(bench: Any, make_witness: Any) -> None:
    witness = make_witness()
    call = await bench.accepted(w=witness)
    call.begin()
    assert witness.hooks == ["decided", "opened"]
    assert bench.value("sessions", outcome="accepted") == 1
