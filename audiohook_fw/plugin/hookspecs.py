"""Every hook of audiohook_fw. The docstrings are the reference; `docs/reference` is made from them.

Implementations take any subset of the arguments by name. Five families, five contracts:
process (once per server), connection (before the upgrade), decision (before `opened`), call
(one handler per accepted call), event (no result, isolated per plugin) and filter (sync, ordered).
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from .markers import hookspec

if TYPE_CHECKING:
    from aiohttp import web

    from audiohook_fw.audio import AudioFrame
    from audiohook_fw.auth import Credential
    from audiohook_fw.protocol import MediaFormat
    from audiohook_fw.session import Session

    from .decisions import Decision
    from .events import Event
    from .handler import SessionHandler
    from .process import Commands, Routes, ServerContext
    from .values import ClientError, CloseReason, Gap, PauseOrigin, Playback, SessionSummary, Update

Result = Awaitable[None] | None


# process family ---------------------------------------------------------------------------------


@hookspec
def on_startup(server: ServerContext, settings: Any) -> Result:
    """Prepare the plugin, once, before the first call."""


@hookspec
def on_shutdown(server: ServerContext) -> Result:
    """Let go of everything, once, after the last call."""
