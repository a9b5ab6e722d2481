"""A conversation as text, JSON and WebVTT: for readers, programs and players."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from audiohook_fw_transcripts.formats import line, plain, write_format
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw import Word

_TIME = r"(?:\d{2,}:)[0-5]\d:[0-5]\d\.\d{3}"
_CUE = re.compile(rf"({_TIME}) --> ({_TIME})")
_SPAN = re.compile(r"<v ([^\n\r&<>]|&[a-z]+;)+>(<c\.interim>)?(([^<>&\n\r]|&(amp|lt|gt);)*)(?(2)</c>)</v>")


def cues(text: str) -> list[tuple[float, float, str]]:
    """Parse WebVTT as https://www.w3.org/TR/webvtt1/#file-structure has it; raise for what is not valid."""
    assert text.endswith("\n")
    first, *blocks = re.split(r"\n{2,}", text.rstrip("\n"))
    assert first == "WEBVTT"
    found: list[tuple[float, float, str]] = []
    for block in blocks:
        if block.startswith("NOTE\n"):
            assert "-->" not in block
            continue
        timing, *payload = block.split("\n")
        times = _CUE.fullmatch(timing)
        assert times is not None, timing
        [content] = payload
        assert _SPAN.fullmatch(content), content
        start, end = (_seconds(time) for time in times.groups())
        assert start < end, "a cue ends after it began"
        assert not found or found[-1][0] <= start, "cues are in order of their start"
        found.append((start, end, content))
    return found


def _seconds(time: str) -> float:
    hours, minutes, seconds = time.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def test_text_says_when_who_and_what(snapshot: Any, say: Any) -> None:
    text = write_format(
        snapshot(say("good morning", 0.1), say("hel", 3_725.48, channel="internal", is_final=False)), "txt"
    )
    assert text.splitlines() == [
        "conversation e160e428-53e2-487c-977d-96989bf5c99d",
        "session 30b0e395-84d3-4570-ac13-9a62d8f514c0",
        "started 2026-01-01 00:00:00 UTC, complete",
        "",
        "0:00:00.1 external: good morning",
        "1:02:05.4 internal: (not final) hel",
    ]


@pytest.mark.parametrize(
    ("state", "words"),
    [("complete", "complete"), ("interrupted", "broke off"), ("running", "the call runs")],
)
def test_it_says_how_the_call_ended_and_what_is_left_out(state: str, words: str, snapshot: Any) -> None:
    text = write_format(snapshot(state=state, left_out=7), "txt")
    assert words in text
    assert "7 more utterances" in text
    document = json.loads(write_format(snapshot(state=state, left_out=7), "json"))
    assert (document["state"], document["left_out"]) == (state, 7)


def test_json_has_everything_in_seconds(snapshot: Any, say: Any) -> None:
    words = (
        Word(text="good", start=800, length=400, confidence=0.5),
        Word(text="day", start=1_200, length=401),
    )
    one = say("good day", 0.1, 0.5, id="u1", confidence=0.9, language="en-GB", words=words)
    document = json.loads(write_format(snapshot(one), "json"))
    assert document.pop("utterances") == [
        {
            "id": "u1",
            "channel": "external",
            "start": 0.1,
            "length": 0.5,
            "final": True,
            "confidence": 0.9,
            "language": "en-GB",
            "text": "good day",
            "words": [
                {"text": "good", "start": 0.1, "length": 0.05, "confidence": 0.5},
                {"text": "day", "start": 0.15, "length": 0.050125, "confidence": 1.0},
            ],
        }
    ]
    assert document == {
        "conversation_id": "e160e428-53e2-487c-977d-96989bf5c99d",
        "session_id": "30b0e395-84d3-4570-ac13-9a62d8f514c0",
        "organization_id": "d7934305-0972-4844-938e-9060eef73d05",
        "started_at": "2026-01-01T00:00:00+00:00",
        "language": "en-US",
        "state": "complete",
        "left_out": 0,
    }


def test_webvtt_has_a_voice_for_each_side(snapshot: Any, say: Any) -> None:
    text = write_format(
        snapshot(
            say("a < b && c --> d", 1.5, 2),
            say("hm", 3_600, 0, channel="internal", is_final=False),
        ),
        "vtt",
    )
    assert cues(text) == [
        (1.5, 3.5, "<v external>a &lt; b &amp;&amp; c --&gt; d</v>"),
        (3600.0, 3600.001, "<v internal><c.interim>hm</c></v>"),
    ]


@given(
    said=st.lists(
        st.tuples(
            st.text(max_size=30),
            st.integers(0, 10**9),
            st.integers(0, 10**6),
            st.text(min_size=1, max_size=9),
        ),
        max_size=8,
    )
)
def test_whatever_an_engine_says_all_formats_are_valid(said: Any, snapshot: Any, say: Any) -> None:
    utterances = sorted(
        (
            say(f"x{text}", start / 8_000, length / 8_000, channel=f"c{channel}")
            for text, start, length, channel in said
        ),
        key=lambda one: one.start,
    )
    whole = snapshot(*utterances)
    assert len(cues(write_format(whole, "vtt"))) == len(said)
    assert len(write_format(whole, "txt").splitlines()) == 4 + len(said)
    assert [one["text"] for one in json.loads(write_format(whole, "json"))["utterances"]] == [
        one.text for one in utterances
    ]


def test_escape_sequences_and_line_ends_do_not_reach_a_terminal(say: Any) -> None:
    assert plain("a\x1b[31m b\r\n\tc\u2028d\x00") == "a[31m b c d"
    assert line(say("x\ny\x1b]0;z\x07"), 8_000) == "0:00:00.0 external: x y]0;z"
