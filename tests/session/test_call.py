"""The life of a call: what its plugins are told, in which order, and that it ends exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiohook_fw.plugin import (
    Accept,
    AudioWish,
    ClientError,
    CloseReason,
    Gap,
    OnFailure,
    PauseOrigin,
    Playback,
    PluginInfo,
    Reject,
    SessionHandler,
    SpeechEnded,
    Update,
    hookimpl,
)
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.session import Call, Session

STEREO = MediaFormat("PCMU", ("external", "internal"))
MONO = MediaFormat("PCMU", ("external",))
EVENT = SpeechEnded(channel="external", start=0, length=1)


class Witness:
    """Notes everything it is told; in a lane if asked to."""

    def __init__(self, *, lane: bool = False, slow: float = 0.0) -> None:
        self.seen: list[Any] = []
        self.begun: list[str] = []
        self.lane = lane
        self.slow = slow

    @hookimpl
    def on_decided(self, decision: Any) -> None:
        self.seen.append(("decided", decision))

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return (Slow if self.lane else Quick)(self.seen, self.slow, self.begun)

    def of(self, name: str) -> list[Any]:
        return [what for what in self.seen if what[0] == name]

    @property
    def hooks(self) -> list[str]:
        return [what[0] for what in self.seen]


class Quick(SessionHandler):
    def __init__(self, seen: list[Any], slow: float, begun: list[str]) -> None:
        self.seen = seen
        self.begun = begun

    def on_opened(self) -> None:
        self.seen.append(("opened",))

    def on_audio(self, frame: Any) -> None:
        self.seen.append(("audio", frame))

    def on_pause(self, origin: Any, position: int) -> None:
        self.seen.append(("pause", origin, position))

    def on_resume(self, gap: Any) -> None:
        self.seen.append(("resume", gap))

    def on_discarded(self, gap: Any) -> None:
        self.seen.append(("discarded", gap))

    def on_update(self, update: Any, position: int) -> None:
        self.seen.append(("update", update, position))

    def on_client_error(self, error: Any) -> None:
        self.seen.append(("error", error))

    def on_dtmf(self, digit: str, position: int) -> None:
        self.seen.append(("dtmf", digit, position))

    def on_playback(self, playback: Any, position: int) -> None:
        self.seen.append(("playback", playback, position))

    def on_event(self, event: Any) -> None:
        self.seen.append(("event", event))

    def on_close(self, reason: Any) -> None:
        self.begun.append("close")
        self.seen.append(("close", reason))

    def on_end(self, summary: Any) -> None:
        self.begun.append("end")
        self.seen.append(("end", summary))


class Slow(SessionHandler):
    def __init__(self, seen: list[Any], slow: float, begun: list[str]) -> None:
        self.seen = seen
        self.slow = slow
        self.begun = begun

    async def on_opened(self) -> None:
        await asyncio.sleep(self.slow)
        self.seen.append(("opened",))

    async def on_audio(self, frame: Any) -> None:
        self.seen.append(("audio", frame))

    async def on_close(self, reason: Any) -> None:
        self.begun.append("close")
        await asyncio.sleep(self.slow)
        self.seen.append(("close", reason))

    async def on_end(self, summary: Any) -> None:
        self.begun.append("end")
        await asyncio.sleep(self.slow)
        self.seen.append(("end", summary))


class Policy:
    """Answers `on_open` as told, after a while."""

    def __init__(self, answer: Any = None, seconds: float = 0.0, info: PluginInfo | None = None) -> None:
        self.answer = answer
        self.seconds = seconds
        if info is not None:
            self.info = info

    @hookimpl
    async def on_open(self) -> Any:
        await asyncio.sleep(self.seconds)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


# the middle ---------------------------------------------------------------------------------------


async def test_everything_that_comes_is_told_in_order(bench: Any) -> None:
    witness = Witness()
    await bench.accepted(product="connector", w=witness)
    bench.hear(b"\xff" * 1600)
    bench.tell("paused")
    bench.tell("resumed", {"start": "PT0.1S", "discarded": "PT2S"})
    bench.hear(b"\xff" * 160)
    bench.tell("discarded", {"start": "PT2.11S", "discarded": "PT1S"})
    bench.tell("update", {"language": "de-DE"})
    bench.tell("error", {"code": 429, "message": "slow down", "retryAfter": "PT2S"})
    bench.tell("dtmf", {"digit": "5"})
    bench.tell("playback_started")
    bench.tell("playback_completed")
    bench.tell("never_heard_of", {"a": 1})
    bench.tell("ping", {"rtt": "PT0.05S"})
    bench.call.emit(EVENT, "somebody")
    summary = await bench.finish()
    frames = [what[1] for what in witness.of("audio")]
    assert [(f.position, f.length, f.gap_before) for f in frames] == [(0, 800, 0), (16_800, 80, 16_000)]
    assert [what for what in witness.seen if what[0] != "audio"] == [
        ("decided", Accept()),
        ("opened",),
        ("pause", PauseOrigin.CLIENT, 800),
        ("resume", Gap(800, 16_000)),
        ("discarded", Gap(16_880, 8_000)),
        ("update", Update("de-DE"), 24_880),
        ("error", ClientError(429, "slow down", 2.0)),
        ("dtmf", "5", 24_880),
        ("playback", Playback.STARTED, 24_880),
        ("playback", Playback.COMPLETED, 24_880),
        ("event", EVENT),
        ("close", CloseReason.END),
        ("end", summary),
    ]


async def test_the_summary_tells_the_totals(bench: Any) -> None:
    await bench.accepted(w=Witness())
    bench.hear(b"\xff" * 1600)
    bench.tell("paused")
    assert bench.protocol.receive_binary(b"\xff" * 1600) is None
    bench.tell("resumed", {"start": "PT0.1S", "discarded": "PT2S"})
    bench.tell("discarded", {"start": "PT2.1S", "discarded": "PT1000000000S"})
    for rtt in ("PT0.05S", "PT0.25S"):
        bench.tell("ping", {"rtt": rtt})
    bench.tell("error", {"code": 500, "message": "?"})
    bench.tell("new_message")
    bench.say("close", {"reason": "error"})
    summary = await bench.finish(CloseReason.ERROR)
    assert (summary.reason, summary.rate, summary.audio, summary.paused) == ("error", 8000, 800, 16_000)
    assert summary.position == summary.audio + summary.paused + summary.discarded
    assert summary.discarded <= 31 * 8_000
    assert (summary.dropped, summary.rtt) == (1, (0.05, 0.25))
    assert summary.counts == {
        "frames": 1,
        "bytes": 1600,
        "stray": 1,
        "clamped": 1,
        "client_errors": 1,
        "unknown_messages": 1,
    }
    assert summary.started_at == bench.facts.started_at < summary.ended_at
    assert bench.value("audio.frames") == bench.value("audio.stray") == bench.value("gaps.clamped") == 1
    assert bench.value("audio.bytes") == 1600
    assert bench.value("audio.duration") == 0.1
    assert bench.value("sessions.ended", reason="error") == 1


async def test_the_processes_counters_follow_a_running_call(bench: Any) -> None:
    await bench.accepted(w=Witness())
    for _ in range(10):
        bench.hear(b"\xff" * 1600)
        bench.tell("ping")
    assert (bench.value("audio.frames"), bench.value("audio.bytes")) == (10, 16_000)
    assert bench.value("audio.duration") == pytest.approx(1.0)


@pytest.mark.parametrize("order", ["big", "little"])
async def test_frames_know_the_byte_order_of_the_key(order: str, bench: Any) -> None:
    l16 = MediaFormat("L16", ("external",))
    witness = Witness()
    await bench.accepted(offers=(l16,), facts={"byte_order": order}, w=witness)
    bench.hear(b"\x01\x00")
    assert int(witness.of("audio")[0][1].samples[0, 0]) == (256 if order == "big" else 1)


async def test_a_pause_that_the_server_asked_for_is_told_as_such(bench: Any) -> None:
    from audiohook_fw.protocol import Pause

    witness = Witness()
    await bench.accepted(w=witness)
    bench.protocol.send(Pause())
    bench.tell("paused")
    assert witness.of("pause") == [("pause", PauseOrigin.SERVER, 0)]
    bench.tell("paused")
    assert witness.of("pause")[1:] == [("pause", PauseOrigin.UNKNOWN, 0)]
    bench.tell("paused")
    assert len(witness.of("pause")) == 2


async def test_an_error_message_ends_nothing(bench: Any) -> None:
    witness = Witness()
    await bench.accepted(w=witness)
    bench.tell("error", {"code": 9999, "message": "odd"})
    bench.hear()
    assert witness.hooks[-2:] == ["error", "audio"]


async def test_nothing_but_events_is_told_once_closing_began(bench: Any) -> None:
    witness = Witness()
    await bench.accepted(w=witness, slow=Witness(lane=True, slow=3.0))
    bench.say("close", {"reason": "end"})
    closing = asyncio.ensure_future(bench.call.close(CloseReason.END))
    await asyncio.sleep(0.1)
    bench.tell("error", {"code": 500, "message": "late"})
    bench.call.emit(EVENT, "somebody")
    await closing
    await bench.call.end(CloseReason.END)
    bench.tell("error", {"code": 500, "message": "later"})
    assert witness.hooks == ["decided", "opened", "close", "event", "end"]


# the beginning ------------------------------------------------------------------------------------


async def test_media_is_what_plugins_wish_for_and_none_without_offers(bench: Any) -> None:
    class Wishing(Witness):
        info = PluginInfo(audio=AudioWish(("internal",)))

    both = (MONO, MediaFormat("PCMU", ("internal",)))
    await bench.open(offers=both, w=Wishing())
    assert (await bench.accept()).media == [both[1].to_wire()]
    await bench.open(offers=both)
    assert (await bench.accept()).media == [MONO.to_wire()]
    await bench.open(offers=())
    assert (await bench.accept()).media == []


async def test_opened_names_languages_only_when_asked(bench: Any) -> None:
    for wants, given_, expected in ((False, ["de-DE"], None), (True, ["de-DE"], ["de-DE"]), (True, [], [])):
        call = await bench.open(facts={"wants_languages": wants})
        await call.decide()
        assert call.opened_message(given_).supported_languages == expected


async def test_the_furthest_discard_wins(bench: Any) -> None:
    await bench.open(a=Policy(Accept(discard_to=1.5)), b=Policy(Accept(discard_to=3)), c=Policy(Accept()))
    assert (await bench.accept()).to_wire()["discardTo"] == "PT3S"


async def test_a_reconnected_stream_is_trimmed_in_its_own_positions(bench: Any) -> None:
    witness = Witness()
    await bench.open(position="PT100S", a=Policy(Accept(discard_to=5)), w=witness)
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


async def test_a_rejection_is_told_to_functions_and_makes_no_handler(bench: Any) -> None:
    witness = Witness()
    call = await bench.open(policy=Policy(Reject(info="no")), w=witness)
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
    answer: Any, on_failure: OnFailure, accepted: bool, bench: Any
) -> None:
    late = answer if isinstance(answer, float) else 0.0
    policy = Policy(None if late else answer, late, PluginInfo(on_failure=on_failure))
    call = await bench.open(policy=policy)
    verdict = await call.decide()
    assert asyncio.get_running_loop().time() <= bench.limits.decision_timeout
    assert verdict.accepted is accepted
    if not accepted:
        assert verdict.decision.reason == "error"


async def test_how_long_plugins_took_to_decide_is_recorded(bench: Any) -> None:
    call = await bench.open(quick=Policy(), slow=Policy(seconds=1.5))
    await call.decide()
    text = bench.metrics.render()[0].decode()
    assert 'audiohook_decision_duration_seconds_count{plugin="slow"} 1.0' in text
    assert 'audiohook_decision_duration_seconds_sum{plugin="slow"} 1.5' in text


async def test_an_abandoned_decision_leaves_nothing_behind(bench: Any) -> None:
    call = await bench.open(slow=Policy(seconds=1.9), w=(witness := Witness()))
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


async def test_beginning_twice_is_beginning_once(bench: Any) -> None:
    witness = Witness()
    call = await bench.accepted(w=witness)
    call.begin()
    assert witness.hooks == ["decided", "opened"]
    assert bench.value("sessions", outcome="accepted") == 1


# the end ------------------------------------------------------------------------------------------


async def test_slow_work_in_on_opened_loses_no_audio(bench: Any) -> None:
    slow, quick = Witness(lane=True, slow=10.0), Witness()
    await bench.accepted(slow=slow, quick=quick)
    for number in range(50):
        bench.hear(bytes([number]) * 3_200)
        await asyncio.sleep(0.2)
    assert len(quick.of("audio")) == 50
    await bench.call.close(CloseReason.END)
    assert [frame.payload[0] for _, frame in slow.of("audio")] == list(range(50))
    assert slow.hooks[:2] == ["decided", "opened"]


async def test_closing_waits_for_hooks_until_the_deadline_and_the_lane_goes_on(bench: Any) -> None:
    late = Witness(lane=True, slow=20.0)
    await bench.accepted(late=late)
    await asyncio.sleep(30)
    begun = asyncio.get_running_loop().time()
    await bench.call.close(CloseReason.END)
    assert asyncio.get_running_loop().time() - begun == pytest.approx(bench.limits.hook_deadline)
    assert late.of("close") == []
    await bench.call.end(CloseReason.END)
    assert late.hooks == ["decided", "opened", "close", "end"]


async def test_a_call_that_broke_off_runs_the_same_path(bench: Any) -> None:
    inline, lane = Witness(), Witness(lane=True)
    await bench.accepted(inline=inline, lane=lane)
    bench.hear()
    bench.protocol.receive_eof()
    summary = await bench.finish(CloseReason.LOST)
    for witness in (inline, lane):
        assert witness.hooks == ["decided", "opened", "audio", "close", "end"]
        assert witness.of("close") == [("close", CloseReason.LOST)]
    assert summary.reason is CloseReason.LOST


async def test_the_first_reason_stays(bench: Any) -> None:
    witness = Witness()
    await bench.accepted(w=witness)
    await bench.call.close(CloseReason.DISCONNECT)
    summary = await bench.call.end(CloseReason.LOST)
    assert summary.reason is CloseReason.DISCONNECT
    assert bench.value("sessions.ended", reason="disconnect") == 1


async def test_ending_twice_at_once_ends_once(bench: Any) -> None:
    witness = Witness(lane=True, slow=1.0)
    call = await bench.accepted(w=witness)
    results = await asyncio.gather(*(call.end(CloseReason.END) for _ in range(3)))
    assert len([result for result in results if result is not None]) == 1
    assert len(witness.of("end")) == 1
    assert bench.value("sessions.ended", reason="end") == 1
    assert bench.lanes == []


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["decide", "open", "hear", "tell", "close", "end", "abandon", "reject", "lost", "cancel", "emit"]
        ),
        st.sampled_from([0.0, 0.1, 1.0, 3.0, 7.0, 40.0]),
    ),
    max_size=14,
)


@settings(max_examples=120, deadline=None)
@given(
    steps=_STEPS,
    answer=st.sampled_from([None, Accept(start_paused=True), Reject()]),
    slow=st.sampled_from([0.0, 0.5, 9.0, 100.0]),
)
def test_in_whatever_order_things_come_a_call_ends_exactly_once(
    steps: Any, answer: Any, slow: float, virtually: Callable[..., Any]
) -> None:
    async def run(bench: Any) -> None:
        inline, lane = Witness(), Witness(lane=True, slow=slow)
        call = await bench.open(policy=Policy(answer, 0.5), inline=inline, lane=lane)
        tasks: list[asyncio.Future[Any]] = []
        for step, seconds in steps:
            _take(step, bench, call, tasks)
            await asyncio.sleep(seconds)
        await call.end(CloseReason.LOST)
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(200)
        assert call.state == "ended"
        assert not call.holds
        for witness in (inline, lane):
            assert witness.begun == (["close", "end"] if call.begun else [])
            assert len(witness.of("decided")) <= 1
            assert not call.begun or witness.hooks[-1] == "end"
        outcomes = [bench.value("sessions", outcome=name) for name in ("accepted", "rejected", "lost")]
        assert sum(outcomes) == 1
        assert outcomes[0] == call.begun
        assert sum(bench.value("sessions.ended", reason=reason) for reason in CloseReason) == call.begun
        assert bench.lanes == []

    virtually(run)


def _take(step: str, bench: Any, call: Call, tasks: list[Any]) -> None:
    match step:
        case "decide" if not call.decided and not tasks:
            tasks.append(asyncio.ensure_future(call.decide()))
        case "open" if call.decided and bench.protocol.state == "opening" and call.state == "opening":
            with suppress(AssertionError):  # it was rejected
                bench.protocol.send(call.opened_message([]))
                call.begin()
        case "hear" if bench.protocol.state == "active" and call.begun:
            bench.hear()
        case "tell" if call.begun:
            bench.tell("paused")
        case "emit" if call.state != "ended":
            call.emit(EVENT, "inline")
        case "close" if call.begun:
            tasks.append(asyncio.ensure_future(call.close(CloseReason.END)))
        case "end":
            tasks.append(asyncio.ensure_future(call.end(CloseReason.END)))
        case "abandon" if not call.begun:
            call.abandon()
        case "reject" if call.decided and not call.begun:
            tasks.append(asyncio.ensure_future(call.reject(Reject())))
        case "lost":
            bench.protocol.receive_eof()
        case "cancel" if tasks:
            _cancel_a_wait(tasks)


def _cancel_a_wait(tasks: list[Any]) -> None:
    """Give up waiting for a decision or for `close`; `end` is nobody's to cancel."""
    for task in tasks:
        if task.get_coro().__name__ in ("decide", "close"):
            task.cancel()
