"""What plugins do with a session: pause, disconnect, play, run blocking work; and when no more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.errors import LocalProtocolError, SessionClosedError
from audiohook_fw.plugin import (
    Accept,
    ContextChanged,
    Event,
    OnFailure,
    PluginInfo,
    Reject,
    SessionHandler,
    Transcript,
    hookimpl,
)
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.session import Session

MONO = MediaFormat("PCMU", ("external",))
TEXT = Transcript(channel="external", text="hello", start=0, length=8)


class Keep:
    """A plugin that keeps its session and notes the events it sees."""

    def __init__(self, info: PluginInfo | None = None) -> None:
        self.session: Session
        self.events: list[Any] = []
        if info is not None:
            self.info = info

    @hookimpl
    def on_open(self, session: Session) -> None:
        self.session = session

    @hookimpl
    def on_event(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def a() -> Keep:
    return Keep()


@pytest.fixture
def b() -> Keep:
    return Keep()


async def test_holds_of_several_plugins_pause_together(bench: Any, a: Keep, b: Keep) -> None:
    await bench.accepted(a=a, b=b)
    first = a.session.pause("one")
    with b.session.pause("two"):
        first.release()
        assert bench.control.pauses == [True]
    assert bench.control.pauses == [True, False]


async def test_a_pause_while_deciding_makes_the_call_start_paused(bench: Any) -> None:
    class Pausing(Keep):
        @hookimpl
        def on_open(self, session: Session) -> None:
            self.hold = session.pause("look-up")

    await bench.open(p=Pausing())
    opened = await bench.accept()
    assert opened.start_paused is True


async def test_accepting_paused_gives_a_hold_of_its_own_to_each(bench: Any) -> None:
    class Paused(Keep):
        @hookimpl
        def on_open(self, session: Session) -> Accept:
            self.session = session
            return Accept(start_paused=True)

    one, careful, bystander = Paused(), Paused(PluginInfo(on_failure=OnFailure.REJECT)), Keep()
    await bench.open(one=one, careful=careful, bystander=bystander)
    assert (await bench.accept()).start_paused is True
    assert bystander.session.start_hold is None
    assert one.session.start_hold is not None
    assert careful.session.start_hold is not None
    assert (one.session.start_hold.owner, one.session.start_hold.on_quarantine) == ("one", "release")
    assert careful.session.start_hold.on_quarantine == "keep"
    one.session.start_hold.release()
    assert one.session.start_hold is None
    assert bench.control.pauses == [True]
    careful.session.start_hold.release()
    assert bench.control.pauses == [True, False]


async def test_quarantine_releases_holds_but_those_to_be_kept(bench: Any) -> None:
    class Broken(Keep):
        @hookimpl
        def on_audio(self) -> None:
            raise ValueError

    lax, strict = Broken(), Broken()
    await bench.accepted(lax=lax, strict=strict)
    lax.session.pause("lax")
    kept = strict.session.pause("strict", on_quarantine="keep")
    for _ in range(bench.limits.faults_in_a_row):
        bench.hear()
    assert [hold.owner for hold in bench.call.holds] == ["strict"]
    assert bench.control.pauses == [True]
    kept.release()
    assert bench.control.pauses == [True, False]


async def test_disconnect_passes_on_what_it_is_given(bench: Any, a: Keep) -> None:
    await bench.accepted(a=a)
    a.session.disconnect()
    a.session.disconnect("error", "busy", {"x": "y"})
    assert bench.control.disconnects == [("completed", None, None), ("error", "busy", {"x": "y"})]


@pytest.mark.parametrize("reason", ["rejected", "", "COMPLETED", "end"])
async def test_disconnect_refuses_reasons_that_the_client_does_not_know(
    reason: str, bench: Any, a: Keep
) -> None:
    await bench.accepted(a=a)
    with pytest.raises(ValueError, match="completed, error, unauthorized"):
        a.session.disconnect(reason)
    assert bench.control.disconnects == []


async def test_a_connector_plays_and_flushes(bench: Any, a: Keep) -> None:
    await bench.accepted(product="connector", a=a)
    a.session.play(b"\xff\xff")
    a.session.flush_playback()
    assert (bench.control.played, bench.control.flushed) == ([b"\xff\xff"], 1)
    with pytest.raises(ValueError, match="whole samples"):
        a.session.play(b"\xff\xff\xff")
    bench.control.full = True
    with pytest.raises(LocalProtocolError, match="full"):
        a.session.play(b"\xff\xff")


async def test_a_connector_cannot_play_before_opened_nor_without_audio(bench: Any, a: Keep) -> None:
    await bench.open(product="connector", a=a)
    with pytest.raises(LocalProtocolError, match="on_opened"):
        bench.call.view("a").play(b"\xff\xff")
    await bench.accepted(product="connector", offers=(), a=a)
    with pytest.raises(LocalProtocolError, match="no audio"):
        a.session.play(b"\xff\xff")


@pytest.mark.parametrize("product", ["monitor", "transcription"])
async def test_nobody_else_plays(product: str, bench: Any, a: Keep) -> None:
    await bench.accepted(product=product, a=a)
    with pytest.raises(LocalProtocolError, match="product = connector"):
        a.session.play(b"\xff\xff")
    with pytest.raises(LocalProtocolError, match="product = connector"):
        a.session.flush_playback()


async def test_blocking_work_of_one_plugin_blocks_neither_the_loop_nor_another(
    bench: Any, a: Keep, b: Keep
) -> None:
    import threading

    await bench.accepted(a=a, b=b)
    gate = threading.Event()
    jobs = [asyncio.ensure_future(a.session.run_blocking(gate.wait, timeout=10)) for _ in range(5)]
    assert await b.session.run_blocking(lambda x: x + 1, 1) == 2
    gate.set()
    assert await asyncio.gather(*jobs) == [True] * 5


async def test_a_plugin_may_still_act_in_on_close_and_on_end(bench: Any, b: Keep) -> None:
    class Late(SessionHandler):
        def __init__(self, session: Session) -> None:
            self.session = session

        def on_close(self) -> None:
            self.session.emit(TEXT)

        def on_end(self) -> None:
            bench.seen.append(self.session.state)
            self.session.update_context(uploaded=True)
            self.session.pause("too late").release()

    class Making:
        @hookimpl
        def create_handler(self, session: Session) -> SessionHandler:
            return Late(session)

    await bench.accepted(product="transcription", late=Making(), b=b)
    await bench.finish()
    assert b.events[0] == TEXT
    assert len(bench.control.entities) == 1
    assert bench.seen == ["closing"]
    assert b.session.context == {"uploaded": True}


async def test_after_the_end_nothing_can_be_done_but_everything_can_be_read(bench: Any, a: Keep) -> None:
    await bench.accepted(product="connector", a=a)
    hold = a.session.pause("x")
    await bench.finish()
    session = a.session
    for act in (
        lambda: session.emit(TEXT),
        lambda: session.update_context(a=1),
        lambda: session.set_audio_interest(True),
        lambda: session.pause("y"),
        lambda: session.disconnect(),
        lambda: session.play(b"\xff\xff"),
        lambda: session.flush_playback(),
    ):
        with pytest.raises(SessionClosedError, match=session.id):
            act()
    hold.release()
    assert bench.control.pauses == [True]
    assert session.context == {}
    assert (session.state, session.start_hold, session.audio_interest) == ("ended", None, False)
    assert session.delivery.plugin == "a"


async def test_a_rejected_call_is_over_too(bench: Any) -> None:
    class Policy(Keep):
        @hookimpl
        def on_open(self, session: Session) -> Reject:
            self.session = session
            return Reject(info="not this queue")

    policy = Policy()
    call = await bench.open(policy=policy)
    verdict = await call.decide()
    await call.reject(verdict.decision)
    assert policy.session.state == "ended"
    with pytest.raises(SessionClosedError):
        policy.session.pause("x")


async def test_tags_that_come_later_are_shown_to_all_and_told(bench: Any, a: Keep, b: Keep) -> None:
    await bench.accepted(a=a, b=b)
    a.session.add_tags(queue="Sales", tier="gold")
    a.session.add_tags(tier="silver")
    assert b.session.tags == {"queue": "Sales", "tier": "silver"}
    assert b.events == [ContextChanged(changed=("tags",))] * 2
    a.session.add_tags(tier="silver")  # nothing new
    a.session.add_tags()
    assert len(b.events) == 2


async def test_a_tag_that_is_no_text_changes_nothing(bench: Any, a: Keep) -> None:
    await bench.accepted(a=a)
    with pytest.raises(TypeError, match="tag tier must be a text, not int"):
        a.session.add_tags(queue="Sales", tier=1)  # type: ignore[arg-type]
    assert a.session.tags == {}


async def test_no_tags_after_the_end(bench: Any, a: Keep) -> None:
    call = await bench.accepted(a=a)
    await call.end("end")
    with pytest.raises(SessionClosedError):
        a.session.add_tags(tier="gold")
