"""Make the set: every call of `calls.txt` in every variant, and the clip of it that is committed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from .engines import speak
from .mixing import LEAD, VARIANTS, mix, schedule, with_noise
from .script import CALLS, read_calls
from .shaping import Signal, to_int16
from .truth import RATE, Speech, Utterance, write_speech

CLIP_CALL, CLIP_FIRST, CLIP_SECONDS = 0, 6, 32.0  # which call, from which utterance, how long at most


def make_set(python: Path, directory: Path, clips: Path | None) -> Iterator[Speech]:
    """Write all files, and yield each; with `clips`, the beginning of one call is written there, too."""
    directory.mkdir(parents=True, exist_ok=True)
    calls = read_calls(CALLS.read_text(encoding="utf-8"))
    spoken = speak(python, [(line.voice, line.text) for call in calls for line in call])
    babble = [speech for speech in spoken if len(speech) > RATE]
    for number, lines in enumerate(calls):
        mine, spoken = spoken[: len(lines)], spoken[len(lines) :]
        utterances = schedule(lines, [len(speech) for speech in mine], np.random.default_rng(number))
        # `schedule` sorts by start; the audio goes the same way.
        of_text = {(line.text, len(speech)): speech for line, speech in zip(lines, mine, strict=True)}
        ordered = [of_text[utterance.text, utterance.end - utterance.start] for utterance in utterances]
        length = max(utterance.end for utterance in utterances) + round(LEAD * RATE)
        call = mix(utterances, ordered, length, number)
        for variant, (kind, distance) in VARIANTS.items():
            samples = with_noise(call, kind, distance, babble, number) if kind else call
            wav = directory / f"call{number:02}-{variant}.wav"
            speech = Speech(wav, variant, length, tuple(utterances))
            write_speech(speech, to_int16(samples))
            yield speech
            if clips is not None and number == CLIP_CALL and variant == "clean":
                yield _clip(clips, samples, utterances)


def _clip(clips: Path, call: Signal, utterances: list[Utterance]) -> Speech:
    """Write a part of a call: from one utterance on, up to the last one that fits in whole."""
    first = utterances[CLIP_FIRST].start - round(LEAD / 2 * RATE)
    cut = first + round(CLIP_SECONDS * RATE)
    kept = [utterance for utterance in utterances[CLIP_FIRST:] if utterance.end < cut]
    begun = [utterance.start for utterance in utterances if utterance.start > kept[-1].start]
    last = min(max(utterance.end for utterance in kept) + round(LEAD / 2 * RATE), *begun)
    moved = [replace(u, start=u.start - first, end=u.end - first) for u in kept]
    speech = Speech(clips / "conversation.wav", "clean", last - first, tuple(moved))
    write_speech(speech, to_int16(call[first:last]))
    return speech
