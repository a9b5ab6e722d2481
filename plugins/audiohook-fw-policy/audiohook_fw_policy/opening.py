"""The `open` of a call that is only thought of, for `audiohook-fw policy test`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from audiohook_fw import AudiohookError
from audiohook_fw.protocol import Open

from .facts import Facts
from .reading import is_uuid
from .rules import RuleSet

__all__ = ["OpeningError", "Supposed", "read_open", "read_time"]

_YEARS: Final = (1900, 9000)
"""Times that can be told in every time zone."""


class OpeningError(AudiohookError):
    """Raised when a supposed call makes no sense: says what and what is allowed."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """What `open` does not carry, and a number of active calls; also the counts of `Facts`."""

    organization: str = ""
    key: str = ""
    at: datetime | None = None
    queues: tuple[str, ...] = ()
    active: int = 0

    def others(self, kind: str, name: str) -> int:
        """Return the supposed number, whatever is counted."""
        return self.active

    def facts(self, opening: Open, rules: RuleSet) -> Facts:
        """Return what rules are asked about."""
        ids = [queue.lower() for queue in self.queues if is_uuid(queue.lower())]
        names = [queue.lower() for queue in self.queues if not is_uuid(queue.lower())]
        return Facts(
            organization=(self.organization or opening.organization_id).lower(),
            conversation=opening.conversation_id.lower(),
            key=self.key.lower(),
            ani=rules.numbers.normal(opening.participant.ani),
            dnis=rules.numbers.normal(opening.participant.dnis),
            language=(opening.language or "").lower(),
            custom=opening.custom_config or {},
            at=self.at or datetime.now(UTC),
            counts=self,
            # Who names the queue one way means that the other way is not asked for.
            queue_id=(ids or [""])[0] if self.queues else None,
            queue_name=names[0] if names else None,
        )


def read_open(path: Path) -> Open:
    """Return the `open` of a JSON file: the whole message, or only its parameters.

    Raises:
        OpeningError: it is none. OSError: it cannot be read.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        place = f" on line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise OpeningError(f"{path}: is no JSON{place}; write the open message as Genesys sends it") from None
    if isinstance(content, dict) and isinstance(content.get("parameters"), dict):
        if content.get("type", "open") != "open":
            raise OpeningError(f"{path}: is a message of another type; write the open message")
        content = content["parameters"]
    try:
        return Open.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the content"
        raise OpeningError(
            f"{path}: {where}: {first['msg']}; write the open message as Genesys sends it"
        ) from None


def read_time(text: str, zone: str) -> datetime:
    """Return an ISO time; one without offset is in that zone, in UTC when there is none.

    Raises:
        OpeningError: it is none.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise OpeningError(
            f'--at: "{text}" is no time; allowed: ISO 8601 such as 2026-03-29T14:30 or 2026-03-29T14:30+02:00'
        ) from None
    if not _YEARS[0] <= time.year <= _YEARS[1]:
        raise OpeningError(f'--at: "{text}" is out of range; allowed: the years {_YEARS[0]} to {_YEARS[1]}')
    return time if time.tzinfo is not None else time.replace(tzinfo=ZoneInfo(zone or "UTC"))
