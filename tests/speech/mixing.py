"""From utterances to calls: when each is spoken, and what noise lies below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .script import Line
from .shaping import SPEECH_LEVEL, Signal, active_level, band_pass
from .speakers import SPEAKERS
from .truth import MEDIA, RATE, Utterance

LINE_NOISE = 0.0006  # RMS, of full scale: -64 dBFS, below everything, so that no silence is digital
LEAD = 0.5  # seconds of line before the first and after the last word
APART = 0.45  # seconds between two utterances of a channel, at least
PAUSES, GAPS, OVERLAPS = (
    (0.5, 1.2),
    (0.3, 1.0),
    (0.3, 0.7),
)  # seconds: same speaker, other speaker, both at once
HOLD, HOLDS = (2.5, 4.0), 0.06  # seconds of nobody speaking, and how often that happens
LEVELS = (-4.0, 4.0)  # dB that a speaker is louder than SPEECH_LEVEL
BABBLERS = 6
VARIANTS: Mapping[str, tuple[str, float]] = {
    "clean": ("", 0),
    "white15": ("white", 15),
    "white5": ("white", 5),
    "babble15": ("babble", 15),
    "babble5": ("babble", 5),
}


def schedule(lines: Sequence[Line], lengths: Sequence[int], random: np.random.Generator) -> list[Utterance]:
    """Say when each line is spoken, in samples; utterances of one channel never come closer than APART."""
    free = dict.fromkeys(MEDIA.channels, round(LEAD * RATE))  # per channel: where the next one may start
    utterances: list[Utterance] = []
    for line, length in zip(lines, lengths, strict=True):
        start = free[line.channel]
        if utterances:
            last = utterances[-1]
            start = max(start, last.end + round(_gap(line, last, random) * RATE))
        utterances.append(
            Utterance(line.channel, start, start + length, line.text, line.voice, SPEAKERS[line.voice].kind)
        )
        free[line.channel] = start + length + round(APART * RATE)
    return sorted(utterances, key=lambda utterance: utterance.start)


def _gap(line: Line, last: Utterance, random: np.random.Generator) -> float:
    """Return the seconds between the end of the last utterance and this one."""
    if line.overlaps:
        return -float(random.uniform(*OVERLAPS))
    hold = float(random.uniform(*HOLD)) if random.random() < HOLDS else 0.0
    return hold + float(random.uniform(*(PAUSES if line.channel == last.channel else GAPS)))


def mix(utterances: Sequence[Utterance], spoken: Sequence[Signal], length: int, seed: int) -> Signal:
    """Return the clean call, shape `(length, 2)`: speech on a faint line, each speaker at an own level."""
    random = np.random.default_rng(seed)
    call = line_noise(length, random)
    gains = {channel: 10 ** (random.uniform(*LEVELS) / 20) for channel in MEDIA.channels}
    for utterance, speech in zip(utterances, spoken, strict=True):
        column = MEDIA.channels.index(utterance.channel)
        call[utterance.start : utterance.end, column] += speech * gains[utterance.channel]
    return call


def line_noise(length: int, random: np.random.Generator) -> Signal:
    """Return what a line without speech sounds like, on both channels."""
    noise = random.normal(0, LINE_NOISE, (length, len(MEDIA.channels)))
    return np.stack([band_pass(channel) for channel in noise.T], axis=1)


def with_noise(call: Signal, kind: str, distance: float, babble: Sequence[Signal], seed: int) -> Signal:
    """Add noise to both channels, `distance` dB below the level at which each one speaks."""
    random = np.random.default_rng(seed)
    noisy = call.copy()
    for column in range(call.shape[1]):
        noise = _white(len(call), random) if kind == "white" else _babble(len(call), babble, random)
        level = active_level(call[:, column]) * 10 ** (-distance / 20)
        noisy[:, column] += noise * level / np.sqrt(np.mean(noise**2))
    return noisy


def _white(length: int, random: np.random.Generator) -> Signal:
    return band_pass(random.normal(0, SPEECH_LEVEL, length))


def _babble(length: int, voices: Sequence[Signal], random: np.random.Generator) -> Signal:
    """Return several people who talk without a stop, none to be understood."""
    noise = np.zeros(length)
    for _ in range(BABBLERS):
        order = random.permutation(len(voices))
        talk = np.concatenate([voices[number] for number in order])
        noise += np.resize(np.roll(talk, int(random.integers(len(talk)))), length)
    return noise
