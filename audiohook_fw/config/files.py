"""Read the files of the configuration: the TOML file, `.env`, and the secrets directory."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from audiohook_fw.errors import ConfigError

from .layers import PREFIX, Table, Variables
from .problems import ConfigErrors, Place

__all__ = ["Named", "find", "read_dotenv", "read_secrets", "read_toml"]


@dataclass(frozen=True, slots=True)
class Named:
    """A file or directory to read, and who named it; without a name only a default was tried."""

    path: Path | None
    setting: str
    source: str = ""


def find(setting: str, given: Path | None, variable: str, env: Mapping[str, str], default: str) -> Named:
    """Return which file to read: the one given, the one the variable names, or the default if it exists."""
    if given is not None:
        return Named(given.expanduser(), setting, "command line")
    if env.get(variable):
        return Named(Path(env[variable]).expanduser(), setting, f"environment variable {variable}")
    return Named(Path(default) if default and Path(default).exists() else None, setting)


def read_toml(named: Named) -> Table:
    """Return the TOML file as a layer; raises `ConfigErrors` with line and column when it is no TOML."""
    if named.path is None:
        return Table({}, str)
    name = str(named.path)
    try:
        tree = tomllib.loads(_text(named.path, named))
    except tomllib.TOMLDecodeError as error:
        problem = f"is not valid TOML: {error}"
    else:
        return Table(tree, lambda place: f"{name}, {_key(place)}")
    raise ConfigErrors([ConfigError(named.setting, problem, source=name)])


def read_dotenv(named: Named) -> Variables:
    """Return `.env` as a layer. `${…}` in it is not expanded."""
    if named.path is None:
        return Variables({}, str)
    name = str(named.path)
    _text(named.path, named)
    values = dotenv_values(named.path, interpolate=False)
    return Variables({key: value for key, value in values.items() if value}, lambda key: f"{name}, {key}")


def read_secrets(named: Named) -> Variables:
    """Return the files of the secrets directory, named like environment variables, as a layer."""
    if named.path is None:
        return Variables({}, str)
    directory = named.path
    if not directory.is_dir():
        raise ConfigErrors(
            [ConfigError(named.setting, f"no such directory: {directory}", source=named.source)]
        )
    values = {
        file.name: _text(file, named).rstrip("\r\n")
        for file in sorted(directory.iterdir())
        if file.is_file() and file.name.upper().startswith(PREFIX)
    }
    return Variables(values, lambda key: f"secrets file {directory / key}")


def _text(path: Path, named: Named) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        problem = f"{path} is not UTF-8 text"
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror}"
    raise ConfigErrors([ConfigError(named.setting, problem, source=named.source)])


def _key(place: Place) -> str:
    """Return a place as it stands in the file: `[server] port`."""
    *tables, key = map(str, place)
    return f"[{'.'.join(tables)}] {key}" if tables else key
