"""What plugins say through the session: events, context, interest in audio."""

from __future__ import annotations

from typing import Any

import pytest

from audiohook_fw.plugin import (
    MAX_HOPS,
    BotTurnResponse,
    ContextChanged,
    Event,
    Overflow,
    PluginInfo,
    Transcript,
    hookimpl,
)
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.session import Session

MONO = MediaFormat("PCMU", ("external",))
TEXT = Transcript(channel="external", text="hello", start=0, length=8)


class Note(Event, event_type="test_session.note"):
    text: str


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


class Audio(Keep):
    """One that takes audio too."""

    @hookimpl
    def on_audio(self, frame: Any) -> None:
        pass


@pytest.fixture
def a() -> Keep:
    return Keep()


@pytest.fixture
def b() -> Keep:
    return Keep()


async def test_events_go_to_the_others_through_filters_and_are_counted(bench: Any, a: Keep, b: Keep) -> None:
    class Redact:
        @hookimpl
        def filter_event(self, event: Event) -> Event | None:
            if not isinstance(event, Note):
                return event
            return None if event.text == "secret" else Note(text=event.text.upper())

    await bench.accepted(a=a, redact=Redact(), b=b)
    for text in ("hello", "secret"):
        a.session.emit(Note(text=text))
    assert a.events == []
    assert b.events == [Note(text="HELLO")]
    assert bench.value("events.emitted", type="test_session.note") == 2


async def test_what_genesys_understands_goes_to_the_outbox_filtered(bench: Any, a: Keep) -> None:
    class Redact:
        @hookimpl
        def filter_event(self, event: Event) -> Event | None:
            return event.model_copy(update={"text": "***"}) if isinstance(event, Transcript) else event

    await bench.accepted(product="transcription", a=a, redact=Redact())
    a.session.emit(TEXT)
    a.session.emit(Note(text="for plugins only"))
    [(entity, replaces, interim)] = bench.control.entities
    assert entity.data["alternatives"][0]["interpretations"][0]["transcript"] == "***"
    assert (replaces, interim) == (f"transcript {TEXT.id}", False)


async def test_interims_are_sent_only_where_the_key_says_so(bench: Any, a: Keep) -> None:
    interim = TEXT.model_copy(update={"is_final": False})
    await bench.accepted(product="transcription", a=a)
    a.session.emit(interim)
    assert bench.control.entities == []
    await bench.accepted(product="transcription", facts={"interims": True}, a=a)
    a.session.emit(interim)
    assert [(replaces, i) for _, replaces, i in bench.control.entities] == [(f"transcript {TEXT.id}", True)]


async def test_a_monitor_is_sent_nothing(bench: Any, a: Keep) -> None:
    await bench.accepted(a=a)
    a.session.emit(TEXT)
    a.session.emit(BotTurnResponse(disposition="match"))
    assert bench.control.entities == []


async def test_a_text_that_json_cannot_carry_harms_nobody(bench: Any, a: Keep, b: Keep) -> None:
    await bench.accepted(product="transcription", a=a, b=b)
    broken = TEXT.model_copy(update={"text": "\ud800"})
    a.session.emit(broken)
    a.session.emit(TEXT)
    assert b.events == [broken, TEXT]
    assert len(bench.control.entities) == 1
    assert bench.value("outbox.dropped", reason="unsupported") == 1


async def test_plugins_that_answer_each_other_are_cut_short(bench: Any) -> None:
    class Echo(Keep):
        @hookimpl
        def on_opened(self, session: Session) -> None:
            self.session = session

        @hookimpl
        def on_event(self, event: Event) -> None:
            self.events.append(event)
            self.session.emit(event)

    first, second = Echo(), Echo()
    await bench.accepted(first=first, second=second)
    first.session.emit(Note(text="ping"))
    assert len(first.events) + len(second.events) == MAX_HOPS


@pytest.mark.parametrize("nonsense", ["text", None, {"a": 1}, Note])
async def test_only_events_can_be_emitted(nonsense: Any, bench: Any, a: Keep) -> None:
    await bench.accepted(a=a)
    with pytest.raises(TypeError, match="emit takes an Event"):
        a.session.emit(nonsense)


