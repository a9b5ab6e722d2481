"""`settings.md`: every setting of the core, from the models, each with a value that may be typed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from audiohook_fw.config import ConfigErrors, KeySettings, Settings, load
from audiohook_fw.config.describe import allowed
from audiohook_fw.config.fields import NoneIs, Words
from audiohook_fw.config.layers import variable
from audiohook_fw.config.toml import toml_value

from .markdown import code, table

__all__ = ["KEYS", "Row", "example", "page", "rows"]

KEYS: Final = ("auth", "keys")
Row = tuple[tuple[str, ...], FieldInfo]

_KEY: Final = {"api_key": "k1", "secrets": ["dGhpcyBpcyBubyBzZWNyZXQ="]}
_SHOWN: Final[dict[str, object]] = {
    "server.host": "0.0.0.0",
    "server.path": "/calls",
    "server.admin_host": "10.0.0.5",
    "server.public_authorities": ["audiohook.example.com"],
    "server.public_path_prefix": "/genesys",
    "server.trusted_proxies": ["10.0.0.0/8"],
    "server.node": "gateway-1",
    "auth.keys": [_KEY],
    "auth.allowed_addresses": ["192.0.2.0/24"],
    "limits.opening_timeout": 4.5,
    "telemetry.otlp_endpoint": "http://collector:4318",
    "telemetry.service_name": "calls",
    "plugins.disabled": ["console"],
    "plugins.required": ["recorder"],
    "plugins.order": ["policy", "recorder"],
    "plugins.modules": ["my_plugin"],
    "auth.keys[].name": "main",
    "auth.keys[].api_key": "k1",
    "auth.keys[].secrets": ["dGhpcyBpcyBubyBzZWNyZXQ="],
    "auth.keys[].organizations": ["d7934305-0972-4844-938e-9060eef73d05"],
}
"""What is shown where no value can be made from the type."""

_BESIDE: Final = {"server.tls_key": ("server", "tls_certificate")}
"""Which other setting has to be set too."""

_BOUNDS: Final = re.compile(r" (from \S+ to [^\s,]+|(?:at (?:least|most)|greater than|less than) \S+)")

_HEAD: Final = """\
# Settings

Made from the models of the configuration by `make docs`.

What counts, in this order: command line, environment, `.env`, secrets directory, `audiohook.toml`,
default. In the file, `server.port` is `port` below `[server]`. In the environment it is
`AUDIOHOOK_SERVER__PORT`; lists and tables are JSON there. In the secrets directory it is a file of that
name. An empty variable counts as not set. `audiohook-fw config init` writes a file with all settings,
`config show` tells where each came from, and `config check` what is wrong.

The last column of each table is an example, as you may type it before a command."""

_PLUGINS: Final = """\
Each plugin has a section of its own, `[plugins.NAME]`, in the environment
`AUDIOHOOK_PLUGINS__NAME__FIELD`. Its settings stand in the plugin's own README."""


def page() -> str:
    """Return the text of the page."""
    parts = [_HEAD]
    for name, info in Settings.model_fields.items():
        parts += [f"## {name}", info.description or "", _table(rows(name))]
        if name == KEYS[0]:
            parts += [
                "### auth.keys",
                f"{KeySettings.__doc__} In the file each is a table `[[auth.keys]]`; in the environment all "
                f"of them are one list, `{variable(KEYS)}`.",
                _table(rows("auth.keys[]")),
            ]
    return "\n\n".join([*parts, _PLUGINS]) + "\n"


def rows(section: str) -> list[Row]:
    """Return the place and the field of every setting of a section."""
    model: Any = KeySettings if section == "auth.keys[]" else Settings.model_fields[section].annotation
    return [((section, name), info) for name, info in model.model_fields.items()]


def example(place: tuple[str, ...], info: FieldInfo) -> dict[str, str]:
    """Return environment variables that load and set this to something else than the default.

    Raises:
        ValueError: there is none; add one to `_SHOWN`.
    """
    section, name = place
    for value in _candidates(f"{section}.{name}", info):
        if section == "auth.keys[]":
            key = {name: value} if name in _KEY else {"api_key": "k1", name: value}
            where, text = variable(KEYS), json.dumps([_complete(key)])
        else:
            where, text = variable(place), value if isinstance(value, str) else json.dumps(value)
        variables = _beside(f"{section}.{name}") | {where: text}
        if value != _plain(info) and _loads(variables):
            return variables
    raise ValueError(f"{section}.{name} has no example: add one to _SHOWN in {__name__}")


def _complete(key: dict[str, object]) -> dict[str, object]:
    return key if key.get("unsigned") else {**_KEY, **key}


def _candidates(name: str, info: FieldInfo) -> Iterator[object]:
    if name in _SHOWN:
        yield _SHOWN[name]
    yield from info.examples or ()
    annotation, default = info.annotation, _plain(info)
    if isinstance(default, bool):
        yield not default
    elif isinstance(default, int | float):
        whole = isinstance(default, int)
        yield from (int(v) if whole else float(v) for v in (default * 2, default / 2, default + 1))
    elif get_origin(annotation) is Literal:
        yield from get_args(annotation)


def _beside(name: str) -> dict[str, str]:
    if name not in _BESIDE:
        return {}
    section, other = _BESIDE[name]
    return example((section, other), Settings.model_fields[section].annotation.model_fields[other])  # type: ignore[union-attr]


def _loads(variables: dict[str, str]) -> bool:
    try:
        load(None, env=variables)
    except ConfigErrors:
        return False
    return True


def _table(settings: list[Row]) -> str:
    head = ("setting", "type", "default", "range", "meaning", "environment")
    return table(head, [_row(place, info) for place, info in settings])


def _row(place: tuple[str, ...], info: FieldInfo) -> tuple[str, ...]:
    kind, bounds = _kind(info)
    shown = " ".join(f"{where}={_quoted(value)}" for where, value in example(place, info).items())
    default = "required" if info.is_required() else code(_default(info)) or "not set"
    return f"`{'.'.join(place)}`", kind, default, bounds, info.description or "", f"`{shown}`"


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w./:-]+", value) else f"'{value}'"


def _kind(info: FieldInfo) -> tuple[str, str]:
    """Return what a setting takes, and its bounds."""
    said = [part.text for part in info.metadata if isinstance(part, Words)]
    words = said[-1] if said else allowed(FieldInfo(annotation=info.annotation))
    both = [*_BOUNDS.findall(f" {words}"), *_BOUNDS.findall(allowed(info)), *_lengths(info)]
    return _BOUNDS.sub("", words).replace(" ,", ","), "; ".join(dict.fromkeys(both))


def _lengths(info: FieldInfo) -> Iterator[str]:
    one, items = ("letter", "letters") if info.annotation is str else ("entry", "entries")
    for part in info.metadata:
        if (least := getattr(part, "min_length", None)) is not None:
            yield f"at least {least} {items if least > 1 else one}"
        if (most := getattr(part, "max_length", None)) is not None:
            yield f"at most {most:,} {items}"
        if (pattern := getattr(part, "pattern", None)) is not None:
            yield f"`{pattern}`"


def _plain(info: FieldInfo) -> Any:
    value = None if info.is_required() else info.get_default(call_default_factory=True)
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _default(info: FieldInfo) -> str:
    value = _plain(info)
    if value is None:
        return next((part.word for part in info.metadata if isinstance(part, NoneIs)), "")
    return toml_value(value)
