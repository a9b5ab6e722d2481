"""Make the clip `suite`: speech with the layout that the official test suite's transcript checks use.

Eleven seconds of stereo. On `external`, utterances at 0.1, 1.1, 2.9, 4.9 and 6.7 s; silences of 0.41 s
separate them, and one of 60 ms lies inside each of the middle three. The last one is spoken without a stop
around 8.0 s, where a test may pause or update. `internal` speaks at other times, some of them at once.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .engines import speak
from .mixing import line_noise
from .shaping import PEAK, SPEECH_LEVEL, Signal, active_level, fit, to_int16
from .speakers import SPEAKERS
from .truth import MEDIA, RATE, Speech, Utterance, write_speech

SECONDS = 11.0
STOP = 0.06  # seconds of silence inside an utterance
APART = 0.41  # seconds of silence between two

SUITE = (
    ("external", 0.1, 1.1 - APART, "joe", "Good morning."),
    ("external", 1.1, 2.9 - APART, "joe", "I need to|know the price."),
    ("external", 2.9, 4.9 - APART, "joe", "My order has|not come yet."),
    ("external", 4.9, 6.7 - APART, "joe", "It was a pair|of shoes."),
    ("external", 6.7, 9.3, "joe", "Would you please send them to my new address in Boston?"),
    ("internal", 3.1, 3.95, "heart", "I am listening."),
    ("internal", 3.95 + APART, 5.16, "heart", "Let me see."),
    ("internal", 9.5, 10.4, "heart", "Yes, of course."),
)


def make_suite(python: Path, clips: Path) -> Speech:
    """Write the clip."""
    pieces = [(voice, piece) for *_, voice, text in SUITE for piece in text.split("|")]
    spoken = iter(speak(python, pieces))
    call = line_noise(round(SECONDS * RATE), np.random.default_rng(11))
    utterances = []
    for channel, begin, finish, voice, text in SUITE:
        start, end = round(begin * RATE), round(finish * RATE)
        speech = _say([next(spoken) for _ in text.split("|")], end - start)
        call[start:end, MEDIA.channels.index(channel)] += speech
        kind = SPEAKERS[voice].kind
        utterances.append(Utterance(channel, start, end, text.replace("|", " "), voice, kind))
    utterances.sort(key=lambda utterance: utterance.start)
    speech_file = Speech(clips / "suite.wav", "clean", len(call), tuple(utterances))
    write_speech(speech_file, to_int16(call))
    return speech_file


def _say(pieces: list[Signal], length: int) -> Signal:
    """Return an utterance of exactly that length: its pieces, STOP apart."""
    stop = np.zeros(round(STOP * RATE))
    voiced = length - len(stop) * (len(pieces) - 1)
    whole = sum(len(piece) for piece in pieces)
    lengths = [voiced * len(piece) // whole for piece in pieces]
    lengths[-1] = voiced - sum(lengths[:-1])
    parts = [stop] * (2 * len(pieces) - 1)
    parts[::2] = [fit(piece, wanted) for piece, wanted in zip(pieces, lengths, strict=True)]
    speech = np.concatenate(parts)
    return PEAK * np.tanh(speech * SPEECH_LEVEL / active_level(speech) / PEAK)
