"""Read a list of words once, before the first call; without it the plugin is of no use."""

from __future__ import annotations

import asyncio
import warnings
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from audiohook_fw import AudiohookDeprecationWarning, ConfigError, PluginError, ServerContext, hookimpl


class Settings(BaseModel):
    """The section `[plugins.on_startup]`."""

    model_config = ConfigDict(extra="forbid")

    words: Path = Path("words.txt")
    file: Path | None = None  # what `words` was called once


words: set[str] = set()


@hookimpl
async def on_startup(server: ServerContext, settings: Settings) -> None:
    """Raise when it cannot work: the plugin is then `failed`, and its record says why."""
    if settings.file is not None:
        warnings.warn(
            "plugins.on_startup.file: rename it to words", AudiohookDeprecationWarning, stacklevel=1
        )
    try:
        text = await asyncio.to_thread((settings.file or settings.words).read_text, encoding="utf-8")
    except OSError as error:
        raise ConfigError("plugins.on_startup.words", f"cannot be read: {error.strerror}") from error
    words.update(text.split())
    if not words:
        raise PluginError("on_startup", f"there is no word in {settings.words}", hook="on_startup")
