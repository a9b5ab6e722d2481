"""Whether what was said is what was understood: compared with the script of the conversation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

from audiohook_fw.audio import CONVERSATION_MEDIA, Utterance, conversation_script
from audiohook_fw.client import CallReport
from audiohook_fw.plugin import Sentiment, Transcript
from audiohook_fw.protocol import CHANNELS

from .card_checks import check_card
from .checks import Check, check_recording

__all__ = ["UNDERSTOOD", "check_conversation", "check_moods", "check_speech"]

UNDERSTOOD: Final = 0.6
"""Part of the words that a small model must understand on a telephone line."""
_NEAR: Final = 0.5
"""Seconds by which an utterance may lie beside what the script says."""
_FORMATS: Final = ("json", "txt", "vtt")


Said = Sequence[tuple[Transcript, Sentiment | None]]


def check_speech(report: CallReport, recordings: Path, transcripts: Path, said: Said) -> Iterator[Check]:
    """Yield every check of the act. Reads files: blocks.

    Args:
        said: what was shown: each utterance with its mood.
    """
    accepted = report.as_scripted and not report.violations
    problem = "; ".join(report.violations) or report.outcome()
    yield Check("the call was accepted, and ended as scripted", "" if accepted else problem)
    recording = recordings / f"{report.ids.session}.wav"
    sidecar = _read(recording.with_suffix(".json"))
    yield from check_recording(report, recording, sidecar.get("redactions", ()))
    stem = f"{report.ids.session}.transcript."
    missing = [name for name in _FORMATS if not (transcripts / f"{stem}{name}").exists()]
    yield Check(
        "the conversation is there as text, JSON and WebVTT", f"no {', '.join(missing)}" if missing else ""
    )
    document, script = _read(transcripts / f"{stem}json"), conversation_script()
    yield from check_conversation(report, document, script)
    yield from check_moods(said, document)
    yield from check_card(document, script, transcripts / f"{stem}txt", recording, sidecar)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def check_conversation(
    report: CallReport, document: Mapping[str, Any], script: Sequence[Utterance]
) -> Iterator[Check]:
    """Yield whether a conversation is the one of the script, and Genesys was told all of it."""
    utterances: list[Mapping[str, Any]] = list(document.get("utterances", ()))
    finals = sum(one["final"] for one in utterances)
    told, events = report.entities.get("transcript", 0), report.received.get("event", 0)
    yield Check(
        "Genesys was told each utterance, in an event of its own",
        "" if told == events == finals > 0 else f"{finals} were final, {told} were sent in {events} events",
    )
    sides = {one["channel"] for one in utterances}
    starts = [one["start"] for one in utterances]
    in_order = sides == set(CHANNELS) and starts == sorted(starts)
    yield Check(
        "both sides are in it, in order of time", "" if in_order else f"sides {sorted(sides)}, at {starts}"
    )
    astray = [f"{one['start']:.1f} s" for one in utterances if not _is_near(one, script)]
    yield Check(
        "each utterance is where the recording has it", f"not at {', '.join(astray)}" if astray else ""
    )
    right, words = _understood(utterances, script)
    enough = words and right >= UNDERSTOOD * words
    yield Check(
        f"at least {UNDERSTOOD:.0%} of what was said was understood",
        "" if enough else f"{right} of {words} words",
    )


def check_moods(said: Said, document: Mapping[str, Any]) -> Iterator[Check]:
    """Yield whether what was shown is what was written, with a mood each, and the customer's changed."""
    written = sorted(one["text"] for one in document.get("utterances", ()) if one["final"])
    same = sorted(utterance.text for utterance, _ in said) == written
    lacking = sum(mood is None for _, mood in said)
    problem = f"{lacking} have none" if lacking else "" if same and said else "other texts were shown"
    yield Check("each utterance was shown as it is written, with its mood", problem)
    moods = [
        mood.score
        for utterance, mood in sorted(said, key=lambda one: one[0].start)
        if mood is not None and utterance.channel == CHANNELS[0]
    ]
    turned = moods and min(moods[: len(moods) // 2 + 1]) < 0 < moods[-1]
    yield Check(
        "the customer complained at first, and was pleased in the end",
        "" if turned else f"moods: {', '.join(f'{mood:+.2f}' for mood in moods)}",
    )


def _is_near(one: Mapping[str, Any], script: Sequence[Utterance]) -> bool:
    rate = CONVERSATION_MEDIA.rate
    return any(
        said.channel == one["channel"]
        and said.start / rate - _NEAR <= one["start"]
        and one["start"] + one["length"] <= said.end / rate + _NEAR
        for said in script
    )


def _understood(utterances: Sequence[Mapping[str, Any]], script: Sequence[Utterance]) -> tuple[int, int]:
    """Return how many words of the script are in the conversation, side by side, and how many there are."""
    right = total = 0
    for channel in CHANNELS:
        said = _words(" ".join(one.text for one in script if one.channel == channel))
        heard = _words(" ".join(one["text"] for one in utterances if one["channel"] == channel))
        matcher = SequenceMatcher(None, said, heard, autojunk=False)
        right += sum(block.size for block in matcher.get_matching_blocks())
        total += len(said)
    return right, total


_DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _words(text: str) -> list[str]:
    """Return the words as they are spoken: models write digits where the script has words."""
    spelt = re.sub(r"\d", lambda digit: f" {_DIGITS[int(digit[0])]} ", text.lower())
    return re.findall(r"[a-z']+", spelt)
