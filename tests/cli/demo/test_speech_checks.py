"""The checks of the third act find what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from audiohook_fw import Sentiment, Transcript
from audiohook_fw.audio import conversation_script
from audiohook_fw.cli.demo.speech_checks import check_conversation, check_moods

SCRIPT = conversation_script()


def utterances() -> list[dict[str, Any]]:
    return [
        {
            "channel": one.channel,
            "start": one.start / 8_000,
            "length": one.length / 8_000,
            "final": True,
            "text": one.text,
        }
        for one in SCRIPT
    ]


def problems(said: list[dict[str, Any]], *, told: int | None = None, events: int | None = None) -> list[str]:
    told = len(said) if told is None else told
    report: Any = SimpleNamespace(
        entities=Counter(transcript=told), received=Counter(event=told if events is None else events)
    )
    checks = check_conversation(report, {"utterances": said}, SCRIPT)
    return [check.text for check in checks if check.problem]


def test_the_script_itself_is_right() -> None:
    assert problems(utterances()) == []


def test_digits_are_words() -> None:
    said = utterances()
    for one in said:
        one["text"] = one["text"].replace("seven three five five", "7355").upper()
    assert problems(said) == []


def _drop_a_side(said: list[dict[str, Any]]) -> None:
    said[:] = [one for one in said if one["channel"] == "external"]


def _swap(said: list[dict[str, Any]]) -> None:
    said[0], said[1] = said[1], said[0]


def _move(said: list[dict[str, Any]]) -> None:
    said[3]["start"] += 1.0


def _swap_sides(said: list[dict[str, Any]]) -> None:
    for one in said:
        one["channel"] = "internal" if one["channel"] == "external" else "external"


def _mumble(said: list[dict[str, Any]]) -> None:
    for one in said[::2]:
        one["text"] = "hm " * len(one["text"].split())


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (_drop_a_side, "both sides"),
        (_swap, "both sides"),
        (_move, "each utterance is where"),
        (_swap_sides, "each utterance is where"),
        (_mumble, "of what was said"),
        (list.clear, "Genesys was told"),
    ],
)
def test_what_is_wrong_is_found(spoil: Callable[[list[dict[str, Any]]], None], found: str) -> None:
    said = utterances()
    spoil(said)
    assert any(found in text for text in problems(said))


@pytest.mark.parametrize(("told", "events"), [(3, 3), (len(SCRIPT), 2), (99, 99)])
def test_what_genesys_was_not_told_is_found(told: int, events: int) -> None:
    assert any("Genesys was told" in text for text in problems(utterances(), told=told, events=events))


def mood_problems(*moods: float | None, spoil: str = "") -> list[str]:
    said = []
    for number, score in enumerate(moods):
        one = Transcript(channel="external", text=f"text {number}", start=number, length=1)
        mood = score if score is None else Sentiment(channel="external", score=score, label="neutral")
        said.append((one, mood))
    document = {"utterances": [{"text": one.text + spoil, "final": True} for one, _ in said]}
    return [check.text for check in check_moods(said, document) if check.problem]


SHOWN = "each utterance was shown as it is written, with its mood"
TURNED = "the customer complained at first, and was pleased in the end"


def test_moods_as_they_should_be() -> None:
    assert mood_problems(-0.5, 0, 0, 0.7) == []


def test_moods_that_are_wrong_are_found() -> None:
    assert mood_problems(-0.5, None, 0.7) == [SHOWN]
    assert mood_problems(-0.5, 0, 0.7, spoil="!") == [SHOWN]
    assert mood_problems(0.5, 0.7) == [TURNED]
    assert mood_problems(-0.5, 0) == [TURNED]
    assert mood_problems() == [SHOWN, TURNED]
