"""Run by alembic for each migration, in the transaction that `migrate` has begun."""

from __future__ import annotations

from alembic import context

from audiohook_fw_sessions.migrate import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
