"""What a worker process does: faster-whisper, and a judgement on what it says.

Whisper was trained to say something about whatever it hears, so silence and noise come back as "Thank you."
or as one phrase over and over. What follows here lets speech through and little else.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel  # type: ignore[import-untyped]

from .languages import tag_of
from .messages import Answer, Heard, HeardWord, Load, ModelSource, Request
from .word_times import word_times

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment  # type: ignore[import-untyped]

__all__ = ["Recognizer", "load"]

RATE: Final = 16_000
_WINDOW: Final = 30.0
"""Seconds that Whisper looks at, whatever it gets: what is missing is filled with silence. That is nearly all
its work, so less of it is much faster; but it was not trained for less, and with too little it raves."""

_MARGIN: Final = 6.0
"""Seconds of silence after the piece that it needs for that."""

_QUIET: Final = 100
"""Peak level (of 32,768) below which nobody spoke: not worth half a second of processor time."""

_NO_SPEECH: Final = 0.6
_SURE: Final = -0.7
"""Above the first one, Whisper itself doubts that it is speech; then it has to be this sure of the words."""

_REPETITIVE: Final = 2.4
"""How far a text may shrink when it is compressed. Speech does not come near it."""

_FASTEST: Final = 8.0
"""Words a second that nobody speaks: there was less speech than text."""


def load(message: Load) -> Callable[[Request], Answer]:
    """Load the models.

    Raises:
        ValueError: one of them cannot be loaded; the text says why.
    """
    logging.getLogger("faster_whisper").setLevel(logging.ERROR)
    return Recognizer({key: _open(source, message) for key, source in message.models})


class WindowedModel(WhisperModel):  # type: ignore[misc]  # it has no types
    """A model that looks at `window` seconds."""

    window = _WINDOW

    def encode(self, features: npt.NDArray[np.float32]) -> Any:
        """Encode the first seconds of what faster-whisper makes 30 s of, at 100 frames a second."""
        return super().encode(np.ascontiguousarray(features[..., : 2 * round(50 * self.window)]))


class Recognizer:
    """Answers requests with one of some models."""

    def __init__(self, models: dict[str, WindowedModel]) -> None:
        self._models = models

    def __call__(self, request: Request) -> Answer:
        """Return what is said in a piece of speech."""
        samples = request.samples
        if not len(samples) or max(int(samples.max()), -int(samples.min())) < _QUIET:
            return Heard()
        count = math.ceil(len(samples) / (_WINDOW * RATE))  # seldom more than 1: speech is cut before that
        return _joined([self._window(request, part) for part in np.array_split(samples, count)])

    def _window(self, request: Request, samples: npt.NDArray[np.int16]) -> tuple[float, Heard]:
        seconds = len(samples) / RATE
        window = min(_WINDOW, max(request.window, seconds + _MARGIN))
        heard = self._pass(request, samples, window)
        if heard.is_made_up and request.is_final and window < _WINDOW:
            heard = self._pass(request, samples, _WINDOW)
        return seconds, heard

    def _pass(self, request: Request, samples: npt.NDArray[np.int16], window: float) -> Heard:
        model = self._models[request.model]
        model.window = window
        segments, info = model.transcribe(
            samples.astype(np.float32) / 32_768.0,
            language=request.language or None,
            beam_size=request.beam,
            temperature=0.0,  # other ones draw lots, and take as long again
            condition_on_previous_text=False,  # a mistake would breed more
            without_timestamps=True,
            word_timestamps=True,
            max_new_tokens=_most_tokens(len(samples) / RATE),
        )
        # One pass only: after the last word faster-whisper looks for more in what is left, and into
        # silence after speech Whisper says "Thank you."
        return _judged(list(islice(segments, 1)), tag_of(info.language), samples)


def _judged(segments: list[Segment], language: str, samples: npt.NDArray[np.int16]) -> Heard:
    if not segments or not segments[0].text.strip():
        return Heard(language=language)
    segment = segments[0]
    if not _is_speech(segment, len(samples) / RATE):
        return Heard(language=language, is_made_up=True)
    words = word_times(segment.words or (), samples, RATE)
    sure = sum(word.confidence for word in words) / len(words) if words else math.exp(segment.avg_logprob)
    return Heard(segment.text.strip(), language, sure, words)


def _joined(parts: list[tuple[float, Heard]]) -> Heard:
    """Make one of what is said in parts of a piece, each with its length in seconds."""
    if len(parts) == 1:
        return parts[0][1]
    words: list[HeardWord] = []
    begin = 0.0
    for seconds, heard in parts:
        words += (replace(word, start=begin + word.start, end=begin + word.end) for word in heard.words)
        begin += seconds
    said = [heard for _, heard in parts if heard.text]
    if not said:
        return replace(parts[0][1], is_made_up=any(heard.is_made_up for _, heard in parts))
    sure = sum(heard.confidence for heard in said) / len(said)
    return Heard(" ".join(heard.text for heard in said), said[0].language, sure, tuple(words))


def _is_speech(segment: Segment, seconds: float) -> bool:
    if not any(character.isalnum() for character in segment.text):
        return False
    if segment.compression_ratio > _REPETITIVE:
        return False
    if len(segment.text.split()) > 1 + _FASTEST * seconds:
        return False
    return bool(segment.no_speech_prob <= _NO_SPEECH or segment.avg_logprob >= _SURE)


def _most_tokens(seconds: float) -> int:
    """Bound what one piece may cost: a model that repeats itself would go on to its 448 tokens."""
    return min(200, 16 + round(8 * seconds))


def _open(source: ModelSource, message: Load) -> WindowedModel:
    def opened(*, fetch: bool) -> WindowedModel:
        return WindowedModel(
            source.place,
            device="cpu",
            compute_type="int8",
            cpu_threads=message.threads,
            local_files_only=not fetch,
        )

    if source.is_directory:
        try:
            return opened(fetch=False)
        except Exception as error:  # whatever CTranslate2 and tokenizers raise for files that are none
            raise ValueError(f"the model in {source.place} cannot be loaded: {_line(error)}") from error
    try:
        return opened(fetch=False)  # is it there? Nothing outside is asked then
    except Exception:
        try:
            return opened(fetch=True)
        except Exception as error:
            raise ValueError(
                f"the model {source.place!r} is not on this machine and cannot be fetched: {_line(error)};"
                " fetch it elsewhere, and set model_path to its directory"
            ) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
