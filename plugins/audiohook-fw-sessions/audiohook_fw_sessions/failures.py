"""What a failing database is said to be, in one line, without a password; and whether to wait for it."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError

from .migrate import SchemaError

__all__ = ["is_final", "reason_of"]

_FINAL: Final = frozenset(
    {
        "InvalidAuthorizationSpecificationError",
        "InvalidCatalogNameError",
        "InvalidPasswordError",
        "InsufficientPrivilegeError",
    }
)


_NO_PLACE: Final = PermissionError | IsADirectoryError | NotADirectoryError


def reason_of(error: BaseException) -> str:
    """Return one line that says what is wrong."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
        error = error.__cause__ or error
    if isinstance(error, TimeoutError):
        return "it does not answer"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return " ".join(text.split())[:300]


def is_final(error: BaseException) -> bool:
    """Tell whether somebody has to change something: waiting does not help."""
    if isinstance(error, SchemaError | ModuleNotFoundError | _NO_PLACE):
        return True
    chain: BaseException | None = error
    for _ in range(5):
        if chain is None:
            return False
        if type(chain).__name__ in _FINAL or "file is not a database" in str(chain):
            return True
        chain = getattr(chain, "orig", None) or chain.__cause__
    return False
