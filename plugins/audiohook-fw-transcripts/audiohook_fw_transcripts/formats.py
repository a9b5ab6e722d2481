"""A conversation as text, JSON and WebVTT."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, get_args

from audiohook_fw import Transcript

from .conversation import Snapshot

__all__ = ["FORMATS", "Format", "line", "write_format"]

Format = Literal["txt", "json", "vtt"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

_STATES: Final = {
    "running": "the call runs, or its server was killed",
    "complete": "complete",
    "interrupted": "the connection broke off",
}
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write_format(snapshot: Snapshot, format_: Format) -> str:
    """Return a conversation in one of the formats."""
    writers: Mapping[Format, Callable[[Snapshot], str]] = {"txt": _text, "json": _json, "vtt": _vtt}
    return writers[format_](snapshot)


def line(utterance: Transcript, rate: int) -> str:
    """Return one utterance as a line of text: when, who, what."""
    mark = "" if utterance.is_final else "(not final) "
    return f"{_clock(utterance.start, rate)} {plain(utterance.channel)}: {mark}{plain(utterance.text)}"


def plain(text: str) -> str:
    """Return a text on one line, without control characters: who knows what an engine says."""
    letters = (letter if letter.isprintable() else " " if letter.isspace() else "" for letter in text)
    return " ".join("".join(letters).split())


def _text(snapshot: Snapshot) -> str:
    return "".join(f"{text}\n" for text in (*_head(snapshot), "", *_lines(snapshot)))


def _lines(snapshot: Snapshot) -> Iterator[str]:
    for utterance in snapshot.utterances:
        yield line(utterance, snapshot.rate)


def _head(snapshot: Snapshot) -> Iterator[str]:
    yield f"conversation {snapshot.conversation_id}"
    yield f"session {snapshot.session_id}"
    yield f"started {snapshot.started_at:%Y-%m-%d %H:%M:%S} UTC, {_STATES[snapshot.state]}"
    if snapshot.left_out:
        yield f"{snapshot.left_out} more utterances are left out"


def _json(snapshot: Snapshot) -> str:
    document = {
        "conversation_id": snapshot.conversation_id,
        "session_id": snapshot.session_id,
        "organization_id": snapshot.organization_id,
        "started_at": snapshot.started_at.isoformat(),
        "language": snapshot.language,
        "state": snapshot.state,
        "left_out": snapshot.left_out,
        "utterances": [_utterance(one, snapshot.rate) for one in snapshot.utterances],
    }
    # ASCII: what is no Unicode (half a surrogate pair) must not stop the file of a whole call.
    return json.dumps(document, indent=1) + "\n"


def _utterance(one: Transcript, rate: int) -> Mapping[str, object]:
    return {
        "id": one.id,
        "channel": one.channel,
        "start": round(one.start / rate, 6),
        "length": round(one.length / rate, 6),
        "final": one.is_final,
        "confidence": one.confidence,
        "language": one.language,
        "text": one.text,
        "words": [
            {
                "text": word.text,
                "start": round(word.start / rate, 6),
                "length": round(word.length / rate, 6),
                "confidence": word.confidence,
            }
            for word in one.words
        ],
    }


def _vtt(snapshot: Snapshot) -> str:
    note = "\n".join(_head(snapshot))
    return "\n\n".join(("WEBVTT", f"NOTE\n{note}", *_cues(snapshot))) + "\n"


def _cues(snapshot: Snapshot) -> Iterator[str]:
    for utterance in snapshot.utterances:
        start = _milliseconds(utterance.start, snapshot.rate)
        # A cue must end after it began.
        end = max(start + 1, _milliseconds(utterance.start + utterance.length, snapshot.rate))
        text = plain(utterance.text).translate(_ESCAPES)
        said = text if utterance.is_final else f"<c.interim>{text}</c>"
        voice = plain(utterance.channel).translate(_ESCAPES)
        yield f"{_stamp(start)} --> {_stamp(end)}\n<v {voice}>{said}</v>"


def _milliseconds(samples: int, rate: int) -> int:
    return samples * 1000 // rate


def _stamp(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"


def _clock(samples: int, rate: int) -> str:
    tenths = samples * 10 // rate
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{tenths // 10:02}.{tenths % 10}"
