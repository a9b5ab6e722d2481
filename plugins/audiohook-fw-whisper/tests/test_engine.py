"""The engine: models and languages in, results out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import Segment, SegmentDroppedError, SegmentEngine
from audiohook_fw_whisper.engine import WhisperEngine, _share
from audiohook_fw_whisper.settings import WhisperSettings
from audiohook_fw_whisper.worker import ModelError


@pytest.fixture
async def engines(fakes: None) -> AsyncIterator[Callable[..., WhisperEngine]]:
    made: list[WhisperEngine] = []

    def make(**settings: Any) -> WhisperEngine:
        made.append(WhisperEngine(WhisperSettings(**settings)))
        return made[-1]

    yield make
    for engine in made:
        await engine.stop()


def segment(command: int, language: str = "en", *, is_final: bool = True) -> Segment:
    samples = np.zeros(16_000, dtype=np.int16)
    samples[0] = command
    return Segment(samples, 16_000, language, "external", "a session", is_final)


async def test_a_result_lasts_from_its_first_to_its_last_word(
    engines: Callable[..., WhisperEngine], fake_model: Callable[[str], str], kit: Any
) -> None:
    engine = engines(model_path=fake_model("fine"))
    assert isinstance(engine, SegmentEngine)
    await engine.start()
    assert engine.languages == ("en",)
    assert engine.problem is None
    result = await engine.recognize(segment(kit.SAY))
    assert result is not None
    assert result.is_final
    assert result.text.startswith("hello there")
    assert (result.start, result.length) == (0.0, 0.0)  # which means just that
    assert [(w.text, w.start, w.length) for w in result.words] == [("hello", 0.0, 0.5), ("there", 0.5, 0.5)]
    assert result.confidence == 0.85
    assert result.language == ""  # as it was asked for
    interim = await engine.recognize(segment(kit.SAY, is_final=False))
    assert interim is not None
    assert not interim.is_final


async def test_a_language_that_is_found_out_is_told(
    engines: Callable[..., WhisperEngine], fake_model: Callable[..., str], kit: Any
) -> None:
    engine = engines(model_path=fake_model("fine", 51_865), unknown_language="detect")
    await engine.start()
    assert engine.languages[0] == "*"
    result = await engine.recognize(segment(kit.SAY, "*"))
    assert result is not None
    assert result.language == "de"  # the fake hears German when it is not told
    assert await engine.recognize(segment(kit.SAY, "xx")) is None


async def test_a_piece_that_kills_workers_is_dropped(
    engines: Callable[..., WhisperEngine], fake_model: Callable[[str], str], kit: Any
) -> None:
    engine = engines(model_path=fake_model("fine"))
    await engine.start()
    with pytest.raises(SegmentDroppedError, match="a worker was lost with it"):
        await engine.recognize(segment(kit.KILL))
    assert engine.totals.restarts == 2


async def test_without_a_model_it_says_what_to_do(engines: Callable[..., WhisperEngine]) -> None:
    with pytest.raises(ModelError, match=r"no model: set plugins\.whisper\.model_path to the directory"):
        await engines().start()
    with pytest.raises(ModelError, match="is no directory"):
        await engines(model_path="/nowhere/model").start()


async def test_a_model_that_is_none(
    engines: Callable[..., WhisperEngine], fake_model: Callable[[str], str]
) -> None:
    engine = engines(model_path=fake_model("refuse"))
    with pytest.raises(ModelError, match="the model is no model"):
        await engine.start()
    assert engine.problem == "the model is no model"


async def test_a_big_model_does_not_hold_up_the_start(
    engines: Callable[..., WhisperEngine],
    fake_model: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("audiohook_fw_whisper.engine._PATIENCE", 0.1)
    engine = engines(model_path=fake_model("slow"))
    async with asyncio.timeout(30):
        await engine.start()
    assert engine.problem == "the models are still being loaded"
    assert "still being loaded" in caplog.text


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(16)))
    assert [_share(workers) for workers in (1, 4, 8, 16, 32)] == [4, 4, 2, 1, 1]
