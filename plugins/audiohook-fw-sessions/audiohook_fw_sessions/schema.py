"""The tables, as this version writes and reads them; `migrations` makes them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "CHILDREN",
    "METADATA",
    "TABLES",
    "discards",
    "erasures",
    "errors",
    "events",
    "failures",
    "pauses",
    "recordings",
    "sessions",
    "tags",
]

METADATA: Final = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _part_of_session() -> tuple[Column[str], Column[int]]:
    """The key of what belongs to a session: its own number there."""
    return Column("session", Text, primary_key=True), Column("number", Integer, primary_key=True)


sessions = Table(
    "sessions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    _text("session_id"),
    _text("conversation_id"),
    _text("organization_id"),
    _text("correlation_id"),
    _text("key_name"),
    _text("product"),
    _text("node"),
    _text("process"),
    _text("participant_id"),
    Column("ani", Text),
    Column("ani_name", Text),
    Column("dnis", Text),
    Column("retry_attempt", Integer),
    _text("continued"),
    _text("started_at"),
    Column("ended_at", Text),
    _text("state"),
    _text("decision"),
    _text("decided_by"),
    _text("decision_reason"),
    _text("decision_info"),
    Column("start_paused", Boolean),
    Column("discard_to", Float),
    Column("reason", Text),
    Column("media", Text),
    Column("channels", Text),
    Column("rate", Integer),
    Column("language", Text),
    _text("queue_id"),
    _text("queue_name"),
    Column("seconds", Float),
    Column("position", BigInteger),
    Column("audio", BigInteger),
    Column("paused", BigInteger),
    Column("discarded", BigInteger),
    Column("dropped", BigInteger),
    Column("rtt_count", Integer),
    Column("rtt_min", Float),
    Column("rtt_mean", Float),
    Column("rtt_p95", Float),
    Column("rtt_max", Float),
    Column("rtt_last", Float),
    Column("counts", Text),
    Index("sessions_by_conversation", "conversation_id", "id"),
    Index("sessions_by_session_id", "session_id"),
    Index("sessions_by_key", "key_name", "id"),
    Index("sessions_by_organization", "organization_id", "id"),
    Index("sessions_by_queue", "queue_id", "id"),
    Index("sessions_by_queue_name", "queue_name", "id"),
    Index("sessions_by_state", "state", "id"),
)

tags = Table(
    "tags",
    METADATA,
    Column("session", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    _text("value"),
    Index("tags_by_value", "name", "value", "session"),
)

pauses = Table(
    "pauses",
    METADATA,
    *_part_of_session(),
    Column("revision", Integer, nullable=False),
    _text("at"),
    _text("origin"),
    Column("start", BigInteger, nullable=False),
    Column("length", BigInteger),
    Column("clamped", Boolean),
)

discards = Table(
    "discards",
    METADATA,
    *_part_of_session(),
    _text("at"),
    Column("start", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("clamped", Boolean, nullable=False),
)

errors = Table(
    "errors",
    METADATA,
    *_part_of_session(),
    _text("at"),
    Column("position", BigInteger, nullable=False),
    Column("code", Integer, nullable=False),
    _text("message"),
    Column("retry_after", Float),
)

failures = Table(
    "failures",
    METADATA,
    Column("session", Text, primary_key=True),
    Column("plugin", Text, primary_key=True),
    Column("faults", Integer, nullable=False),
    Column("dropped", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("dropped_events", Integer, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("quarantined", Boolean, nullable=False),
)

events = Table(
    "events",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("session", Text, nullable=False),
    Column("number", Integer, nullable=False),
    _text("at"),
    _text("type"),
    Column("channel", Text),
    Column("start", BigInteger),
    Column("length", BigInteger),
    Column("text", Text),
    Column("body", Text),
    UniqueConstraint("session", "number", name="events_of_session"),
)

recordings = Table(
    "recordings",
    METADATA,
    Column("id", Text, primary_key=True),
    _text("session_id"),
    _text("conversation_id"),
    _text("organization_id"),
    _text("at"),
    _text("url"),
    _text("state"),
    _text("format"),
    Column("rate", Integer),
    Column("channels", Integer),
    Column("samples", BigInteger),
    Column("size", BigInteger),
    Column("sha256", Text),
    Index("recordings_by_conversation", "conversation_id"),
    Index("recordings_by_session_id", "session_id"),
)

erasures = Table("erasures", METADATA, Column("conversation", Text, primary_key=True), _text("at"))

CHILDREN: Final = (tags, pauses, discards, errors, failures, events)
"""The tables whose rows belong to a row of `sessions`."""

TABLES: Final = {table.name: table for table in (sessions, *CHILDREN, recordings)}
"""The tables that are written through the journal, by name."""
