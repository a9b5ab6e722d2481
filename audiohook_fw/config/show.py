"""`show`: every setting, its value and where it came from. Secrets are hidden by their type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.types import Secret

from .describe import Place
from .fields import NoneIs
from .load import DEFAULT, Loaded
from .problems import ConfigErrors, dotted
from .settings import Settings
from .toml import toml_key, toml_value

__all__ = ["REDACTED", "Shown", "show", "show_dict", "show_toml"]

REDACTED: Final = "**********"
"""What stands for a secret."""

_WRONG: Final = "(not shown: these settings are wrong)"
_UNKNOWN: Final = "(not shown: this plugin is not installed)"
_USER_INFO: Final = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/?#@\s]*@", re.IGNORECASE)

Models = Mapping[str, type[BaseModel]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting.

    Attributes:
        setting: its dotted name, `auth.keys[0].api_key`.
        value: what JSON can hold: text, number, true or false, list, or `None` for not set.
        source: where it came from, in words; `defaults` when it is set nowhere.
    """

    setting: str
    value: object
    source: str


def show(loaded: Loaded, plugin_models: Models | None = None) -> list[Shown]:
    """Return every setting of the core, and of the plugins whose models are given or that have settings.

    Of plugins without a model here, and of settings that are wrong, only the names are given: without
    types nobody knows what is secret.
    """
    return [
        Shown(dotted(place), value, loaded.source_of(dotted(place)))
        for place, value in _leaves(_tree(loaded, plugin_models or {}))
    ]


def show_dict(loaded: Loaded, plugin_models: Models | None = None) -> dict[str, Any]:
    """Return the same as nested values that JSON can hold, without the sources."""
    return _tree(loaded, plugin_models or {})


def show_toml(loaded: Loaded, plugin_models: Models | None = None) -> str:
    """Return the same as text in the form of TOML, the source of each setting in a comment."""
    lines: list[str] = []
    header = ""
    for place, value in _leaves(_tree(loaded, plugin_models or {})):
        if _header(place) != header:
            header = _header(place)
            lines += ["", header]
        key = toml_key(str(place[-1]))
        line = f"{key} = {toml_value(value)}" if value is not None else f"# {key} is not set"
        source = loaded.source_of(dotted(place))
        lines.append(line if source == DEFAULT else f"{line}  # {source}")
    return "\n".join(lines).strip() + "\n"


def _header(place: Place) -> str:
    """Return the line that opens the table of a setting; the tables of a list need no numbers."""
    names = ".".join(toml_key(step) for step in place[:-1] if isinstance(step, str))
    return f"[[{names}]]" if isinstance(place[-2], int) else f"[{names}]"


def _tree(loaded: Loaded, models: Models) -> dict[str, Any]:
    tree: dict[str, Any] = {name: _plain(getattr(loaded.settings, name)) for name in Settings.model_fields}
    for name in sorted({*loaded.plugin_sections(), *models}):
        tree["plugins"][name] = _plugin(loaded, name, models.get(name))
    return tree


def _plugin(loaded: Loaded, name: str, model: type[BaseModel] | None) -> object:
    if model is None:
        return _UNKNOWN
    try:
        return _plain(loaded.plugin_section(name, model))
    except ConfigErrors:
        return _WRONG


def _leaves(tree: Mapping[str, object], above: Place = ()) -> Iterator[tuple[Place, object]]:
    """Yield scalars and lists with their places, those of a table before those of its tables."""
    tables: list[tuple[Place, Mapping[str, object]]] = []
    for key, value in tree.items():
        place = (*above, key)
        if isinstance(value, Mapping) and value:
            tables.append((place, value))
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            tables += [((*place, index), item) for index, item in enumerate(value)]
        else:
            yield place, value
    for place, table in tables:
        yield from _leaves(table, place)


def _plain(value: object) -> object:
    """Return a value as JSON can hold it, secrets hidden, and user and password of URLs too."""
    match value:
        case SecretStr() | SecretBytes() | Secret():
            return REDACTED if value.get_secret_value() else ""
        case BaseModel():
            return {name: _field(value, name) for name in type(value).model_fields}
        case Mapping():
            return {str(_plain(key)): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=str)
        case Enum():
            return _plain(value.value)
        case None | bool() | int() | float():
            return value
        case bytes():
            return f"({len(value)} bytes)"
    return _USER_INFO.sub(rf"\1{REDACTED}@", str(value))


def _field(model: BaseModel, name: str) -> object:
    value = getattr(model, name)
    if value is None:
        words = [part.word for part in type(model).model_fields[name].metadata if isinstance(part, NoneIs)]
        return words[0] if words else None
    return _plain(value)
