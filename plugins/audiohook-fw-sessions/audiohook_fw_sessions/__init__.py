"""A session database for audiohook_fw: what happened in every call, in SQLite or PostgreSQL."""

from .plugin import Sessions
from .settings import SessionsSettings

__all__ = ["Sessions", "SessionsSettings"]
