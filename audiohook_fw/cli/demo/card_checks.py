"""Whether the card number that is read out is gone from what was told, written and recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from audiohook_fw.audio import CONVERSATION_MEDIA, ULAW_SILENCE, Utterance, WavError, read_wav
from audiohook_fw.protocol import CHANNELS

from .checks import Check

__all__ = ["check_card"]

_LABEL: Final = "[card]"
_READ_OUT: Final = "one one one one"
"""What is said of the card, again and again."""
_NEAR: Final = 0.5
"""Seconds by which an utterance may lie beside what the script says."""


def check_card(
    document: Mapping[str, Any],
    script: Sequence[Utterance],
    text: Path,
    recording: Path,
    sidecar: Mapping[str, Any],
) -> Iterator[Check]:
    """Yield whether the card of the script was recognised and redacted, and is nowhere. Reads files: blocks.

    Args:
        document: the conversation. text: the same as text. recording, sidecar: of the call.
    """
    utterances: list[Mapping[str, Any]] = list(document.get("utterances", ()))
    [card] = [line for line in script if _READ_OUT in line.text]
    labels = [one for one in utterances if _LABEL in one["text"]]
    yield Check(
        "the customer read out a card number, which was redacted where it was said",
        _astray(labels, card) if labels else "nothing was redacted",
    )
    lines = [line.partition(": ")[2] for line in _text(text).splitlines()]
    words = [word["text"] for one in utterances for word in one["words"]]
    left = [
        said for said in (*lines, " ".join(words), *(one["text"] for one in utterances)) if _is_of_it(said)
    ]
    yield Check(
        "none of it is in what was told to Genesys and written", f"{len(left)} texts have it" * bool(left)
    )
    if "redactions" in sidecar:  # a recorder that silences what was redacted
        yield Check("it cannot be heard in the recording", _heard(labels, recording))


def _astray(labels: Sequence[Mapping[str, Any]], card: Utterance) -> str:
    rate = CONVERSATION_MEDIA.rate
    astray = [
        f"{one['start']:.1f} s"
        for one in labels
        if one["channel"] != card.channel
        or one["start"] < card.start / rate - _NEAR
        or one["start"] + one["length"] > card.end / rate + _NEAR
    ]
    return f"something else was, at {', '.join(astray)}" if astray else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _is_of_it(said: str) -> bool:
    """Tell whether there are four ones in a row, however they are written."""
    return "1111" in re.sub(r"[^a-z0-9]", "", said.lower().replace("one", "1"))


def _heard(labels: Sequence[Mapping[str, Any]], recording: Path) -> str:
    """Return where something can be heard of what was redacted."""
    try:
        wav = read_wav(recording)
    except (OSError, WavError) as error:
        return str(error)
    width = len(CHANNELS)
    loud = []
    for word in (word for one in labels for word in one["words"] if _LABEL in word["text"]):
        start, end = round(word["start"] * wav.rate), round((word["start"] + word["length"]) * wav.rate)
        stretch = wav.payload[start * width : end * width : width]  # the customer is the first channel
        if stretch.strip(ULAW_SILENCE):
            loud.append(f"{word['start']:.1f} s")
    return f"there is sound at {', '.join(loud)}" if loud else ""
