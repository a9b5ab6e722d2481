"""`Facts`: what rules are asked about a call, each thing in the form in which conditions compare it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

__all__ = ["PRIME", "Counts", "Facts", "as_text", "draw_of"]

PRIME: Final = 2**61 - 1
"""Conversations are drawn from the numbers below it."""


class Counts(Protocol):
    """How many calls are active."""

    def others(self, kind: str, name: str) -> int:
        """Return how many other calls are active with this key, organization or queue; `all` has no name."""


def draw_of(text: str) -> int:
    """Return a number below `PRIME` that is spread evenly, and the same for the same text anywhere."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest()) % PRIME


def as_text(value: object) -> str:
    """Return a value of JSON or of a rule file as one text, so that `5` and `"5"` are equal."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(slots=True)
class Facts:
    """One call.

    Attributes:
        organization, conversation: ids in small letters. key: the API key's name, in small letters.
        ani, dnis: numbers as `NumberPlan.normal` returns them; empty when there is none.
        language: in small letters, or empty.
        custom: the integration's custom configuration.
        at: when the call began.
        counts: of active calls.
        queue_id, queue_name: in small letters; `None` while they are not known.
        draw: the conversation's number, of which samples are made.
    """

    organization: str = ""
    conversation: str = ""
    key: str = ""
    ani: str = field(default="", repr=False)
    dnis: str = field(default="", repr=False)
    language: str = ""
    custom: Mapping[str, Any] = field(default_factory=dict, repr=False)
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    counts: Counts | None = None
    queue_id: str | None = None
    queue_name: str | None = None
    draw: int = field(init=False)
    _minutes: dict[str, int] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict, repr=False)
    _others: dict[str, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.draw = draw_of(self.conversation)

    def custom_text(self, path: str) -> str | None:
        """Return the custom value of that name, or on that way through tables, as a text, or `None`."""
        if path not in self._texts:
            value: Any = self.custom.get(path)
            if value is None:
                value = self.custom
                for key in path.split("."):
                    value = value.get(key) if isinstance(value, Mapping) else None
            self._texts[path] = None if value is None else as_text(value)
        return self._texts[path]

    def minute_of_week(self, zone: ZoneInfo) -> int:
        """Return the minute since Monday, midnight, in a time zone."""
        minute = self._minutes.get(zone.key)
        if minute is None:
            local = self.at.astimezone(zone)
            minute = (local.weekday() * 24 + local.hour) * 60 + local.minute
            self._minutes[zone.key] = minute
        return minute

    def others(self, kind: str) -> int | None:
        """Return how many other calls are active of the same kind; `None` while the queue is not known."""
        if kind not in self._others:
            self._others[kind] = self._count(kind)
        return self._others[kind]

    def _count(self, kind: str) -> int | None:
        name = {
            "all": "",
            "key": self.key,
            "organization": self.organization,
            "queue": self.queue_id or self.queue_name,
        }[kind]
        if name is None or (kind == "queue" and not name):
            return None
        return self.counts.others(kind, name) if self.counts is not None else 0
