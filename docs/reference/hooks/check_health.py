"""Say so when the disk is nearly full, so that balancers send new calls elsewhere."""

from __future__ import annotations

import asyncio
import shutil

from pydantic import BaseModel, ConfigDict

from audiohook_fw import ServerContext, hookimpl


class Settings(BaseModel):
    """The section `[plugins.check_health]`."""

    model_config = ConfigDict(extra="forbid")

    free_bytes: int = 1_000_000_000


wanted = Settings()


@hookimpl
def on_startup(settings: Settings) -> None:
    """Keep the settings: hooks without a session get them here."""
    global wanted
    wanted = settings


@hookimpl
async def check_health(server: ServerContext) -> str | None:
    """Ask the disk in a thread; it may be slow."""
    free = (await asyncio.to_thread(shutil.disk_usage, ".")).free
    return None if free >= wanted.free_bytes else f"only {free:,} bytes are left on the disk"
