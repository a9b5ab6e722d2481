"""The bearer token of the admin port: read from its file, or made and written there for its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from audiohook_fw.errors import ConfigError

__all__ = ["read_or_make_token"]

_SETTING = "server.admin_token_file"
_SHORTEST = 16


def read_or_make_token(path: Path) -> str:
    """Return the token in the file; a missing file is made with mode 0600 and a new token. Blocks.

    Raises:
        ConfigError: the file cannot be read or made, or its token is shorter than 16 characters.
    """
    try:
        token = _read(path) or _make(path) or _read(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        raise ConfigError(_SETTING, f"cannot use {path}: {reason}") from error
    if token is None or len(token) < _SHORTEST or not token.isascii():
        raise ConfigError(
            _SETTING, f"{path} must hold at least {_SHORTEST} ASCII characters; delete it for a new one"
        )
    return token


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def _make(path: Path) -> str | None:
    """Write a new token; `None` when another process was faster."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = secrets.token_urlsafe(32)
    # Written aside and linked into place: nobody ever reads half of it.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{token}\n")
        os.link(draft, path)
    except FileExistsError:
        return None
    finally:
        draft.unlink()
    return token
