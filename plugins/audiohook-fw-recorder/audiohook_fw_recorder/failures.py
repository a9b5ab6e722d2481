"""Names for what goes wrong in a store: few, so that metrics can count them."""

from __future__ import annotations

import errno
import re
from typing import Final

__all__ = ["failure_kind"]

_STATUS: Final = re.compile(r"status code: (\d{3})\b")
_TRANSPORT: Final = re.compile(r"\bkind: (Timeout|Connect|Request|Interrupted|Decode)\b")
_SYSTEM: Final = re.compile(r"\bOs \{\s*code: (\d+)")
_TYPES: Final = {
    "PermissionDenied": "permission",
    "Unauthenticated": "authentication",
    "NotFound": "not_found",
    "InvalidPath": "name",
    "NotSupported": "not_supported",
    "NotImplemented": "not_supported",
}


def failure_kind(error: BaseException) -> str:
    """Return a word for an error of the store, or of the disk below it."""
    if isinstance(error, FileNotFoundError):
        return "not_found"
    if isinstance(error, OSError):
        return _system(error.errno)
    if (kind := _TYPES.get(type(error).__name__.removesuffix("Error"))) is not None:
        return kind
    text = str(error)
    if status := _STATUS.search(text):
        return f"http_{status[1]}"
    if transport := _TRANSPORT.search(text):
        return "timeout" if transport[1] == "Timeout" else "connection"
    if system := _SYSTEM.search(text):
        return _system(int(system[1]))
    return "other"


def _system(number: int | None) -> str:
    return errno.errorcode.get(number or 0, "other")
