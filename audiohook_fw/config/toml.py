"""Write values as TOML: enough for settings, which are scalars, lists and tables."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["toml_key", "toml_value"]


def toml_value(value: object) -> str:
    """Return a value as TOML on one line; a `None` in a list or table is left out."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{toml_key(str(k))} = {toml_value(v)}" for k, v in value.items() if v is not None)
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value if item is not None)}]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(key: str) -> str:
    """Return a key, quoted where it has to be."""
    is_bare = bool(key) and key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if is_bare else toml_value(key)