async def test_context_is_shared_and_what_changed_is_told(bench: Any, a: Keep, b: Keep) -> None:
    await bench.accepted(a=a, b=b)
    a.session.update_context(queue="q1", agent="x")
    a.session.update_context(queue="q1", agent="y")
    a.session.update_context(queue="q1")
    assert b.session.context == {"queue": "q1", "agent": "y"}
    assert b.events == [ContextChanged(changed=("queue", "agent")), ContextChanged(changed=("agent",))]


async def test_context_from_before_opened_is_there_later(bench: Any, b: Keep) -> None:
    class Early(Keep):
        @hookimpl
        def on_open(self, session: Session) -> None:
            session.update_context(queue="q1")

    await bench.accepted(early=Early(), b=b)
    assert b.session.context == {"queue": "q1"}


async def test_audio_interest_is_that_of_those_who_take_audio(bench: Any, b: Keep) -> None:
    one, other = Audio(), Audio()
    await bench.accepted(one=one, other=other, b=b)
    assert b.session.audio_interest
    b.session.set_audio_interest(False)
    one.session.set_audio_interest(False)
    assert b.session.audio_interest
    assert b.events == []
    other.session.set_audio_interest(False)
    assert not b.session.audio_interest
    one.session.set_audio_interest(True)
    assert b.session.audio_interest
    assert b.events == [ContextChanged(changed=("audio_interest",))] * 2


async def test_who_is_in_quarantine_needs_no_audio(bench: Any, b: Keep) -> None:
    class Bad(Keep):
        @hookimpl
        def on_audio(self, frame: Any) -> None:
            raise RuntimeError("planted")

    await bench.accepted(bad=Bad(), b=b)
    for _ in range(9):
        bench.hear()
    assert (b.session.audio_interest, b.events) == (True, [])
    bench.hear()
    assert (b.session.audio_interest, b.events) == (False, [ContextChanged(changed=("audio_interest",))])


async def test_who_emits_is_known_until_it_is_lost(bench: Any, b: Keep) -> None:
    class Full(Keep):
        @hookimpl
        async def on_audio(self, frame: Any) -> None:
            pass

    class Bad(Keep):
        @hookimpl
        def on_audio(self, frame: Any) -> None:
            raise RuntimeError("planted")

    emits = {"emits": (Note, Transcript)}
    full = Full(PluginInfo(overflow=Overflow.FAIL, max_lag=0.1, **emits))
    await bench.accepted(full=full, bad=Bad(PluginInfo(**emits)), b=b)
    assert b.session.who_emits(Note) == ("full", "bad")
    assert b.session.who_emits(BotTurnResponse) == ()
    for _ in range(10):
        bench.hear()
    assert b.session.who_emits(Note) == b.session.who_emits(Transcript) == ()
    assert [(one.failed, one.quarantined) for one in b.session.plugin_statistics][:2] == [
        (True, False),
        (False, True),
    ]


async def test_whose_lane_has_failed_needs_no_audio(bench: Any, b: Keep) -> None:
    class Full(Keep):
        @hookimpl
        async def on_audio(self, frame: Any) -> None:
            pass

    await bench.accepted(full=Full(PluginInfo(overflow=Overflow.FAIL, max_lag=0.1)), b=b)
    bench.hear()
    assert (b.session.audio_interest, b.events) == (True, [])
    for _ in range(10):
        bench.hear()
    assert (b.session.audio_interest, b.events) == (False, [ContextChanged(changed=("audio_interest",))])


async def test_the_end_of_a_call_is_no_loss_of_interest(bench: Any, b: Keep) -> None:
    await bench.accepted(one=Audio(), b=b)
    await bench.finish()
    assert b.events == []


async def test_interest_said_while_deciding_counts(bench: Any) -> None:
    class Shy(Audio):
        @hookimpl
        def on_open(self, session: Session) -> None:
            self.session = session
            session.set_audio_interest(False)

    shy = Shy()
    await bench.accepted(shy=shy)
    assert not shy.session.audio_interest


async def test_without_anybody_who_takes_audio_there_is_no_interest(bench: Any, a: Keep) -> None:
    await bench.accepted(a=a)
    assert not a.session.audio_interest
