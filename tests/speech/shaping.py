"""What is done to a voice before it is in a call: trimmed, without long stops, as phones carry it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from audiohook_fw.audio import Samples, resample

from .truth import RATE

Signal = npt.NDArray[np.float64]

BLOCK = RATE // 100
LONGEST_STOP = 0.2  # seconds: a silence inside an utterance that is longer is shortened to this
HEARD = 1e-4  # of the loudest block's power: -40 dB; what is below is not heard as speech
PEAK = 0.7  # louder samples are bent down to stay below this
SPEECH_LEVEL = 0.1  # RMS while speaking, of full scale: -20 dBFS


def shape(spoken: Samples, rate: int, pitch: float) -> Signal:
    """Return one utterance at RATE: one run of speech, from its first heard block to its last."""
    samples = resample(spoken, round(rate * pitch / 50) * 50, RATE)
    speech = without_stops(band_pass(samples / 32768))
    return PEAK * np.tanh(speech * SPEECH_LEVEL / active_level(speech) / PEAK)


def heard_blocks(speech: Signal) -> npt.NDArray[np.bool_]:
    """Tell of each 10 ms block whether there is something to hear in it."""
    power = np.mean(speech[: len(speech) // BLOCK * BLOCK].reshape(-1, BLOCK) ** 2, axis=1)
    return np.asarray(power > HEARD * power.max())


def without_stops(speech: Signal) -> Signal:
    """Cut off the silence at both ends, and shorten each inside to LONGEST_STOP."""
    heard = np.flatnonzero(heard_blocks(speech))
    longest = round(LONGEST_STOP * RATE / BLOCK)
    keep = np.zeros(len(speech) // BLOCK, dtype=bool)
    keep[heard] = True
    for before, after in pairwise(heard.tolist()):
        stop = min(after - before - 1, longest)
        keep[before + 1 : before + 1 + stop // 2] = True
        keep[after - (stop - stop // 2) : after] = True
    return speech[: len(keep) * BLOCK].reshape(-1, BLOCK)[keep].reshape(-1)


def active_level(speech: Signal) -> float:
    """Return the RMS of what is spoken: of the 10 ms blocks within 30 dB of the loudest."""
    power = np.mean(speech[: len(speech) // BLOCK * BLOCK].reshape(-1, BLOCK) ** 2, axis=1)
    return float(np.sqrt(np.mean(power[power > power.max() / 1000])))


def band_pass(signal: Signal) -> Signal:
    """Keep what a telephone line keeps, with soft edges."""
    spectrum = np.fft.rfft(signal)
    frequency = np.fft.rfftfreq(len(signal), 1 / RATE)
    gain = np.interp(frequency, [0, 150, 300, 3400, 3800], [0, 0, 1, 1, 0])
    return np.asarray(np.fft.irfft(spectrum * gain, len(signal)))


def fit(speech: Signal, length: int) -> Signal:
    """Play an utterance a little faster or slower, so that it has exactly so many samples."""
    spectrum = np.fft.rfft(speech)
    wanted = length // 2 + 1
    spectrum = np.pad(spectrum, (0, max(wanted - len(spectrum), 0)))[:wanted]
    return np.asarray(np.fft.irfft(spectrum, length)) * (length / len(speech))


def to_int16(signal: Signal) -> Samples:
    """Return what a WAV holds."""
    return np.rint(np.clip(signal, -1, 1) * 32767).astype(np.int16)
