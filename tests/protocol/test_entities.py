from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from audiohook_fw.protocol import (
    AgentAssistEntity,
    AgentAssistUtterance,
    Alternative,
    ArticleSuggestion,
    BargeInEntity,
    BotTurnResponseEntity,
    Entity,
    FaqSuggestion,
    Interpretation,
    SpeechStartedEntity,
    Token,
    TranscriptEntity,
    WireEntity,
    parse_entity,
)

ID = "0190163d-8694-739b-aea5-966c26f8ad91"
FINAL: dict[str, Any] = {
    "id": ID,
    "channelId": 0,
    "isFinal": True,
    "offset": "PT1.000125S",
    "duration": "PT0.5S",
    "alternatives": [
        {
            "confidence": 0.9,
            "languages": ["en-US"],
            "interpretations": [
                {
                    "type": "display",
                    "transcript": "Hello there",
                    "tokens": [
                        {
                            "type": "word",
                            "value": "Hello",
                            "confidence": 1.0,
                            "offset": "PT1.000125S",
                            "duration": "PT0.2S",
                            "language": "en-US",
                        },
                        {
                            "type": "word",
                            "value": "there",
                            "confidence": 0.0,
                            "offset": "PT1.2S",
                            "duration": "PT0.3S",
                        },
                    ],
                }
            ],
        }
    ],
}
INTERIM: dict[str, Any] = {
    "id": ID,
    "channelId": 1,
    "isFinal": False,
    "alternatives": [
        {"confidence": 0.5, "interpretations": [{"type": "display", "transcript": "Hel"}]},
        {"confidence": 0.1, "interpretations": [{"type": "display", "transcript": "Hal"}]},
    ],
}
ASSIST: dict[str, Any] = {
    "id": ID,
    "utterances": [
        {
            "id": ID,
            "position": "PT1S",
            "duration": "PT2S",
            "text": "Where is it",
            "language": "en-US",
            "confidence": 0.5,
            "channel": "external",
            "isFinal": True,
        }
    ],
    "suggestions": [
        {
            "type": "faq",
            "id": ID,
            "confidence": 0.5,
            "position": "PT1S",
            "question": "Where?",
            "answer": "<b>There</b>",
        },
        {
            "type": "article",
            "id": ID,
            "confidence": 0.25,
            "title": "Places",
            "excerpts": ["here", "there"],
            "documentUri": "https://example.com/places",
            "metadata": {"source": "wiki"},
        },
    ],
}
TURN: dict[str, Any] = {"disposition": "match", "text": "book a flight", "confidence": 0.75}

WIRE: list[tuple[str, type[Entity], dict[str, Any]]] = [
    ("transcript", TranscriptEntity, FINAL),
    ("transcript", TranscriptEntity, INTERIM),
    ("agentassist", AgentAssistEntity, ASSIST),
    ("agentassist", AgentAssistEntity, {"id": ID}),
    ("barge_in", BargeInEntity, {}),
    ("bot_turn_response", BotTurnResponseEntity, TURN),
    ("bot_turn_response", BotTurnResponseEntity, {"disposition": "no_input"}),
    ("bot_turn_response", BotTurnResponseEntity, {"disposition": "no_match"}),
    ("speech_started", SpeechStartedEntity, {}),
]


@pytest.mark.parametrize(("type_", "class_", "data"), WIRE)
def test_every_entity_comes_back_as_exactly_the_documented_json(
    type_: str, class_: type[Entity], data: dict[str, Any]
):
    entity = parse_entity(WireEntity(type=type_, data=data))
    assert type(entity) is class_
    assert entity.wire_entity() == WireEntity(type=type_, data=data)
    assert entity.wire_entity().to_wire() == {"type": type_, "data": data}


@pytest.mark.parametrize(("type_", "class_", "data"), WIRE)
def test_unknown_fields_are_ignored_and_not_sent_on(type_: str, class_: type[Entity], data: dict[str, Any]):
    entity = parse_entity(WireEntity(type=type_, data={**data, "new": {"a": 1}}))
    assert isinstance(entity, class_)
    assert entity.to_wire() == data


def test_null_counts_as_absent():
    entity = parse_entity(WireEntity(type="transcript", data={**INTERIM, "offset": None, "duration": None}))
    assert isinstance(entity, TranscriptEntity)
    assert entity.to_wire() == INTERIM


def test_every_entity_type_is_in_the_round_trip():
    assert {class_ for _, class_, _ in WIRE} == set(Entity.__subclasses__())


