"""Spoken cards through the real chain, and what can be heard of them in the recordings after that."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from audiohook_fw_whisper import Whisper
from audiohook_fw_whisper.settings import WhisperSettings

from audiohook_fw.audio import Samples, read_wav

from .chain import whisper_model
from .engines import speak
from .meaning import Told, TracedServer, Witness, play_out
from .mixing import line_noise
from .seeded import Search, Seeded
from .shaping import Signal, to_int16
from .truth import RATE
from .written import in_json

PAUSE, GAP = 0.5, 0.9
"""Seconds between the groups of a card, and between utterances."""
SPEAKERS = ("joe", "heart")
CARDS = 4
PART = 3
"""Digits of a card, one after the other, that nobody may hear."""
PATIENCE: dict[str, Any] = {
    "max_wait": 120.0,
    "worker_timeout": 60.0,
    "recognize_timeout": 300.0,
    "flush_timeout": 8.5,
    "max_backlog": 300.0,
    "interims": False,
}
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def hear_recordings(voices: Path) -> int:
    """Play cards, transcribe the recordings, print what is heard; return the exit status, 1 for a leak."""
    if not voices.exists():
        print(f"{voices} is not there: run `make speech` first, or name the Python that has the voices")
        return 2
    cards = [new_card(random.Random(seed)) for seed in range(CARDS)]
    calls = [_spoken(voices, card, SPEAKERS[number % len(SPEAKERS)]) for number, card in enumerate(cards)]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        told = _play(directory / "live", calls, ["redact", "sentiment"])
        recordings = [read_wav(directory / "live" / f"{one.session}.wav").samples for one in told]
        kept = [_texts(directory / "live", one) for one in told]
        before = [_texts(directory / "sent", one) for one in _play(directory / "sent", calls, [])]
        after = [_texts(directory / "kept", one) for one in _play(directory / "kept", recordings, [])]
    return report(cards, before, kept, after)


def report(cards: Sequence[str], *heard: Sequence[str]) -> int:
    """Print how many cards were heard: in what was said, in the transcripts, in the recordings.

    Returns:
        The exit status: 1 for a leak, or when nothing was understood in the first place.
    """
    searches = [Search([Seeded("card", "", _said(card), card)], PART) for card in cards]
    said, written, recorded = (
        sum(bool(search.in_words(text)) for search, text in zip(searches, texts, strict=True))
        for texts in heard
    )
    print(f"cards that were spoken and understood: {said} of {len(cards)}")
    print(f"with digits in the transcripts: {written}")
    print(f"with digits that are heard in the recordings: {recorded}")
    if not said:
        print("nothing was understood, so this proves nothing")
    return int(bool(written or recorded) or not said)


def new_card(rng: random.Random) -> str:
    """Return a number with the right check digit."""
    body = "4" + "".join(str(rng.randint(0, 9)) for _ in range(14))
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(body)]
    return body + str(-sum(number if number < 10 else number - 9 for number in doubled) % 10)


def _said(card: str) -> str:
    return " ".join(_DIGITS[int(digit)] for digit in card)


def _spoken(voices: Path, card: str, voice: str) -> Samples:
    """Return a call in which the customer reads out a card, and the agent asks for it."""
    groups = [_said(card[at : at + 4]) for at in range(0, 16, 4)]
    lines = [
        "Could you read me your card number, please?",
        *(f"{group}." for group in groups),
        "Is that all?",
    ]
    other = next(one for one in SPEAKERS if one != voice)
    speakers = [other, *[voice] * 5]
    parts = speak(voices, list(zip(speakers, lines, strict=True)), pace=0.9)
    placed: list[tuple[int, int, Signal]] = []
    at = round(0.5 * RATE)
    for number, part in enumerate(parts):
        placed.append((at, 1 if number == 0 else 0, part))
        at += len(part) + round((GAP if number in (0, 4) else PAUSE) * RATE)
    call = line_noise(at, np.random.default_rng(len(card)))
    for start, column, part in placed:
        call[start : start + len(part), column] += part
    return to_int16(call)


def _play(directory: Path, calls: Sequence[Samples], meaning: Sequence[str]) -> list[Told]:
    """Play calls to a server that recognises, records and writes down, with or without redaction."""
    directory.mkdir()
    whisper = Whisper(WhisperSettings(model_path=whisper_model(), **PATIENCE))
    sections: dict[str, Mapping[str, object]] = {
        "vad": {},
        **{name: {} for name in meaning},
        "recorder": {"directory": str(directory)},
        "transcripts": {"directory": str(directory / "transcripts")},
    }
    with TracedServer(Witness(), whisper, *sections, settings=sections, traced=False) as server:
        return play_out(server, calls, speed=1.0)


def _texts(directory: Path, told: Told) -> str:
    """Return all that the customer said, as it was recognised."""
    path = directory / "transcripts" / f"{told.session}.transcript.json"
    return " ".join(one.text for one in in_json(path) if one.channel == "external") if path.exists() else ""
