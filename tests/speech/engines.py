"""The engines' side door: every text is spoken by `speak.py` under the Python that has them."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from audiohook_fw.audio import read_wav

from .shaping import Signal, shape
from .speakers import SPEAKERS

SPEAK = Path(__file__).with_name("speak.py")


def speak(python: Path, texts: Sequence[tuple[str, str]], *, pace: float = 1.0) -> list[Signal]:
    """Return each `(voice, text)` spoken, shaped for a phone.

    Raises:
        subprocess.CalledProcessError: when an engine fails; what it said is on stderr.
    """
    with tempfile.TemporaryDirectory() as directory:
        wavs = [Path(directory) / f"{number}.wav" for number in range(len(texts))]
        orders = []
        for wav, (voice, text) in zip(wavs, texts, strict=True):
            speaker = SPEAKERS[voice]
            order = {"engine": speaker.engine, "text": text, "pace": pace * speaker.pace / speaker.pitch}
            orders.append(json.dumps({"file": str(wav), **order}))
        subprocess.run([python, SPEAK], input="\n".join(orders), text=True, check=True)
        spoken = [read_wav(wav) for wav in wavs]
    return [
        shape(audio.samples[:, 0], audio.rate, SPEAKERS[voice].pitch)
        for audio, (voice, _) in zip(spoken, texts, strict=True)
    ]
