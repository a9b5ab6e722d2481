"""One transcript: what stands instead, words in step, and what happens when something fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from audiohook_fw_redact import Finding

from audiohook_fw import Transcript, Word

CARD = "4111 1111 1111 1111"
NewTalk = Callable[..., Any]
Left = Callable[..., str]


class Broken:
    """A recogniser that fails, and tells the text in doing so."""

    kind = "broken"

    def find(self, text: str, language: str) -> Iterable[Finding]:
        raise ValueError(text)


class Names:
    """A recogniser of another package."""

    kind = "name"

    def find(self, text: str, language: str) -> Iterable[Finding]:
        at = text.find("Anna")
        if at >= 0:
            yield Finding("name", "known", at, at + 4)


class Lost(Names):
    """A recogniser that tells of a place that is not there."""

    def find(self, text: str, language: str) -> Iterable[Finding]:
        yield Finding("name", "known", 0, len(text) + 1)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "[card]"),
        ({"style": "stars"}, "****"),
        ({"keep_last": 4}, "[card 1111]"),
        ({"style": "stars", "keep_last": 4}, "****1111"),
        ({"keep_last": 2}, "[card 11]"),
    ],
)
def test_what_stands_instead(settings: dict[str, Any], text: str, left: Left) -> None:
    assert left(f"take {CARD} please", **settings) == f"take {text} please"


def test_last_digits_stay_only_of_a_card_that_is_whole_and_alone(left: Left, new_talk: NewTalk) -> None:
    assert left(f"{CARD} 12 27 please", keep_last=4) == "[card] please"
    assert left("4111 1111 1111 1112 please", keep_last=4) == "[card] please"
    assert left("(212) 555-0147", keep_last=4) == "[phone]"
    talk = new_talk(keep_last=4)
    assert [talk.left(part) for part in ("4111 1111", "1111 1111")] == ["[number]", "[card]"]


def test_words_go_in_step_and_keep_their_times(talk: Any) -> None:
    event = talk.hear("so take 4111 1111 1111 1111, please", words=True, confidence=0.7).event
    assert event.text == "so take [card], please"
    assert [word.text for word in event.words] == ["so", "take", "[card],", "please"]
    assert [(word.start, word.length) for word in event.words] == [
        (0, 2000), (2000, 2000), (4000, 8000), (12000, 2000),
    ]  # fmt: skip
    assert event.confidence == 0.7


def test_a_word_of_which_a_part_goes(talk: Any) -> None:
    event = talk.hear("it's mail:a@b.com, yes", words=True).event
    assert event.text == "it's mail:[email], yes"
    assert [word.text for word in event.words] == ["it's", "mail:[email],", "yes"]


def test_confidence_of_words_that_became_one_is_the_least(talk: Any) -> None:
    words = (
        Word(text="4111", start=0, length=10, confidence=0.9),
        Word(text="111111111111", start=10, length=10, confidence=0.4),
    )
    event = Transcript(channel="external", text="4111 111111111111", start=0, length=20, words=words)
    (word,) = talk.redactor.redact(event, talk.memory).event.words
    assert word == Word(text="[card]", start=0, length=20, confidence=0.4)


def test_words_that_are_not_those_of_the_text_go_with_it(talk: Any) -> None:
    """As with engines that write numbers as digits in the text and as words beside it."""
    words = (Word(text="four", start=0, length=10), Word(text="one", start=10, length=10))
    event = Transcript(channel="external", text=CARD, start=0, length=20, words=words)
    redacted = talk.redactor.redact(event, talk.memory).event
    assert (redacted.text, redacted.words) == ("[card]", ())


def test_personal_data_in_the_words_alone(talk: Any) -> None:
    words = tuple(Word(text=part, start=0, length=10) for part in CARD.split())
    event = Transcript(channel="external", text="hello", start=0, length=20, words=words)
    redacted = talk.redactor.redact(event, talk.memory).event
    assert redacted.text == "[redacted]"
    assert [word.text for word in redacted.words] == ["[redacted]"]


def test_text_and_words_that_differ_harmlessly_stay(talk: Any) -> None:
    event = Transcript(
        channel="external", text="hello", start=0, length=20, words=(Word(text="hallo", start=0, length=10),)
    )
    assert talk.redactor.redact(event, talk.memory).event is event


def test_nothing_to_do_returns_the_same_event(talk: Any) -> None:
    event = Transcript(channel="external", text="good morning", start=0, length=20)
    assert talk.redactor.redact(event, talk.memory).event is event


def test_a_recogniser_that_fails_takes_the_whole_text_with_it(
    new_talk: NewTalk, caplog: pytest.LogCaptureFixture
) -> None:
    talk = new_talk([Broken()])
    outcome = talk.hear(f"my name and {CARD}", words=True, confidence=0.5)
    assert outcome.event.text == "[redacted]"
    assert [(word.text, word.length) for word in outcome.event.words] == [("[redacted]", 14_000)]
    assert [(span.kind, span.start, span.length) for span in outcome.spans] == [("redacted", 0, 15_600)]
    assert talk.redactor.failures == 1
    assert "the recogniser of broken raised ValueError" in caplog.text
    assert "4111" not in caplog.text


def test_after_a_failure_a_rest_of_digits_goes(new_talk: NewTalk) -> None:
    talk = new_talk([Broken()])
    talk.hear("four one one one")
    talk.redactor._recognisers = ()
    assert talk.left("one one one") == "[number]"
    assert talk.left("I have two of them") == "I have two of them"


@pytest.mark.parametrize("style", ["label", "stars"])
def test_recognisers_of_others(style: str, new_talk: NewTalk, caplog: pytest.LogCaptureFixture) -> None:
    assert new_talk([Names()], style=style).left("it is Anna here") == (
        "it is [name] here" if style == "label" else "it is **** here"
    )
    assert new_talk([Lost()], style=style).left("hello") == ("[redacted]" if style == "label" else "****")
    assert "the recogniser of name told of a place that is not in the text" in caplog.text


class Chatty(Names):
    """A recogniser that names what it found by what was said."""

    def find(self, text: str, language: str) -> Iterable[Finding]:
        yield Finding("anna", "known", text.find("Anna"), text.find("Anna") + 4)


def test_a_finding_has_the_kind_of_its_recogniser(new_talk: NewTalk) -> None:
    talk = new_talk([Chatty()])
    assert talk.left("it is Anna here") == "it is [name] here"
    assert talk.redactor.found == {"name": 1}


def test_words_longer_than_any_text_go_with_it(talk: Any, caplog: pytest.LogCaptureFixture) -> None:
    words = tuple(Word(text="hallo", start=0, length=10) for _ in range(1000))
    event = Transcript(channel="external", text="hello", start=0, length=20, words=words)
    assert talk.redactor.redact(event, talk.memory).event.text == "[redacted]"
    assert "it is longer than max_length" in caplog.text


def test_own_patterns(left: Left) -> None:
    patterns = {"badge": r"\bB-\d{4}\b"}
    assert left("badge B-1234 here", patterns=patterns) == "badge [badge] here"


def test_a_pattern_that_does_not_end_takes_the_whole_text_with_it(
    new_talk: NewTalk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("audiohook_fw_redact.settings.check_pattern", lambda name, pattern: None)
    talk = new_talk(patterns={"slow": "(q|qq)+$"}, pattern_timeout=0.01)
    assert talk.left("q" * 60 + " my secret") == "[redacted]"
    assert "the pattern slow takes longer than pattern_timeout" in caplog.text


def test_a_text_that_is_too_long(left: Left) -> None:
    assert left("word " * 30, max_length=100) == "[redacted]"


def test_findings_are_counted_once_per_final(talk: Any) -> None:
    talk.hear(CARD, is_final=False)
    assert talk.redactor.found == {}
    talk.hear(CARD)
    assert talk.redactor.found == {"card": 1}


def test_nothing_personal_is_in_any_repr(talk: Any) -> None:
    outcome = talk.hear("so it is 4111 1111")
    assert "4111" not in repr((outcome, talk.memory, talk.memory._tails, talk.redactor))


class TestSpans:
    def test_by_the_times_of_words(self, talk: Any) -> None:
        outcome = talk.hear(f"so take {CARD} please", words=True)
        (span,) = outcome.spans
        assert (span.kind, span.channel, span.transcript_id) == ("card", "external", outcome.event.id)
        assert (span.start, span.length) == (4000 - 1600, 8000 + 3200)

    def test_by_share_where_there_are_no_times(self, talk: Any) -> None:
        (span,) = talk.hear(f"so take {CARD} please").spans
        assert span.start < 4000 - 1600
        assert span.start + span.length > 12_000 + 1600
        assert span.start + span.length <= 14_000 + 1600

    def test_none_for_interims(self, talk: Any) -> None:
        assert talk.hear(CARD, is_final=False).spans == ()

    def test_also_for_what_was_let_through_before(self, talk: Any) -> None:
        assert talk.hear("four one", words=True).spans == ()
        spans = talk.hear("one one", words=True).spans
        assert [(span.start, span.length) for span in spans] == [(10_400, 7200 - 1600 + 1600), (0, 5600)]
        assert len(talk.hear("one one one", words=True).spans) == 1
