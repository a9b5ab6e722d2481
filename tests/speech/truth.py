"""What is in a file of speech, to the sample: the ground truth beside each WAV, and how it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audiohook_fw.audio import CONVERSATION_MEDIA, Samples, WavAudio, WavWriter, encode, read_wav

MEDIA = CONVERSATION_MEDIA
RATE = MEDIA.rate
CLIPS = Path(__file__).with_name("clips")
SET = Path(__file__).with_name("set")


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one party says without stopping: samples `[start, end)`, the words, and whose voice it is."""

    channel: str
    start: int
    end: int
    text: str
    voice: str
    kind: str


@dataclass(frozen=True, slots=True)
class Speech:
    """One WAV and what is in it.

    Attributes:
        variant: `clean`, or the noise and its distance in dB: `white15`, `white5`, `babble15`, `babble5`.
        utterances: by start; those of one channel never touch.
    """

    wav: Path
    variant: str
    length: int
    utterances: tuple[Utterance, ...]

    def audio(self) -> WavAudio:
        """Read the WAV."""
        return read_wav(self.wav)

    def of(self, channel: str) -> list[Utterance]:
        """Return what one channel says, by start."""
        return [utterance for utterance in self.utterances if utterance.channel == channel]


def write_speech(speech: Speech, samples: Samples) -> None:
    """Write WAV and truth (`NAME.json` beside it)."""
    with WavWriter(speech.wav, MEDIA, overwrite=True, mode=0o644) as writer:
        writer.write(encode(samples, MEDIA))
    content: Mapping[str, Any] = {
        "rate": RATE,
        "channels": MEDIA.channels,
        "variant": speech.variant,
        "length": speech.length,
    }
    lines = ",\n  ".join(json.dumps(asdict(utterance)) for utterance in speech.utterances)
    head = json.dumps(content)[:-1]
    speech.wav.with_suffix(".json").write_text(f'{head}, "utterances": [\n  {lines}\n]}}\n', encoding="utf-8")


def read_speech(wav: Path) -> Speech:
    """Return a file's truth."""
    content = json.loads(wav.with_suffix(".json").read_text(encoding="utf-8"))
    utterances = tuple(Utterance(**utterance) for utterance in content["utterances"])
    return Speech(wav, content["variant"], content["length"], utterances)


def read_set(directory: Path = SET, variant: str = "") -> Iterator[Speech]:
    """Yield the files of the set, of one variant if it is named.

    Raises:
        FileNotFoundError: when the set was not made.
    """
    wavs = sorted(directory.glob("*.wav"))
    if not wavs:
        raise FileNotFoundError(f"there is no speech in {directory}: make it with `make speech`")
    for wav in wavs:
        speech = read_speech(wav)
        if variant in ("", speech.variant):
            yield speech
