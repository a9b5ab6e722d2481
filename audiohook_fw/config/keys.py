"""Make API keys and client secrets."""

from __future__ import annotations

import secrets
from base64 import b64encode

__all__ = ["new_key"]


def new_key() -> tuple[str, str]:
    """Return a new API key (32 hex digits) and client secret (base64 of 32 random bytes)."""
    return secrets.token_hex(16), b64encode(secrets.token_bytes(32)).decode("ascii")
