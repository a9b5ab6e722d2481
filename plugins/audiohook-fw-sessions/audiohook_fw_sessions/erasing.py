"""Forget a conversation: from a command, while a server may run beside."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from audiohook_fw import PluginError

from .address import is_sqlite, require_driver, sqlite_file
from .database import Database
from .failures import reason_of
from .journal import pending_files
from .migrate import SchemaError
from .settings import SessionsSettings

__all__ = ["erase"]


async def erase(settings: SessionsSettings, conversation_id: str) -> int:
    """Delete the rows of a conversation; what a journal or a running call adds later is deleted as it comes.

    Returns:
        How many rows there were.

    Raises:
        PluginError: the database cannot be used, so nothing was deleted.
    """
    url = settings.address
    if is_sqlite(url) and not sqlite_file(url).exists() and not pending_files(settings.journal):
        return 0
    try:
        require_driver(url)
        database = Database(url)
        try:
            return await database.erase(conversation_id)
        finally:
            await database.close()
    except (OSError, SQLAlchemyError, SchemaError, TimeoutError, ModuleNotFoundError) as error:
        raise PluginError("sessions", f"the session database cannot be used: {reason_of(error)}") from error