def test_made_in_python_as_on_the_wire():
    transcript = TranscriptEntity(
        id=ID,
        channel_id=0,
        is_final=True,
        offset=timedelta(seconds=1, microseconds=125),
        duration=timedelta(seconds=0.5),
        alternatives=[
            Alternative(
                confidence=0.9,
                languages=["en-US"],
                interpretations=[
                    Interpretation(
                        transcript="Hello there",
                        tokens=[
                            Token(
                                value="Hello",
                                confidence=1,
                                offset=timedelta(seconds=1.000125),
                                duration=timedelta(seconds=0.2),
                                language="en-US",
                            ),
                            Token(
                                value="there",
                                confidence=0,
                                offset=timedelta(seconds=1.2),
                                duration=timedelta(seconds=0.3),
                            ),
                        ],
                    )
                ],
            )
        ],
    )
    assert transcript.to_wire() == FINAL
    assist = AgentAssistEntity(
        id=ID,
        utterances=[
            AgentAssistUtterance(
                id=ID,
                position=timedelta(seconds=1),
                duration=timedelta(seconds=2),
                text="Where is it",
                language="en-US",
                confidence=0.5,
                channel="external",
                is_final=True,
            )
        ],
        suggestions=[
            FaqSuggestion(
                id=ID, confidence=0.5, position=timedelta(seconds=1), question="Where?", answer="<b>There</b>"
            ),
            ArticleSuggestion(
                id=ID,
                confidence=0.25,
                title="Places",
                excerpts=["here", "there"],
                document_uri="https://example.com/places",
                metadata={"source": "wiki"},
            ),
        ],
    )
    assert assist.to_wire() == ASSIST
    assert BotTurnResponseEntity(disposition="match", text="book a flight", confidence=0.75).to_wire() == TURN


def test_an_unknown_type_stays_as_it_is():
    entity = WireEntity(type="acme.score", data=[1, None])
    assert parse_entity(entity) is entity


ALTERNATIVE = FINAL["alternatives"][0]
SAID = "my card number"


@pytest.mark.parametrize(
    ("type_", "data", "field"),
    [
        ("transcript", None, "message"),
        ("transcript", [SAID], "message"),
        ("transcript", {**FINAL, "id": SAID}, "id"),
        ("transcript", {**FINAL, "channelId": 2}, "channelId"),
        ("transcript", {**FINAL, "channelId": "external"}, "channelId"),
        ("transcript", {**FINAL, "isFinal": SAID}, "isFinal"),
        ("transcript", {**FINAL, "offset": None}, "a final transcript needs offset and duration"),
        ("transcript", {**FINAL, "duration": None}, "a final transcript needs offset and duration"),
        ("transcript", {**FINAL, "offset": SAID}, "offset"),
        ("transcript", {**FINAL, "alternatives": []}, "alternatives"),
        ("transcript", {**FINAL, "alternatives": [{**ALTERNATIVE, "confidence": 1.1}]}, "confidence"),
        (
            "transcript",
            {**FINAL, "alternatives": [{**ALTERNATIVE, "confidence": float("nan")}]},
            "confidence",
        ),
        (
            "transcript",
            {**FINAL, "alternatives": [{**ALTERNATIVE, "interpretations": []}]},
            "interpretations",
        ),
        (
            "transcript",
            {**FINAL, "alternatives": [{**ALTERNATIVE, "interpretations": [SAID]}]},
            "interpretations",
        ),
        ("agentassist", {}, "id"),
        ("agentassist", {**ASSIST, "suggestions": [{"type": SAID, "id": ID}]}, "suggestions"),
        ("agentassist", {**ASSIST, "suggestions": [{"type": "faq", "answer": [SAID]}]}, "answer"),
        ("bot_turn_response", {"disposition": SAID}, "disposition"),
        ("bot_turn_response", {"disposition": "match", "text": [SAID]}, "text"),
    ],
)
def test_data_that_does_not_fit_is_named_but_never_quoted(type_: str, data: object, field: str):
    with pytest.raises(ValueError, match=f"{type_}: .*{field}") as caught:
        parse_entity(WireEntity(type=type_, data=data))
    assert SAID not in str(caught.value)


def test_at_most_five_faults_are_named():
    with pytest.raises(ValueError, match="transcript") as caught:
        parse_entity(WireEntity(type="transcript", data={**FINAL, "alternatives": [7] * 50}))
    assert str(caught.value).count("alternatives") == 5


def test_a_plugin_s_mistake_does_not_put_the_words_into_the_exception():
    with pytest.raises(ValidationError) as caught:
        TranscriptEntity.model_validate({**FINAL, "alternatives": [{"transcript": SAID}]})
    assert SAID not in str(caught.value)


def test_what_was_said_is_in_no_repr():
    for type_, _, data in WIRE:
        entity = parse_entity(WireEntity(type=type_, data=data))
        for shown in (repr(entity), str(entity), repr(entity.wire_entity())):  # type: ignore[union-attr]
            for said in ("Hel", "there", "Where", "There", "Places", "here", "wiki", "flight", "example"):
                assert said not in shown
