"""Which events are kept, and what of them."""

from __future__ import annotations

import json
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any, Final

from audiohook_fw import BotTurnResponse, Event, RecordingFinished, Transcript

from .rows import cut, iso, text
from .settings import SessionsSettings

__all__ = ["kept_of", "recording_row"]

_TEXT: Final = 20_000
"""Characters of an utterance that can be searched."""
_BIGGEST: Final = 2**63
_MOST: Final = 2**31 - 1


def kept_of(event: Event, settings: SessionsSettings) -> dict[str, Any] | None:
    """Return the columns of an event; `None` for one that is not wanted, or that another one replaces."""
    if event.is_interim() or not any(fnmatchcase(event.event_type, wanted) for wanted in settings.events):
        return None
    hidden: set[str] = set()
    said: str | None = None
    if isinstance(event, Transcript):
        hidden = {"text", "words"}
        said = event.text
    elif isinstance(event, BotTurnResponse):
        hidden = {"text"}
        said = event.text
    body = _body(event, set() if settings.transcripts else hidden)
    if body is not None and len(body.encode()) > settings.event_bytes:
        body = None
    return {
        "type": text(event.event_type),
        "channel": text(getattr(event, "channel", None)) or None,
        "start": _number(event, "start"),
        "length": _number(event, "length"),
        "text": cut(said, _TEXT) if said and settings.transcripts else None,
        "body": body,
    }


def recording_row(event: RecordingFinished) -> dict[str, Any]:
    """Return the row of a recording."""
    return {
        "id": text(event.id),
        "session_id": text(event.session_id).lower(),
        "conversation_id": text(event.conversation_id).lower(),
        "organization_id": text(event.organization_id).lower(),
        "at": iso(),
        "url": cut(event.url, 2_000),
        "state": event.state,
        "format": text(event.format),
        "rate": min(event.rate, _MOST),
        "channels": min(event.channels, _MOST),
        "samples": _number(event, "samples"),
        "size": _number(event, "size"),
        "sha256": text(event.sha256) or None,
    }


def _body(event: Event, hidden: set[str]) -> str | None:
    """Return an event as JSON; what JSON has no number for is null."""
    with suppress(ValueError):  # halves of characters, or a class that holds what is no JSON
        return event.model_dump_json(exclude=hidden or None)
    try:
        body = json.dumps(event.model_dump(mode="json", exclude=hidden), ensure_ascii=False, allow_nan=False)
    except ValueError:
        return None
    return cut(body, len(body))


def _number(event: Event, name: str) -> int | None:
    value = getattr(event, name, None)
    return value if type(value) is int and -_BIGGEST <= value < _BIGGEST else None
