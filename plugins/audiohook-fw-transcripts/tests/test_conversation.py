"""What was said: each utterance once, finals over interims, in order of time, bounded."""

from __future__ import annotations

from typing import Any

import pytest
from audiohook_fw_transcripts import conversation
from audiohook_fw_transcripts.conversation import Conversation


def texts(said: Conversation) -> list[str]:
    return [one.text for one in said.utterances()]


def test_both_sides_are_in_order_of_time_whatever_the_order_of_arrival(say: Any) -> None:
    said = Conversation()
    for one in (say("three", 3), say("one", 1, channel="internal"), say("two", 2), say("long one", 1, 5)):
        assert said.add(one)
    assert texts(said) == ["one", "long one", "two", "three"]


def test_a_final_replaces_interims_and_nothing_replaces_it(say: Any) -> None:
    said = Conversation()
    assert said.add(say("hel", id="a", is_final=False))
    assert said.add(say("hello", id="a", is_final=False))
    assert texts(said) == ["hello"]
    assert said.add(say("hello there", id="a"))
    assert not said.add(say("again", id="a"))
    assert not said.add(say("late", id="a", is_final=False))
    assert texts(said) == ["hello there"]


def test_utterances_without_words_are_none(say: Any) -> None:
    said = Conversation()
    said.add(say("hm", id="a", is_final=False))
    said.add(say("  ", id="a"))
    assert texts(said) == []


def test_it_is_bounded_and_interims_make_room_for_finals(say: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MOST", 3)
    said = Conversation()
    said.add(say("final 1", 1, id="1"))
    said.add(say("interim", 2, id="2", is_final=False))
    said.add(say("final 3", 3, id="3"))
    assert not said.add(say("interim 4", 4, id="4", is_final=False))
    assert said.add(say("final 5", 5, id="5"))
    assert not said.add(say("final 6", 6, id="6"))
    assert said.add(say("final 3 is known", 3, id="3")) is False
    assert texts(said) == ["final 1", "final 3", "final 5"]
    assert (len(said), said.left_out) == (3, 3)
