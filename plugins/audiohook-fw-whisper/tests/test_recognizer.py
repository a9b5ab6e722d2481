"""What a worker does with the small real model; it is loaded once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from audiohook_fw_whisper.messages import Answer, Heard, Load, ModelSource, Request
from audiohook_fw_whisper.recognizer import Recognizer, load
from audiohook_fw_whisper.worker import ModelError, Worker
from faster_whisper import WhisperModel

RATE = 16_000
Recognize = Callable[[Request], Answer]


@pytest.fixture(scope="module")
def recognize(model_path: str) -> Recognize:
    return load(Load((("", ModelSource(model_path, is_directory=True)),), threads=2))


def request(samples: Any, **changed: Any) -> Request:
    plain = {
        "samples": samples.astype(np.int16),
        "model": "",
        "language": "en",
        "is_final": True,
        "window": 15.0,
    }
    return Request(**{**plain, **changed})


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def test_it_hears_what_is_said_and_when(recognize: Recognize, kit: Any) -> None:
    samples, text = kit.utterance(2, before=0.4, after=0.4)
    heard = recognize(request(samples))
    assert isinstance(heard, Heard)
    assert words_of(heard.text) == words_of(text)
    assert heard.confidence > 0.7
    assert [word.text for word in heard.words] == heard.text.split()
    assert heard.words[0].start == pytest.approx(0.4, abs=0.15)
    assert heard.words[-1].end == pytest.approx(len(samples) / RATE - 0.4, abs=0.2)
    assert all(a.start < a.end <= b.end for a, b in zip(heard.words, heard.words[1:], strict=False))


def test_silence_after_speech_is_not_filled(recognize: Recognize, kit: Any) -> None:
    samples, text = kit.utterance(6)
    heard = recognize(request(np.concatenate((samples, np.zeros(5 * RATE, np.int16)))))
    assert isinstance(heard, Heard)
    assert len(words_of(heard.text)) <= len(words_of(text))


@pytest.mark.parametrize("seconds", [0.2, 4.0])
@pytest.mark.parametrize("kind", ["nothing", "line", "noise", "hum"])
def test_nothing_is_heard_where_nobody_speaks(recognize: Recognize, kind: str, seconds: float) -> None:
    count = round(seconds * RATE)
    random = np.random.default_rng(7)
    hum = 1_000 * np.sin(2 * np.pi * 50 * np.arange(count) / RATE)
    sounds = {
        "nothing": np.zeros(count),
        "line": random.normal(0, 20, count),
        "noise": random.normal(0, 3_000, count),
        "hum": hum,
    }
    heard = recognize(request(sounds[kind]))
    assert isinstance(heard, Heard)
    assert heard.text == ""
    assert heard.words == ()


def test_no_samples_are_no_speech(recognize: Recognize) -> None:
    assert recognize(request(np.zeros(0))) == Heard()


class ScriptedModel:
    """Says what it is told to, as faster-whisper would, and notes what it was asked."""

    def __init__(self, *said: dict[str, Any] | None, language: str = "en") -> None:
        self.said = list(said)
        self.language = language
        self.asked: list[dict[str, Any]] = []
        self.window = 0.0

    def transcribe(self, audio: Any, **asked: Any) -> tuple[Iterable[Any], Any]:
        self.asked.append({"seconds": len(audio) / RATE, "window": self.window, **asked})
        said = self.said.pop(0)
        plain = {
            "text": " Hello there.",
            "no_speech_prob": 0.1,
            "avg_logprob": -0.2,
            "compression_ratio": 1.0,
            "words": None,
        }
        segments = [] if said is None else [SimpleNamespace(**{**plain, **said})]
        # What faster-whisper finds in the silence after the last word.
        more = SimpleNamespace(**{**plain, "text": " Thank you."})
        return iter([*segments, *([more] if segments else [])]), SimpleNamespace(language=self.language)


def hear(*said: dict[str, Any] | None, seconds: float = 1.0, **changed: Any) -> tuple[Heard, ScriptedModel]:
    model = ScriptedModel(*said)
    heard = Recognizer({"": model})(
        request(np.full(round(seconds * RATE), 1_000), **{"window": 30.0, **changed})
    )
    assert isinstance(heard, Heard)
    return heard, model


def word(text: str, start: float, end: float) -> SimpleNamespace:
    return SimpleNamespace(word=text, start=start, end=end, probability=0.75)


def test_only_the_first_pass_counts() -> None:
    heard, model = hear({})
    assert heard.text == "Hello there."
    assert heard.confidence == pytest.approx(0.82, abs=0.01)
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"no_speech_prob": 0.9, "avg_logprob": -0.9},
        {"text": " and so on" * 3, "compression_ratio": 3.0},
        {"text": " one two three four five six seven eight nine ten"},
        {"text": " ..."},
    ],
)
def test_what_is_made_up_is_left_out(said: dict[str, Any]) -> None:
    heard, _ = hear(said)
    assert heard == Heard(language="en", is_made_up=True)


@pytest.mark.parametrize("said", [{"no_speech_prob": 0.9}, {"avg_logprob": -0.9}, {"compression_ratio": 2.0}])
def test_what_may_be_speech_stays(said: dict[str, Any]) -> None:
    heard, _ = hear(said)
    assert heard.text == "Hello there."


def test_nothing_said_is_not_made_up() -> None:
    assert hear(None)[0] == Heard(language="en")
    assert hear({"text": " "})[0] == Heard(language="en")


def test_what_the_model_is_asked() -> None:
    _, model = hear({}, seconds=2.0, language="", beam=3)
    (asked,) = model.asked
    assert asked["language"] is None
    assert asked["beam_size"] == 3
    assert asked["max_new_tokens"] == 32  # however long it would go on


def test_what_is_longer_than_whisper_hears_is_cut() -> None:
    heard, model = hear(
        {"text": "one", "words": [word("one", 1.0, 2.0)]},
        {"text": "two", "words": [word("two", 3.0, 4.0)]},
        seconds=40.0,
    )
    assert [asked["seconds"] for asked in model.asked] == [20.0, 20.0]
    assert heard.text == "one two"
    assert [(w.text, w.start, w.end) for w in heard.words] == [("one", 1.0, 2.0), ("two", 23.0, 24.0)]
    assert heard.confidence == 0.75
    made_up, _ = hear(None, {"text": "..."}, seconds=40.0)
    assert made_up == Heard(language="en", is_made_up=True)


def test_the_language_that_was_found_out() -> None:
    model = ScriptedModel({}, language="jw")
    heard = Recognizer({"": model})(request(np.full(RATE, 1_000), language=""))
    assert isinstance(heard, Heard)
    assert heard.language == "jv"


def test_files_that_are_no_model(fake_model: Callable[[str], str]) -> None:
    source = ModelSource(fake_model("broken"), is_directory=True)
    with pytest.raises(ValueError, match="cannot be loaded"):
        load(Load((("", source),)))


def test_a_name_that_nobody_knows_reaches_no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def whisper_model(place: str, *, local_files_only: bool, **_: object) -> None:
        asked.append(local_files_only)
        raise OSError("not here")

    monkeypatch.setattr("audiohook_fw_whisper.recognizer.WindowedModel", whisper_model)
    with pytest.raises(
        ValueError, match="cannot be fetched: not here; fetch it elsewhere, and set model_path"
    ):
        load(Load((("", ModelSource("small", is_directory=False)),)))
    assert asked == [True, False]  # what is on the machine first


def test_broken_files_are_told_by_a_real_worker(fake_model: Callable[[str], str]) -> None:
    source = ModelSource(fake_model("broken"), is_directory=True)
    worker = Worker(
        Load((("", source),)), "audiohook_fw_whisper.recognizer:load", load_timeout=100, timeout=100
    )
    with pytest.raises(ModelError, match="broken cannot be loaded"):
        worker.start()
    assert worker.pid is None


@pytest.mark.parametrize(
    ("seconds", "window", "looked"),
    [(2.0, 10.0, 10.0), (7.0, 10.0, 13.0), (2.0, 30.0, 30.0), (28.0, 10.0, 30.0)],
)
def test_it_looks_at_no_more_than_it_needs(seconds: float, window: float, looked: float) -> None:
    _, model = hear({}, seconds=seconds, window=window)
    assert [asked["window"] for asked in model.asked] == [looked]


def test_what_it_makes_up_with_little_is_looked_at_again() -> None:
    heard, model = hear({"text": "..."}, {}, window=10.0)
    assert heard.text == "Hello there."
    assert [asked["window"] for asked in model.asked] == [10.0, 30.0]
    interim, model = hear({"text": "..."}, window=10.0, is_final=False)
    assert interim.is_made_up
    twice, model = hear({"text": "..."}, {"text": "..."}, window=10.0)
    assert twice.is_made_up


def test_the_model_gets_no_more_than_the_window(
    recognize: Recognize, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, text = kit.utterance(2)
    shapes: list[tuple[int, ...]] = []
    encode = WhisperModel.encode

    def spy(model: Any, features: Any) -> Any:
        shapes.append(features.shape)
        return encode(model, features)

    monkeypatch.setattr(WhisperModel, "encode", spy)
    heard = recognize(request(samples, window=15.0))
    assert isinstance(heard, Heard)
    assert words_of(heard.text) == words_of(text)
    assert shapes == [(80, 1500)]
