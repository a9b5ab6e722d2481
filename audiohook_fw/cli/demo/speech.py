"""The third act of the demo: what was said, in which mood, live, and written down beside the recording."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audiohook_fw.client import AudioSource, CallOptions, CallReport
from audiohook_fw.server import run

from .checks import Check
from .listener import Listener
from .script import Scene, timing
from .show import Screen
from .speech_checks import check_speech
from .speech_stage import TRANSCRIPTS, speech_stage
from .watched import play_scene

__all__ = ["NAME", "Speech", "play_speech"]

NAME: Final = "spoken"
"""The call by name."""

_FASTEST: Final = 2.0
"""Seconds of call time in one second: recognising speech takes its time."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What is left of the act: the report of its call, where its files are, and who listened."""

    report: CallReport
    directory: Path
    listener: Listener

    def checks(self) -> Iterator[Check]:
        """Yield every check of the act. Reads files: blocks."""
        yield from check_speech(self.report, self.directory, self.conversations, self.listener.said)

    def rows(self) -> Iterator[tuple[str, CallReport, Path | None]]:
        """Yield name, report and recording of the call."""
        path = self.directory / f"{self.report.ids.session}.wav"
        yield NAME, self.report, path if path.exists() else None

    @property
    def conversations(self) -> Path:
        """Where the conversation is."""
        return self.directory / TRANSCRIPTS


def play_speech(into: Path, speed: float, model: Path, screen: Screen) -> Speech:
    """Play the act's call; return what is left once the server has stopped. Blocks.

    What is said is printed meanwhile.

    Args:
        into: a new directory for its files is made there. speed: seconds of call time in one second.
        model: directory of the speech model.

    Raises:
        OSError: the directory cannot be made. PluginError: a plugin cannot start.
    """
    directory = into / f"speech-{secrets.token_hex(3)}"
    directory.mkdir(parents=True)
    listener = Listener(screen.line, screen.faces)
    with screen.logs():
        report = run(_call(directory, min(speed, _FASTEST), model, listener, screen))
    return Speech(report, directory, listener)


async def _call(directory: Path, speed: float, model: Path, listener: Listener, screen: Screen) -> CallReport:
    async with speech_stage(directory, model, listener) as it:
        screen.introduce(it.server)
        scene = _scene(it.server.url, it.key.api_key, it.key.secret, speed)
        return await play_scene(scene, screen, lambda report: report.as_scripted)


def _scene(url: str, api_key: str, secret: bytes, speed: float) -> Scene:
    conversation = AudioSource.conversation()
    assert conversation.duration is not None, "the conversation has an end"
    options = CallOptions(
        url=url,
        api_key=api_key,
        secret=secret,
        speed=speed,
        language="en-US",
        source=conversation,
        duration=conversation.duration,
        timing=timing(speed),
        keep_audio=True,
    )
    return Scene(NAME, "Genesys hears what was said (Transcription Connector)", options)
