"""How well and how fast pocketsphinx transcribes the speech set (`make speech`), and what it takes.

    python plugins/audiohook-fw-pocketsphinx/tests/measure.py calls  # in real time, a call at a time
    python plugins/audiohook-fw-pocketsphinx/tests/measure.py alone  # decoders alone, one after the other

`alone` reckons the latency from the processor time that each step takes, as if a core did nothing else: for
machines that do.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from audiohook_fw_asr.upsampling import Upsampler
from audiohook_fw_pocketsphinx import Pocketsphinx
from audiohook_fw_pocketsphinx.decoding import Channel
from audiohook_fw_pocketsphinx.settings import PocketsphinxSettings

from audiohook_fw import Transcript

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))

from speech.recognition import (  # type: ignore[import-not-found]
    Followed,
    Measured,
    add_arguments,
    chosen,
    measure,
    tell_words,
)
from speech.truth import MEDIA, RATE, Speech  # type: ignore[import-not-found]

CHUNK = RATE // 5  # samples that are given to a decoder at once, as the base does


def measure_calls(files: Sequence[Speech], arguments: argparse.Namespace) -> Any:
    """Play calls in real time, so many at once."""
    settings = PocketsphinxSettings(processes=2 * arguments.at_once, interims=arguments.interims)
    return measure(Pocketsphinx(settings), files, at_once=arguments.at_once)


def measure_alone(files: Sequence[Speech]) -> Any:
    """Give a decoder one channel after the other; its clock is that of call time and of the processor."""
    measured, decoder = Measured(), Channel({})
    begun = time.perf_counter()
    for speech in files:
        samples, call = speech.audio().samples, Followed()
        call.frames = [(speech.length, speech.length / RATE)]
        for number, channel in enumerate(MEDIA.channels):
            decoder.reset()
            now, upsampler = 0.0, Upsampler(2)
            audio = np.ascontiguousarray(samples[:, number])
            for start in range(0, len(audio), CHUNK):
                piece = audio[start : start + CHUNK]
                before = time.process_time()
                results = decoder.audio(upsampler.feed(piece).tobytes())
                spent = time.process_time() - before
                measured.children += spent
                now = max(now, (start + len(piece)) / RATE) + spent
                for result in results:
                    _note(call, result, channel, now)
            for result in decoder.flush():
                _note(call, result, channel, now)
        measured.add(call, speech)
    measured.took = time.perf_counter() - begun
    return measured


def _note(call: Any, result: dict[str, Any], channel: str, now: float) -> None:
    if not result["final"]:
        call.interims += 1
        return
    words = result["words"]
    text, start, end = " ".join(word[0] for word in words), words[0][1], words[-1][1] + words[-1][2]
    span = {"start": round(start * RATE), "length": round((end - start) * RATE)}
    call.finals.append((Transcript(channel=channel, text=text, **span), now))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["calls", "alone"])
    add_arguments(parser)
    parser.set_defaults(at_once=1)
    arguments = parser.parse_args()
    print(" ".join(sys.argv[1:]))
    files = chosen(arguments)
    measured = measure_calls(files, arguments) if arguments.what == "calls" else measure_alone(files)
    tell_words(measured.scores)
    measured.tell()


if __name__ == "__main__":
    main()
