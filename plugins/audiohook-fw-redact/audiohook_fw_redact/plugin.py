"""The plugin: a filter before everybody who sees transcripts."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final, TypeVar

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
from .fields import change_texts
from .memory import CallMemory
from .metrics import make_instruments
from .redactor import Redactor
from .settings import RedactSettings

__all__ = ["Redact"]

E = TypeVar("E", bound=Event)

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
        """Return transcripts, a bot's turns and what `events` names without personal data."""
        if isinstance(event, Transcript):
            return self._transcript(session, self._with_texts(session, event, _own_fields(event, Transcript)))
        if isinstance(event, BotTurnResponse):
            return self._with_texts(session, event, ("text", *_own_fields(event, BotTurnResponse)))
        return self._with_texts(session, event, self._settings.events.get(event.event_type, ()))

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

    def _with_texts(self, session: Session, event: E, names: Iterable[str]) -> E:
        """Return an event with each text in these fields redacted, by itself."""

        def redact(text: str) -> str:
            said = Transcript(channel="internal", text=text, start=0, length=0)
            return self._redactor.redact(said, CallMemory(), language=session.language or "").event.text

        return change_texts(event, names, redact)


def _own_fields(event: Event, base: type[Event]) -> list[str]:
    """Return the fields that a plugin's own kind of an event has beside those of the kind it is of."""
    return [name for name in type(event).model_fields if name not in base.model_fields]
