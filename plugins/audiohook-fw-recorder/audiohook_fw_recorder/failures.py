"""Names for what goes wrong in a store: few, so that metrics can count them."""

from __future__ import annotations

import errno
import re
from typing import Final

__all__ = ["failure_advice", "failure_kind"]

_STATUS: Final = re.compile(r"status code: (\d{3})\b")
_TRANSPORT: Final = re.compile(r"\bkind: (Timeout|Connect|Request|Interrupted|Decode)\b")
_SYSTEM: Final = re.compile(r"\bOs \{\s*code: (\d+)")
_STATUSES: Final = {"401": "authentication", "403": "permission", "404": "not_found"}
_RIGHTS: Final = "the keys that this command has, from its settings or its environment, and their rights"
_ADVICE: Final = {
    "permission": _RIGHTS,
    "authentication": _RIGHTS,
    "not_found": "store.url: there is no such bucket",
    "connection": "store.url, store.options.endpoint, ca_file and the network",
    "timeout": "store.url, store.options.endpoint, the network, and whether the store is up",
}
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
        return _STATUSES.get(status[1], f"http_{status[1]}")
    if transport := _TRANSPORT.search(text):
        return "timeout" if transport[1] == "Timeout" else "connection"
    if system := _SYSTEM.search(text):
        return _system(int(system[1]))
    return "other"


def failure_advice(kind: str) -> str:
    """Return what somebody at a command line may look at for a failure of the store."""
    if kind.startswith("http_"):
        return "check whether the store is up"
    advice = _ADVICE.get(kind, "store.url, the keys and the network")
    return f"check {advice}"


def _system(number: int | None) -> str:
    return errno.errorcode.get(number or 0, "other")
