"""The plugin: a filter before everybody who sees transcripts."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from audiohook_fw import (
    BotTurnResponse,
    Commands,
    Event,
    PluginInfo,
    ServerContext,
    Session,
    SessionClosedError,
    StashKey,
    Transcript,
    hookimpl,
)

from .cli import make_app
from .events import Redacted
from .extensions import load_recognisers
from .memory import CallMemory
from .metrics import make_instruments
from .redactor import Redactor
from .settings import RedactSettings

__all__ = ["Redact"]

_MEMORY: Final = StashKey[CallMemory]()
_RATE: Final = 8000


class Redact:
    """Takes personal data out of transcripts before other plugins and Genesys see them."""

    Settings = RedactSettings
    info = PluginInfo(summary="Takes personal data out of transcripts", emits=(Redacted,))

    def __init__(self, settings: RedactSettings) -> None:
        self._settings = settings
        self._redactor = Redactor(settings, load_recognisers(settings))

    @hookimpl
    def on_startup(self, server: ServerContext) -> None:
        """Make the metrics."""
        make_instruments(server.meter, self._redactor)

    @hookimpl
    def register_commands(self, commands: Commands) -> None:
        """Offer `audiohook-fw redact`."""
        commands.add(make_app(self._settings))

    @hookimpl
    def filter_event(self, session: Session, event: Event) -> Event | None:
        """Return transcripts and a bot's turns without personal data, and other events as they are."""
        if isinstance(event, Transcript):
            return self._transcript(session, event)
        if isinstance(event, BotTurnResponse) and event.text:
            said = Transcript(channel="internal", text=event.text, start=0, length=0)
            outcome = self._redactor.redact(said, CallMemory(), language=session.language or "")
            return event.model_copy(update={"text": outcome.event.text}) if outcome.findings else event
        return event

    def _transcript(self, session: Session, event: Transcript) -> Event | None:
        if not event.is_final and self._settings.interims == "drop":
            return None
        memory = session.stash.setdefault(_MEMORY, CallMemory())
        rate = session.media.rate if session.media is not None else _RATE
        outcome = self._redactor.redact(event, memory, rate=rate, language=session.language or "")
        with suppress(SessionClosedError):
            for span in outcome.spans:
                session.emit(span)
        return outcome.event
