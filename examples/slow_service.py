"""A lane plugin: it tells a slow web service about each call, and never keeps a call waiting.

    [plugins.slow_service]
    url = "https://crm.example.com/calls"

Its functions are `async def`, so they run in this plugin's own lane: in order, and as slowly as they like.
Audio that comes meanwhile waits there, up to `limits.lane_seconds`.
"""

from __future__ import annotations

import logging

import aiohttp
from pydantic import BaseModel, ConfigDict, Field

from audiohook_fw import (
    AudioFrame,
    PluginInfo,
    ServerContext,
    Session,
    SessionHandler,
    SessionSummary,
    hookimpl,
)

logger = logging.getLogger(__name__)


class ServiceSettings(BaseModel):
    """The section `[plugins.slow_service]`."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(default="http://127.0.0.1:9000/calls", description="Where calls are reported.")
    timeout: float = Field(default=20.0, gt=0, description="Seconds that the service may take.")


class Reporter(SessionHandler):
    """Reports the beginning and the end of one call."""

    def __init__(self, session: Session, http: aiohttp.ClientSession, settings: ServiceSettings) -> None:
        self._session = session
        self._http = http
        self._url = settings.url
        self._ticket = ""
        self._audio = 0

    async def on_opened(self) -> None:
        """Ask for a ticket: slow work belongs here, after `opened`, never in `on_open`."""
        call = {"conversation": self._session.conversation_id, "session": self._session.id}
        async with self._http.post(self._url, json=call, raise_for_status=True) as response:
            self._ticket = (await response.json())["ticket"]

    async def on_audio(self, frame: AudioFrame) -> None:
        """Count what came, also what came while the ticket was awaited."""
        self._audio += frame.length

    async def on_end(self, summary: SessionSummary) -> None:
        """Close the ticket, after the client was answered."""
        report = {"reason": summary.reason, "seconds": self._audio / summary.rate}
        async with self._http.put(f"{self._url}/{self._ticket}", json=report, raise_for_status=True):
            logger.info("reported")


class SlowServicePlugin:
    """One HTTP client for all calls."""

    Settings = ServiceSettings
    info = PluginInfo(summary="Reports calls to a web service")

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._http: aiohttp.ClientSession | None = None

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Make the client, once, on the server's loop."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self._settings.timeout))

    @hookimpl
    async def on_shutdown(self, server: ServerContext) -> None:
        """Close it after the last call."""
        if self._http is not None:
            await self._http.close()

    @hookimpl
    def create_handler(self, session: Session) -> Reporter | None:
        """Report every call."""
        return Reporter(session, self._http, self._settings) if self._http is not None else None
