"""Which events go to Genesys, and how they look there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.plugin import (
    BotTurnResponse,
    ContextChanged,
    Event,
    Sentiment,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    Word,
)
from audiohook_fw.protocol import MediaFormat, parse_duration, to_samples
from audiohook_fw.session import to_entity
from audiohook_fw.session.wire import MOST_TOKENS

STEREO = MediaFormat("PCMU", ("external", "internal"))
SWAPPED = MediaFormat("PCMU", ("internal", "external"))
MONO = MediaFormat("PCMU", ("internal",))
L16 = MediaFormat("L16", ("external",))
ID = "30b0e395-84d3-4570-ac13-9a62d8f514c0"

FINAL = Transcript(
    id=ID, channel="external", text="good day", start=8_000, length=4_000, confidence=0.9, language="en-US"
)
INTERIM = FINAL.model_copy(update={"is_final": False})
BOT = BotTurnResponse(disposition="match", text="yes", confidence=0.5)
SPEECH = SpeechStarted(channel="external", start=0)


def wire(event: Event, product: str, media: MediaFormat = STEREO, *, interims: bool = False) -> Any:
    entity = to_entity(event, media, product, interims=interims)
    return None if entity is None else entity.wire_entity().model_dump(mode="json", by_alias=True)


@pytest.mark.parametrize(
    ("event", "product", "media", "interims", "expected"),
    [
        (FINAL, "transcription", STEREO, False, "transcript"),
        (INTERIM, "transcription", STEREO, False, None),
        (INTERIM, "transcription", STEREO, True, "transcript"),
        (FINAL, "monitor", STEREO, True, None),
        (FINAL, "connector", STEREO, True, None),
        (SPEECH, "transcription", STEREO, True, None),
        (SPEECH, "transcription", L16, True, "speech_started"),
        (SPEECH, "connector", L16, True, None),
        (BOT, "connector", STEREO, False, "bot_turn_response"),
        (BOT, "transcription", STEREO, True, None),
        (BOT, "monitor", STEREO, True, None),
        (ContextChanged(changed=("queue",)), "transcription", STEREO, True, None),
        (SpeechEnded(channel="external", start=0, length=1), "transcription", L16, True, None),
        (Sentiment(channel="external", score=0, label="neutral"), "transcription", STEREO, True, None),
    ],
)
def test_each_product_gets_what_it_takes(
    event: Event, product: str, media: MediaFormat, interims: bool, expected: str | None
) -> None:
    entity = wire(event, product, media, interims=interims)
    assert (entity and entity["type"]) == expected


def test_a_transcript_with_words_is_sent_word_by_word() -> None:
    words = (
        Word(text="good", start=8_000, length=1_000, confidence=0.8),
        Word(text="day", start=10_000, length=2_000),
    )
    data = wire(FINAL.model_copy(update={"words": words}), "transcription")["data"]
    assert data == {
        "id": ID,
        "channelId": 0,
        "isFinal": True,
        "offset": "PT1S",
        "duration": "PT0.5S",
        "alternatives": [
            {
                "confidence": 0.9,
                "languages": ["en-US"],
                "interpretations": [
                    {
                        "type": "display",
                        "transcript": "good day",
                        "tokens": [
                            {
                                "type": "word",
                                "value": "good",
                                "confidence": 0.8,
                                "offset": "PT1S",
                                "duration": "PT0.125S",
                                "language": "en-US",
                            },
                            {
                                "type": "word",
                                "value": "day",
                                "confidence": 1.0,
                                "offset": "PT1.25S",
                                "duration": "PT0.25S",
                                "language": "en-US",
                            },
                        ],
                    }
                ],
            }
        ],
    }


def tokens(event: Transcript) -> list[dict[str, Any]]:
    data = wire(event, "transcription")["data"]
    return list(data["alternatives"][0]["interpretations"][0]["tokens"])


def test_without_words_each_gets_its_share_by_length() -> None:
    found = tokens(FINAL.model_copy(update={"text": " a  bbb "}))
    assert [(t["value"], t["offset"], t["duration"]) for t in found] == [
        ("a", "PT1S", "PT0.125S"),
        ("bbb", "PT1.125S", "PT0.375S"),
    ]


def test_without_a_language_none_is_named() -> None:
    entity = wire(FINAL.model_copy(update={"language": ""}), "transcription")
    assert "languages" not in entity["data"]["alternatives"][0]
    assert "language" not in tokens(FINAL.model_copy(update={"language": ""}))[0]


@pytest.mark.parametrize(
    ("media", "channel", "expected"),
    [(STEREO, "internal", 1), (SWAPPED, "internal", 0), (SWAPPED, "external", 1), (MONO, "internal", 0)],
)
def test_the_channel_is_its_place_in_the_media(media: MediaFormat, channel: str, expected: int) -> None:
    event = FINAL.model_copy(update={"channel": channel})
    assert wire(event, "transcription", media)["data"]["channelId"] == expected


def test_a_channel_that_the_call_has_not_is_an_error_where_transcripts_are_taken() -> None:
    with pytest.raises(ValueError, match="no channel 'external'"):
        wire(FINAL, "transcription", MONO)
    assert wire(FINAL, "monitor", MONO) is None


def test_words_without_letters_make_no_tokens() -> None:
    words = (Word(text=" ", start=0, length=8), Word(text="day", start=8_000, length=8))
    event = FINAL.model_copy(update={"words": words})
    tokens = wire(event, "transcription")["data"]["alternatives"][0]["interpretations"][0]["tokens"]
    assert [token["value"] for token in tokens] == ["day"]


@pytest.mark.parametrize(("words", "has"), [(MOST_TOKENS, True), (MOST_TOKENS + 1, False)])
def test_an_endless_utterance_is_sent_without_tokens_rather_than_not_at_all(words: int, has: bool) -> None:
    event = FINAL.model_copy(update={"text": "incomprehensible " * words})
    entity = to_entity(event, STEREO, "transcription", interims=False)
    assert entity is not None
    assert len(entity.wire_entity().model_dump_json()) < 64_000
    [alternative] = entity.to_wire()["alternatives"]
    assert ("tokens" in alternative["interpretations"][0]) is has


@pytest.mark.parametrize(
    "given", ["0191d7a4-1c2e-7abc-8def-0123456789ab", "utterance 7", "30b0e395-84d3-4570-0a13-9a62d8f514c0"]
)
def test_ids_that_the_official_client_refuses_are_mapped_to_one_that_it_takes(given: str) -> None:
    first, again = (wire(FINAL.model_copy(update={"id": given}), "transcription") for _ in range(2))
    assert first["data"]["id"] == again["data"]["id"]
    assert UUID(first["data"]["id"]).version == 5


@pytest.mark.parametrize("text", ["", "  \n"])
def test_silence_is_not_sent(text: str) -> None:
    assert wire(FINAL.model_copy(update={"text": text}), "transcription") is None


def test_an_id_of_another_form_becomes_a_uuid_always_the_same() -> None:
    event, other = (FINAL.model_copy(update={"id": name}) for name in ("utterance-7", "utterance-8"))
    first, again, second = (wire(e, "transcription")["data"]["id"] for e in (event, event, other))
    assert first == again != second
    assert str(UUID(first)) == first


def test_a_bots_turn() -> None:
    assert wire(BOT, "connector")["data"] == {"disposition": "match", "text": "yes", "confidence": 0.5}
    silent = BotTurnResponse(disposition="no_input")
    assert wire(silent, "connector")["data"] == {"disposition": "no_input"}


@given(
    text=st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip),
    start=st.integers(0, 10**9),
    length=st.integers(0, 10**6),
    given_words=st.one_of(
        st.none(), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 1_000)), max_size=20)
    ),
)
def test_no_two_words_ever_share_an_offset(text: str, start: int, length: int, given_words: Any) -> None:
    words = tuple(Word(text="w", start=at, length=long) for at, long in given_words or ())
    found = tokens(FINAL.model_copy(update={"text": text, "start": start, "length": length, "words": words}))
    offsets = [to_samples(parse_duration(token["offset"]), 8000) for token in found]
    assert offsets == sorted(set(offsets))
    if not words:
        assert offsets[0] == start
        assert "".join(token["value"] for token in found) == "".join(text.split())
    elif [word.start for word in words] == sorted({word.start for word in words}):
        assert offsets == [word.start for word in words]
