"""The session as plugins see it: every property, and everything a plugin may do with it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from audiohook_fw.errors import LocalProtocolError, SessionClosedError
from audiohook_fw.plugin import (
    MAX_HOPS,
    Accept,
    BotTurnResponse,
    ContextChanged,
    Event,
    OnFailure,
    PluginInfo,
    Reject,
    SessionHandler,
    StashKey,
    Transcript,
    hookimpl,
)
from audiohook_fw.protocol import ClientPause, ContinuedSession, MediaFormat, Participant
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


# what it shows ------------------------------------------------------------------------------------


async def test_facts_are_shown_as_received(bench: Any, a: Keep) -> None:
    facts = {
        "participant": Participant(
            id="30b0e395-84d3-4570-ac13-9a62d8f514c0", ani="+1", ani_name="A", dnis="+2"
        ),
        "language": "es-419",
        "path_suffix": "bot-7",
        "retry_attempt": 3,
        "continued_sessions": (
            ContinuedSession(id="30b0e395-84d3-4570-ac13-9a62d8f514c0", serverseq=1, clientseq=2),
        ),
        "custom_config": {"a": {"b": 1}},
        "input_variables": {"x": "y"},
    }
    await bench.accepted(product="connector", facts=facts, offers=(MONO,), a=a)
    session, expected = a.session, bench.facts
    assert session.id == expected.session_id
    assert session.conversation_id == expected.conversation_id
    assert session.organization_id == expected.organization_id
    assert session.correlation_id == "correlation"
    assert (session.participant.ani, session.participant.ani_name, session.participant.dnis) == (
        "+1",
        "A",
        "+2",
    )
    assert (session.key_name, session.product) == ("main", "connector")
    assert (session.language, session.path_suffix, session.retry_attempt) == ("es-419", "bot-7", 3)
    assert session.continued_sessions == facts["continued_sessions"]
    assert session.custom_config == {"a": {"b": 1}}
    assert session.input_variables == {"x": "y"}
    assert session.started_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert session.offers == (MONO,)


async def test_what_one_plugin_does_to_a_mapping_no_other_sees(bench: Any, a: Keep, b: Keep) -> None:
    facts = {"custom_config": {"a": 1}, "input_variables": {"x": "y"}}
    await bench.accepted(facts=facts, a=a, b=b)
    for mapping in (a.session.custom_config, a.session.input_variables):
        mapping.clear()  # type: ignore[attr-defined]
    assert (b.session.custom_config, b.session.input_variables) == ({"a": 1}, {"x": "y"})
    for shown in (a.session.tags, a.session.context):
        with pytest.raises(TypeError):
            shown["x"] = "y"  # type: ignore[index]


async def test_state_media_and_position_follow_the_call(bench: Any, a: Keep) -> None:
    call = await bench.open(a=a)
    session = call.view("a")
    assert (session.state, session.media, session.position) == ("opening", None, 0)
    await bench.accept()
    assert (session.state, session.media) == ("open", session.offers[0])
    bench.hear(b"\xff" * 320)
    assert session.position == 160
    closing = asyncio.ensure_future(call.close("end"))
    await closing
    assert session.state == "closing"
    await call.end("end")
    assert session.state == "ended"


async def test_language_follows_updates_and_an_update_without_one_changes_nothing(
    bench: Any, a: Keep
) -> None:
    await bench.accepted(facts={"language": "de-DE"}, a=a)
    bench.tell("update", {"language": "en-US"})
    assert a.session.language == "en-US"
    bench.tell("update", {})
    assert a.session.language == "en-US"


async def test_both_pause_flags_are_shown(bench: Any, a: Keep) -> None:
    await bench.accepted(a=a)
    assert (a.session.server_paused, a.session.client_paused) == (False, ClientPause.NO)
    bench.tell("paused")
    assert (a.session.server_paused, a.session.client_paused) == (False, ClientPause.YES)


async def test_tags_of_all_that_accept_are_shown(bench: Any) -> None:
    class Tagging(Keep):
        def __init__(self, **tags: str) -> None:
            super().__init__()
            self.tags = tags

        @hookimpl
        def on_open(self, session: Session) -> Accept:
            self.session = session
            return Accept(tags=self.tags)

    first, second = Tagging(queue="a", one="1"), Tagging(queue="b", two="2")
    await bench.accepted(first=first, second=second)
    assert first.session.tags == {"queue": "a", "one": "1", "two": "2"}


async def test_stash_is_shared_by_all_plugins_of_one_call(bench: Any, a: Keep, b: Keep) -> None:
    key = StashKey[int]()
    await bench.accepted(a=a, b=b)
    a.session.stash[key] = 7
    assert b.session.stash[key] == 7
    first = a.session
    await bench.accepted(a=a, b=b)
    assert a.session is not first
    assert key not in a.session.stash


async def test_each_plugin_has_one_view_and_its_repr_tells_nothing_personal(
    bench: Any, a: Keep, b: Keep
) -> None:
    call = await bench.accepted(facts={"custom_config": {"secret": "hush"}}, a=a, b=b)
    assert call.view("a") is a.session is not b.session
    for text in (repr(a.session), repr(call), repr(bench.facts)):
        assert not any(secret in text for secret in ("Ada", "4930111", "4930222", "hush")), text
    assert repr(a.session) == f"<Session {a.session.id} open for a>"


async def test_delivery_shows_how_the_plugin_itself_fares(bench: Any, b: Keep) -> None:
    class Failing(Keep):
        @hookimpl
        def on_audio(self) -> None:
            raise KeyError

    a = Failing()
    await bench.accepted(a=a, b=b)
    bench.hear()
    assert a.session.delivery.faults == 1
    assert b.session.delivery.faults == 0


async def test_settings_of_itself_and_of_others(bench: Any, b: Keep) -> None:
    class Configured(Keep):
        class Settings(BaseModel):
            level: int = 3

        def __init__(self, settings: Settings) -> None:
            super().__init__()

    class Probe(Keep):
        @hookimpl
        def on_opened(self, session: Session) -> None:
            bench.seen.append(session.settings_for("configured"))
            bench.seen.append(session.settings_for())

    await bench.accepted(configured=Configured, probe=Probe(), b=b)
    assert [type(found).__name__ for found in bench.seen] == ["Settings", "NoneType"]
    assert bench.seen[0].level == 3
    with pytest.raises(KeyError):
        b.session.settings_for("nobody")


# events -------------------------------------------------------------------------------------------


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


# context and interest -----------------------------------------------------------------------------


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


# pausing ------------------------------------------------------------------------------------------


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


# disconnect, play ---------------------------------------------------------------------------------


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


# blocking work ------------------------------------------------------------------------------------


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


# the end ------------------------------------------------------------------------------------------


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
