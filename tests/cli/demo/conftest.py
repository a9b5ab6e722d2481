"""The demo, played once at high speed for all tests that look at its result."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from audiohook_fw.cli.demo.play import play_calls
from audiohook_fw.cli.demo.show import Screen
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
