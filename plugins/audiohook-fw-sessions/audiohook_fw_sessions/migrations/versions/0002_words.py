"""Words in numbers, addresses and names of files are found in PostgreSQL, too, as they are in SQLite."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the index over what was said anew: to the parser `555-1234` and `a@example.com` are one word."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX events_said")
        op.execute(
            "CREATE INDEX events_said ON events USING gin (to_tsvector('simple', "
            "translate(text, '-+./@:&?=#%~<>,', '               '))) WHERE text IS NOT NULL"
        )
