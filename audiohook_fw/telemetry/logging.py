"""Logging with the standard library: text for people or JSON for machines, each record with its call's ids.

Nothing here formats headers, messages of the protocol or settings: what is not passed to a logger
cannot leak. Ids come from `log_context`, so plugins that log as usual get them too.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, TextIO

__all__ = [
    "CONTEXT_FIELDS",
    "JsonFormatter",
    "TextFormatter",
    "current_context",
    "log_context",
    "set_log_context",
    "setup_logging",
]

CONTEXT_FIELDS: Final = ("session_id", "conversation_id", "plugin", "hook")
"""What a record can say about where it belongs."""

_context: ContextVar[Mapping[str, str] | None] = ContextVar("audiohook_log_context", default=None)

_QUIET: Final = {
    "aiohttp.access": "WARNING",
    "aiosqlite": "WARNING",  # tells each statement with its values, and so what was said in calls
    "asyncio": "WARNING",
    "opentelemetry": "WARNING",
    "opentelemetry.exporter": "ERROR",  # warns at each of many retries while a collector is down
    "urllib3": "WARNING",
}
"""Loggers of libraries that speak of every request or retry, and from which level on they are heard."""


@contextmanager
def log_context(
    *, session_id: str = "", conversation_id: str = "", plugin: str = "", hook: str = ""
) -> Iterator[None]:
    """Add ids to every record logged in this block, and in tasks and threads that copy its context.

    Blocks nest: an empty value leaves that of the outer block.
    """
    given = {"session_id": session_id, "conversation_id": conversation_id, "plugin": plugin, "hook": hook}
    token = _context.set({**current_context(), **{name: value for name, value in given.items() if value}})
    try:
        yield
    finally:
        _context.reset(token)


def set_log_context(*, session_id: str = "", conversation_id: str = "") -> None:
    """Add ids to every record logged from now on in the present context: for one that ends with the call."""
    given = {"session_id": session_id, "conversation_id": conversation_id}
    _context.set({**current_context(), **{name: value for name, value in given.items() if value}})


def current_context() -> Mapping[str, str]:
    """Return the ids that a record logged here would get."""
    return _context.get() or {}


def setup_logging(level: str = "info", format: str = "text", *, stream: TextIO | None = None) -> None:  # noqa: A002
    """Send all log records of the process to standard error (or `stream`); again replaces the first time.

    Call it in programs, never in a library: it sets up the root logger.

    Args:
        level: `debug`, `info`, `warning` or `error`.
        format: `text` or `json`.
        stream: where to write instead.
    """
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(handler)
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    handler.addFilter(_add_context)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a second `setup_logging` finds it among those of an embedding application."""


def _add_context(record: logging.LogRecord) -> bool:
    for name, value in current_context().items():
        record.__dict__.setdefault(name, value)
    return True


def _ids(record: logging.LogRecord) -> dict[str, str]:
    return {name: str(record.__dict__[name]) for name in CONTEXT_FIELDS if record.__dict__.get(name)}


def _time(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


class TextFormatter(logging.Formatter):
    """One line a record, ids at its end; control characters of a message are escaped, tracebacks follow."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        ids = " ".join(f"{name}={_printable(value)}" for name, value in _ids(record).items())
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {_printable(record.getMessage())}"
        parts = [f"{line} [{ids}]" if ids else line]
        if record.exc_info:
            parts.append(self.formatException(record.exc_info))
        if record.stack_info:
            parts.append(record.stack_info)
        return "\n".join(parts)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, ids, and error and stack where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON text of a record."""
        fields: dict[str, str] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_ids(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            fields["error"] = record.exc_info[0].__qualname__
            fields["traceback"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = record.stack_info
        return json.dumps(fields, ensure_ascii=False)


def _printable(text: str) -> str:
    """Escape control characters: what came over the wire must not forge a line of the log."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
