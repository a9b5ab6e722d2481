"""The plugin in a call: a filter before everybody else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from audiohook_fw_redact import Redact, Redacted
from audiohook_fw_redact.metrics import make_instruments
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from pydantic import BaseModel, Field

from audiohook_fw import BotTurnResponse, Event, PluginError, Session, SpeechStarted, Transcript, hookimpl
from audiohook_fw.testing import CallDriver

CARD = "4111 1111 1111 1111"
NewCall = Callable[..., CallDriver]


class Other:
    """A plugin that hears what is left."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    @hookimpl
    def on_event(self, session: Session, event: Event) -> None:
        self.heard.append(event)


@pytest.fixture
def other() -> Other:
    return Other()


@pytest.fixture
def new_call(other: Other) -> Iterator[NewCall]:
    made: list[CallDriver] = []

    def make(**settings: Any) -> CallDriver:
        made.append(CallDriver(Redact, settings=settings, others={"other": other}, product="transcription"))
        made[-1].open()
        return made[-1]

    yield make
    for call in made:
        call.shutdown()


def said(text: str, **fields: Any) -> Transcript:
    return Transcript(**{"channel": "external", "text": text, "start": 0, "length": 8000, **fields})


def test_nobody_sees_what_was_redacted(
    new_call: NewCall, other: Other, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    call = new_call()
    call.event(said(f"take {CARD} please"))
    call.close()
    transcript, span = (event for event in other.heard if isinstance(event, Transcript | Redacted))
    assert isinstance(transcript, Transcript)
    assert transcript.text == "take [card] please"
    assert isinstance(span, Redacted)
    assert (span.kind, span.channel, span.transcript_id) == ("card", "external", transcript.id)
    everything = caplog.text + repr(other.heard) + "".join(event.model_dump_json() for event in other.heard)
    assert "4111" not in everything
    assert "1111" not in everything


def test_a_call_remembers_over_utterances_and_another_does_not(new_call: NewCall, other: Other) -> None:
    first, second = new_call(), new_call()
    first.event(said("four one one"))
    second.event(said("one two three"))
    first.event(said("one two three", start=9000))
    texts = [event.text for event in other.heard if isinstance(event, Transcript)]
    assert texts == ["four one one", "one two three", "[number]"]


def test_other_events_pass_as_they_are(new_call: NewCall, other: Other) -> None:
    call = new_call()
    call.event(SpeechStarted(channel="external", start=0))
    call.event(BotTurnResponse(disposition="match", text="good morning"))
    call.event(BotTurnResponse(disposition="match", text=f"I heard {CARD}"))
    call.event(BotTurnResponse(disposition="no_match"))
    assert [getattr(event, "text", "none") for event in other.heard] == [
        "none", "good morning", "I heard [card]", None,
    ]  # fmt: skip


def test_interims_are_redacted_or_dropped(new_call: NewCall, other: Other) -> None:
    new_call().event(said(CARD, is_final=False))
    new_call(interims="drop").event(said(CARD, is_final=False))
    assert [event.text for event in other.heard if isinstance(event, Transcript)] == ["[card]"]


def test_language_of_the_call(new_call: NewCall, other: Other) -> None:
    call = new_call()
    call.update(language="de-DE")
    call.event(said(CARD))
    assert [event.text for event in other.heard if isinstance(event, Transcript)] == ["[card]"]


def test_metrics() -> None:
    reader = InMemoryMetricReader()
    redactor = Redact(Redact.Settings())._redactor
    make_instruments(MeterProvider(metric_readers=[reader]).get_meter("test"), redactor)
    redactor.found["card"] = 2
    redactor.failures = 1
    data = reader.get_metrics_data()
    assert data is not None
    read = {
        metric.name: [(point.value, dict(point.attributes)) for point in metric.data.data_points]
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
    }
    assert read == {"redact.found": [(2, {"kind": "card"})], "redact.failures": [(1, {})]}


class Passage(BaseModel):
    """A part of a summary."""

    text: str
    place: int


class Summary(Event, event_type="test.redact_summary"):
    """What another plugin made of a call."""

    id: str
    text: str
    lines: tuple[str, ...] = ()
    by_topic: dict[str, list[Passage]] = Field(default_factory=dict)


class Rich(Transcript, event_type="test.redact_rich"):
    """A transcript with more than others."""

    alternatives: tuple[str, ...] = ()


def test_more_texts_of_a_kind_of_transcript(new_call: NewCall, other: Other) -> None:
    new_call().event(Rich(channel="external", text=CARD, start=0, length=8, alternatives=(f"a {CARD}", "b")))
    (event,) = (event for event in other.heard if isinstance(event, Rich))
    assert (event.text, event.alternatives) == ("[card]", ("a [card]", "b"))


def test_events_of_others_that_hold_texts(new_call: NewCall, other: Other) -> None:
    texts = {"lines": (CARD, "b"), "by_topic": {CARD: [Passage(text=f"mail {CARD}", place=3)]}}
    summary = Summary(id="4111111111111111", text=f"it is {CARD}", **texts)
    new_call(events={"test.redact_summary": ["text", "lines", "by_topic"]}).event(summary)
    new_call().event(summary)
    redacted, as_it_was = other.heard
    assert redacted == Summary(
        id=summary.id,
        text="it is [card]",
        lines=("[card]", "b"),
        by_topic={"[card]": [Passage(text="mail [card]", place=3)]},
    )
    assert as_it_was is summary


def test_a_field_that_is_not_there_drops_the_event(
    new_call: NewCall, other: Other, caplog: pytest.LogCaptureFixture
) -> None:
    call = new_call(events={"test.redact_summary": ["txt"]})
    with pytest.raises(PluginError):
        call.event(Summary(id="1", text=CARD))
    assert other.heard == []
    assert "have no field txt; see plugins.redact.events" in caplog.text
    assert "4111" not in caplog.text


@pytest.mark.parametrize("events", [{"acme.summary": []}, {"transcript": ["text"]}])
def test_events_that_cannot_be_meant(events: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"acme.summary' has no fields|'transcript' is redacted in any case"):
        Redact.Settings(events=events)
