"""The demo's listener tells each utterance with its mood."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from audiohook_fw import PluginInfo, Sentiment, Transcript
from audiohook_fw.cli.demo.listener import FACES, PLAIN_FACES, Listener
from audiohook_fw.cli.demo.show import Screen
from audiohook_fw.plugin import Event
from audiohook_fw.testing import CallDriver


class Source:
    """Emits what it is told to."""

    info = PluginInfo(summary="emits", emits=(Transcript, Sentiment))


def play(*events: Event, faces: dict[str, str] = FACES) -> tuple[Listener, list[str]]:
    lines: list[str] = []
    listener = Listener(lines.append, faces)
    with CallDriver(listener) as call:
        call.open()
        for event in events:
            call.event(event)
        call.close()
    return listener, lines


def said(text: str, start: int = 0, **fields: Any) -> Transcript:
    return Transcript(channel="external", text=text, start=start, length=8000, **fields)


def mood(of: Transcript, score: float, label: Any, **fields: Any) -> Sentiment:
    return Sentiment(channel=of.channel, score=score, label=label, transcript_id=of.id, **fields)


def test_an_utterance_is_told_with_its_mood() -> None:
    one, two = said("this is awful", 540_400), said("thank\n you")
    _, lines = play(one, mood(one, -0.456, "negative"), two, mood(two, 0.4, "positive"))
    assert lines == ["  1:07.5 customer  ☹ -0.46  this is awful", "  0:00.0 customer  ☺ +0.40  thank you"]


def test_without_a_mood_it_is_told_with_the_next_or_at_the_end() -> None:
    one, two, three = said("hm"), said("so it is"), said("yes")
    listener, lines = play(one, two, mood(two, 0, "neutral"), three)
    assert [line.split()[2:] for line in lines] == [["hm"], ["·", "+0.00", "so", "it", "is"], ["yes"]]
    assert [of.text for of, found in listener.said if found is None] == ["hm", "yes"]


def test_interims_running_moods_and_empty_texts_are_not_told() -> None:
    one = said("hm", is_final=False)
    running = Sentiment(channel="external", score=0.1, label="neutral", running=True)
    assert play(one, mood(one, 0, "neutral"), running, said("  "))[1] == []


def test_plain_faces_are_as_wide() -> None:
    one = said("this is awful")
    _, lines = play(one, mood(one, -0.5, "negative"), faces=PLAIN_FACES)
    assert lines == ["  0:00.0 customer  :( -0.50  this is awful"]


@pytest.mark.parametrize(("encoding", "faces"), [("utf-8", FACES), ("ascii", PLAIN_FACES)])
def test_a_screen_shows_the_faces_that_it_can(encoding: str, faces: dict[str, str]) -> None:
    with io.TextIOWrapper(io.BytesIO(), encoding=encoding) as file:
        assert Screen(Console(file=file)).faces == faces
