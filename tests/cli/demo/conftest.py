"""The demo, played at high speed for all tests that look at its result: each act once, and once the whole."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from audiohook_fw.cli.demo.choice import Choice, play_choice
from audiohook_fw.cli.demo.play import play, play_calls
from audiohook_fw.cli.demo.show import Screen
from audiohook_fw.cli.demo.speech import Speech, play_speech
from audiohook_fw.cli.demo.speech_stage import model_directory
from audiohook_fw.client import CallReport

SPEED = 20.0


@dataclass(frozen=True)
class Played:
    """What is left of a demo."""

    probe: CallReport
    declined: CallReport
    recorded: CallReport
    directory: Path
    output: str

    @property
    def wav(self) -> Path:
        return self.directory / f"{self.recorded.ids.session}.wav"

    @property
    def sidecar(self) -> Path:
        return self.wav.with_suffix(".json")


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The calls of one demo, and the recording."""
    directory = tmp_path_factory.mktemp("demo")
    output = io.StringIO()
    reports = play_calls(directory, SPEED, Screen(Console(file=output, width=100)))
    return Played(*reports, directory, output.getvalue())


@dataclass(frozen=True)
class Chosen:
    """What is left of the second act."""

    choice: Choice
    into: Path
    output: str

    @property
    def wanted(self) -> CallReport:
        return self.choice.reports[0]

    @property
    def unwanted(self) -> CallReport:
        return self.choice.reports[1]

    @property
    def foreign(self) -> CallReport:
        return self.choice.reports[2]

    @property
    def database(self) -> Path:
        return self.choice.directory / "cost.sqlite"


@pytest.fixture(scope="session")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Chosen:
    """The calls of a second act, and its files."""
    into = tmp_path_factory.mktemp("chosen")
    output = io.StringIO()
    choice = play_choice(into, SPEED, Screen(Console(file=output, width=100)))
    return Chosen(choice, into, output.getvalue())


@dataclass(frozen=True)
class Spoken:
    """What is left of the third act."""

    speech: Speech
    output: str


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    """The call of a third act, what was said in it, and its files."""
    output = io.StringIO()
    model = model_directory()
    assert model is not None, "run make model"
    with redirect_stdout(output):
        screen = Screen(Console(width=100, soft_wrap=True))
        speech = play_speech(tmp_path_factory.mktemp("spoken"), SPEED, model, screen)
    return Spoken(speech, output.getvalue())


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a whole demo shows that went well, on 80 columns."""
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("shown"))
        patch.setattr("sys.argv", ["audiohook-fw"])
        patch.setattr("audiohook_fw.cli.demo.play.model_directory", lambda: None)  # `spoken` plays that act
        screen = Screen(Console(file=output, width=80, soft_wrap=True))
        assert play(Path("demo-output"), SPEED, screen), output.getvalue()
    return output.getvalue()
