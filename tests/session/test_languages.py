"""A Transcription Connector's stream is held while no plugin understands its language."""

from __future__ import annotations

from typing import Any

import pytest

from audiohook_fw.session import Holds
from audiohook_fw.session.languages import OWNER, LanguageWatch


class Plugins:
    """As much of a manager as is asked."""

    def __init__(self, *languages: str) -> None:
        self.languages = languages


class Stream:
    def __init__(self, *languages: str) -> None:
        self.plugins: Any = Plugins(*languages)
        self.wishes: list[bool] = []
        self.holds = Holds(self.wishes.append)
        self.watch = LanguageWatch(self.plugins, self.holds)


@pytest.mark.parametrize("language", ["en-US", "EN-us", "en"])
def test_a_language_that_is_understood_holds_nothing(language: str) -> None:
    stream = Stream("de-DE", "en-US")
    stream.watch.follow(language)
    assert stream.wishes == []


@pytest.mark.parametrize("language", [None, "", "fr-FR", "en-USA", "e"])
def test_any_other_holds_until_one_that_is(language: str | None) -> None:
    stream = Stream("de-DE", "en-US")
    stream.watch.follow(language)
    stream.watch.follow("fr-CA")
    assert stream.wishes == [True]
    assert [hold.owner for hold in stream.holds] == [OWNER]
    stream.watch.follow("de-de")
    stream.watch.follow("de-de")
    assert stream.wishes == [True, False]


def test_without_any_language_told_nothing_is_held() -> None:
    stream = Stream()
    stream.watch.follow(None)
    assert stream.wishes == []


def test_holds_of_plugins_stay_when_the_language_is_understood() -> None:
    stream = Stream("en-US")
    stream.holds.take("policy", "why", "release")
    stream.watch.follow("fr-FR")
    stream.watch.follow("en-US")
    assert stream.wishes == [True]
    assert [hold.owner for hold in stream.holds] == ["policy"]


def test_it_outlives_a_quarantine_of_anybody() -> None:
    stream = Stream("en-US")
    stream.watch.follow("fr-FR")
    for name in ("policy", OWNER):
        stream.holds.quarantined(name)
    assert bool(stream.holds)


def test_what_is_told_is_read_each_time() -> None:
    stream = Stream("en-US")
    stream.watch.follow("fr-FR")
    stream.plugins.languages = ()  # its only recognizer was put in quarantine: who knows what is understood?
    stream.watch.follow("fr-FR")
    assert stream.wishes == [True, False]
