"""Read a list of words once, before the first call; without it the plugin is of no use."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from audiohook_fw import ConfigError, PluginError, ServerContext, hookimpl


class Settings(BaseModel):
    """The section `[plugins.on_startup]`."""

    model_config = ConfigDict(extra="forbid")

    words: Path = Path("words.txt")


words: set[str] = set()


@hookimpl
async def on_startup(server: ServerContext, settings: Settings) -> None:
    """Raise when it cannot work: the plugin is then `failed`, and its record says why."""
    try:
        text = await asyncio.to_thread(settings.words.read_text, encoding="utf-8")
    except OSError as error:
        raise ConfigError("plugins.on_startup.words", f"cannot be read: {error.strerror}") from error
    words.update(text.split())
    if not words:
        raise PluginError("on_startup", f"there is no word in {settings.words}", hook="on_startup")
