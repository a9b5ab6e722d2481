"""`init_text`: an `audiohook.toml` to begin with, in which every setting stands as a comment.

Explanations begin with `##` and settings with `#`, so taking one `#` away from a setting turns it on, and
taking it away everywhere gives a file that loads and changes nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from .fields import NoneIs
from .settings import Settings
from .toml import toml_value

__all__ = ["init_text"]

_HEAD = """\
Settings of audiohook-fw. Take the # away from a setting to change it.
Command line > environment (AUDIOHOOK_SERVER__PORT=8080) > .env > secrets directory > this file.
`audiohook-fw config show` tells what counts and where it came from, `config check` what is wrong."""


def init_text(plugin_models: Mapping[str, type[BaseModel]] | None = None) -> str:
    """Return the text of a commented `audiohook.toml` with all settings, also of the plugins given."""
    lines = list(_comment(_HEAD))
    for name, info in Settings.model_fields.items():
        lines += _section(name, info.annotation, info.description or "")
    lines += [
        "",
        *_comment("Settings of a plugin stand in a section of its name, such as [plugins.recorder]."),
    ]
    for name, model in (plugin_models or {}).items():
        lines += _section(f"plugins.{name}", model, model.__doc__ or "")
    return "\n".join(lines) + "\n"


def _section(name: str, model: Any, description: str) -> Iterator[str]:
    yield from ("", *_comment(textwrap.dedent(description)), f"[{name}]")
    tables: list[tuple[str, FieldInfo]] = []
    for key, info in model.model_fields.items():
        if _is_list_of_tables(info):
            tables.append((key, info))  # last: what follows a table in TOML belongs to it
        else:
            yield from ("", *_setting(key, info))
    for key, info in tables:
        yield from (
            "",
            *_comment(info.description or ""),
            *_table(f"{name}.{key}", get_args(info.annotation)[0]),
        )


def _setting(key: str, info: FieldInfo) -> Iterator[str]:
    yield from _comment(info.description or key)
    value = _default(info)
    if value is not None:
        yield f"#{key} = {toml_value(value)}"
    else:
        yield f"## {key} = {_example(info)}"


def _table(name: str, model: type[BaseModel]) -> Iterator[str]:
    """Write a table of a list, wholly as an explanation: by default there is none."""
    yield f"## [[{name}]]"
    for key, info in model.model_fields.items():
        yield from (f"## {line}" for line in _comment(info.description or key, mark="#"))
        value = _default(info)
        yield f"## {key} = {_example(info) if value is None else toml_value(value)}"


def _default(info: FieldInfo) -> object:
    """Return the default as TOML can hold it; `None` when there is none to write."""
    value = info.get_default(call_default_factory=True) if not info.is_required() else None
    if value is None:
        words = [part.word for part in info.metadata if isinstance(part, NoneIs)]
        return words[0] if words and not info.is_required() else None
    if isinstance(value, SecretStr):
        return value.get_secret_value() or None  # a default is in the source: it is no secret
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return value


def _example(info: FieldInfo) -> str:
    return toml_value(info.examples[0]) if info.examples else "…"


def _is_list_of_tables(info: FieldInfo) -> bool:
    args = get_args(info.annotation)
    return bool(args) and isinstance(args[0], type) and issubclass(args[0], BaseModel)


def _comment(text: str, mark: str = "##") -> Iterator[str]:
    for line in text.splitlines():
        for part in textwrap.wrap(line, 104) or [""]:
            yield f"{mark} {part}".rstrip()
