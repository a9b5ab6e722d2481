"""Erase a conversation from the meter: what it cost stays, whose call it was does not."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from audiohook_fw import PluginError

from .schema import SchemaError
from .store import Store

__all__ = ["erase"]


def erase(path: Path, conversation_id: str) -> int:
    """Erase a conversation; return how many calls it had in the file. A server may run beside. Blocks.

    Raises:
        PluginError: the file cannot be used.
    """
    if not path.exists():
        return 0
    try:
        with Store(path) as store:
            return store.erase(conversation_id, datetime.now(UTC).date().isoformat())
    except (OSError, sqlite3.Error, SchemaError) as error:
        problem = (
            f"{path.name} cannot be used ({error}), so the conversation may still be in it; erase it again"
        )
        raise PluginError("cost", problem) from error
