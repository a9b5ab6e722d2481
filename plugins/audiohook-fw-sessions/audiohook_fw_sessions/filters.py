"""`Filter`: which sessions somebody asks for, read from texts; and as conditions of a query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, select

from audiohook_fw import PauseOrigin

from .rows import first_id
from .schema import pauses, sessions, tags
from .search import said

__all__ = ["NAMES", "STATES", "Filter", "FilterError", "conditions", "read_filter", "read_id"]

STATES: Final = ("open", "ended", "rejected", "interrupted")
"""`interrupted`: the server was killed before the call's end was written."""

NAMES: Final = (
    *("since", "until", "key", "organization", "queue", "conversation", "state", "tag", "min_seconds"),
    *("search", "paused"),
)
"""What can be filtered by."""

_NO_TEXTS: Final = ("tag", "min_seconds", "paused")
_LONGEST: Final = 500
_WORD: Final = re.compile(r"\w+")
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_MOMENT: Final = "write a day as 2026-01-31, or a time as 2026-01-31T09:30"


class FilterError(ValueError):
    """A filter that means nothing; `name` says which."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


@dataclass(frozen=True, slots=True)
class Filter:
    """Sessions that are all of this. Times are UTC; `until` is excluded.

    `paused`: with a pause that was, or may have been, the client's own.
    """

    since: datetime | None = None
    until: datetime | None = None
    key: str = ""
    organization: str = ""
    queue: str = ""
    conversation: str = ""
    state: str = ""
    tags: tuple[tuple[str, str | None], ...] = ()
    min_seconds: float | None = None
    words: tuple[str, ...] = field(default=(), repr=False)
    paused: bool = False


def read_filter(given: Mapping[str, Any]) -> Filter:
    """Read a filter; `tag` may be a list, all else are texts or numbers. Empty ones are none.

    Raises:
        FilterError: one of them means nothing.
    """
    short = {name: _short(name, given.get(name)) for name in NAMES if name not in _NO_TEXTS}
    since = _moment("since", short["since"])
    until = _moment("until", short["until"], end=True)
    if since is not None and until is not None and since >= until:
        raise FilterError("since", f"{short['since']} is not before the end, {short['until']}")
    if short["state"] and short["state"] not in STATES:
        raise FilterError("state", f"{short['state']!r} is no state; there are {', '.join(STATES)}")
    words = tuple(_WORD.findall(short["search"]))
    if short["search"] and not words:
        raise FilterError("search", "holds no word to look for")
    return Filter(
        since=since,
        until=until,
        key=short["key"],
        organization=short["organization"].lower(),
        queue=short["queue"],
        conversation=short["conversation"].lower(),
        state=short["state"],
        tags=tuple(_tag(tag) for tag in given.get("tag") or ()),
        min_seconds=_seconds(given.get("min_seconds")),
        words=words,
        paused=_truth("paused", given.get("paused")),
    )


def read_id(name: str, value: object) -> str:
    """Read the id of a session; an empty one is none.

    Raises:
        FilterError: that is no id.
    """
    found = _short(name, value).lower()
    if found and not re.fullmatch(r"[0-9a-f]{32}", found):
        raise FilterError(name, f"{found[:50]!r} is no id of a session; it is on the page before")
    return found


def conditions(wanted: Filter, dialect: str) -> list[ColumnElement[bool]]:
    """Return what a query over `sessions` has to hold."""
    c = sessions.c
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(c.id >= first_id(wanted.since))
    if wanted.until is not None:
        found.append(c.id < first_id(wanted.until))
    for value, col in (
        (wanted.key, c.key_name),
        (wanted.organization, c.organization_id),
        (wanted.conversation, c.conversation_id),
        (wanted.state, c.state),
    ):
        if value:
            found.append(col == value)
    if wanted.queue:
        # Not either of them: then no index gives the newest first.
        is_id = _UUID.fullmatch(wanted.queue) is not None
        found.append(c.queue_id == wanted.queue.lower() if is_id else c.queue_name == wanted.queue)
    if wanted.min_seconds is not None:
        found.append(c.seconds >= wanted.min_seconds)
    for name, value_or_any in wanted.tags:
        tagged = select(tags.c.session).where(tags.c.name == name)
        found.append(c.id.in_(tagged if value_or_any is None else tagged.where(tags.c.value == value_or_any)))
    if wanted.paused:
        own = pauses.c.origin != str(PauseOrigin.SERVER)
        found.append(exists().where(pauses.c.session == c.id, own))
    if wanted.words:
        found.append(c.id.in_(said(wanted.words, dialect)))
    return found


def _short(name: str, value: object) -> str:
    value = str(value or "").strip()
    if len(value) > _LONGEST or "\0" in value:
        raise FilterError(name, f"is longer than {_LONGEST} characters, or holds a NUL")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise FilterError(name, "is no text") from None
    return value


def _moment(name: str, value: str, *, end: bool = False) -> datetime | None:
    if not value:
        return None
    try:
        if len(value) == 10:
            day = date.fromisoformat(value)
            if end and day == date.max:
                return datetime.max.replace(tzinfo=UTC)
            day += timedelta(days=1 if end else 0)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        at = datetime.fromisoformat(value)
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FilterError(name, f"{value!r} is no time; {_MOMENT}") from None


def _seconds(value: object) -> float | None:
    if value is None or value == "":
        return None
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise FilterError("min_seconds", f"{value!r} is no number of seconds from 0")
    return seconds


def _truth(name: str, value: object) -> bool:
    said = str(value or "false").lower()
    if said not in ("true", "false"):
        raise FilterError(name, f"{said[:20]!r} is neither true nor false")
    return said == "true"


def _tag(value: object) -> tuple[str, str | None]:
    name, equals, wanted = _short("tag", value).partition("=")
    if not name:
        raise FilterError("tag", f"{value!r} names no tag; write NAME or NAME=VALUE")
    return name, wanted if equals else None
