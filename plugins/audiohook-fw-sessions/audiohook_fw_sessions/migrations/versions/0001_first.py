"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, and the index over what was said."""
    _sessions()
    _parts()
    _events()
    _recordings()


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        *(_name(n) for n in ("session_id", "conversation_id", "organization_id", "correlation_id")),
        *(_name(n) for n in ("key_name", "product", "node", "process", "participant_id")),
        *(sa.Column(n, sa.Text) for n in ("ani", "ani_name", "dnis")),
        sa.Column("retry_attempt", sa.Integer),
        _name("continued"),
        _name("started_at"),
        sa.Column("ended_at", sa.Text),
        *(_name(n) for n in ("state", "decision", "decided_by", "decision_reason", "decision_info")),
        sa.Column("start_paused", sa.Boolean),
        sa.Column("discard_to", sa.Float),
        *(sa.Column(n, sa.Text) for n in ("reason", "media", "channels")),
        sa.Column("rate", sa.Integer),
        sa.Column("language", sa.Text),
        *(_name(n) for n in ("queue_id", "queue_name")),
        sa.Column("seconds", sa.Float),
        *(sa.Column(n, sa.BigInteger) for n in ("position", "audio", "paused", "discarded", "dropped")),
        sa.Column("rtt_count", sa.Integer),
        *(sa.Column(n, sa.Float) for n in ("rtt_min", "rtt_mean", "rtt_p95", "rtt_max", "rtt_last")),
        sa.Column("counts", sa.Text),
    )
    op.create_index("sessions_by_conversation", "sessions", ["conversation_id", "id"])
    op.create_index("sessions_by_session_id", "sessions", ["session_id"])
    op.create_index("sessions_by_key", "sessions", ["key_name", "id"])
    op.create_index("sessions_by_organization", "sessions", ["organization_id", "id"])
    op.create_index("sessions_by_queue", "sessions", ["queue_id", "id"])
    op.create_index("sessions_by_queue_name", "sessions", ["queue_name", "id"])
    op.create_index("sessions_by_state", "sessions", ["state", "id"])


def _key() -> tuple[sa.Column[str], sa.Column[int]]:
    return sa.Column("session", sa.Text, primary_key=True), sa.Column("number", sa.Integer, primary_key=True)


def _parts() -> None:
    op.create_table(
        "tags",
        sa.Column("session", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        _name("value"),
    )
    op.create_index("tags_by_value", "tags", ["name", "value", "session"])
    op.create_table(
        "pauses",
        *_key(),
        sa.Column("revision", sa.Integer, nullable=False),
        _name("at"),
        _name("origin"),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("length", sa.BigInteger),
        sa.Column("clamped", sa.Boolean),
    )
    op.create_table(
        "discards",
        *_key(),
        _name("at"),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.Column("clamped", sa.Boolean, nullable=False),
    )
    op.create_table(
        "errors",
        *_key(),
        _name("at"),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        _name("message"),
        sa.Column("retry_after", sa.Float),
    )
    op.create_table(
        "failures",
        sa.Column("session", sa.Text, primary_key=True),
        sa.Column("plugin", sa.Text, primary_key=True),
        sa.Column("faults", sa.Integer, nullable=False),
        sa.Column("dropped", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("dropped_events", sa.Integer, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("quarantined", sa.Boolean, nullable=False),
    )


def _events() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "events",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        _name("at"),
        _name("type"),
        sa.Column("channel", sa.Text),
        sa.Column("start", sa.BigInteger),
        sa.Column("length", sa.BigInteger),
        sa.Column("text", sa.Text),
        sa.Column("body", sa.Text),
        sa.UniqueConstraint("session", "number", name="events_of_session"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX events_said ON events USING gin (to_tsvector('simple', text)) "
            "WHERE text IS NOT NULL"
        )
        return
    op.execute(
        "CREATE VIRTUAL TABLE said USING fts5("
        "text, content = 'events', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 0')"
    )
    op.execute(
        "CREATE TRIGGER said_insert AFTER INSERT ON events WHEN new.text IS NOT NULL BEGIN "
        "INSERT INTO said (rowid, text) VALUES (new.id, new.text); END"
    )
    op.execute(
        "CREATE TRIGGER said_delete AFTER DELETE ON events WHEN old.text IS NOT NULL BEGIN "
        "INSERT INTO said (said, rowid, text) VALUES ('delete', old.id, old.text); END"
    )


def _recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", sa.Text, primary_key=True),
        *(_name(n) for n in ("session_id", "conversation_id", "organization_id", "at", "url")),
        *(_name(n) for n in ("state", "format")),
        *(sa.Column(n, sa.Integer) for n in ("rate", "channels")),
        *(sa.Column(n, sa.BigInteger) for n in ("samples", "size")),
        sa.Column("sha256", sa.Text),
    )
    op.create_index("recordings_by_conversation", "recordings", ["conversation_id"])
    op.create_index("recordings_by_session_id", "recordings", ["session_id"])
    op.create_table("erasures", sa.Column("conversation", sa.Text, primary_key=True), _name("at"))
