"""`load`: read the configuration from all its sources, and tell of every value where it came from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from pydantic import BaseModel, ValidationError

from audiohook_fw.errors import ConfigError

from .describe import words_at
from .files import find, read_dotenv, read_secrets, read_toml
from .layers import DELIMITER, Layer, Leaf, Table, Variables, nest, variable
from .plugins import PluginsSettings, check_plugin_name
from .problems import ConfigErrors, Place, dotted, translate
from .settings import Settings

__all__ = ["CONFIG_FILE", "DEFAULT", "Loaded", "load"]

M = TypeVar("M", bound=BaseModel)

CONFIG_FILE: Final = "audiohook.toml"
"""Read from the working directory when no other file is named."""

DEFAULT: Final = "defaults"
"""The source of a setting that is set nowhere."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration as it was read.

    Attributes:
        settings: all sections of the core.
        files: the files that were read, without those of the secrets directory.
        warnings: sentences about what was read but has no effect, such as `AUDIOHOOK_SERVER_PORT`.
    """

    settings: Settings
    warnings: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    _layers: tuple[Layer, ...] = field(default=(), repr=False)
    _leaves: tuple[Leaf, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, settings: Settings, plugins: Mapping[str, Mapping[str, object]] | None = None) -> Self:
        """Make one by hand, without any source: for tests and for embedding."""
        table = Table({"plugins": plugins or {}}, lambda _: "the program")
        return cls(settings, _layers=(table,), _leaves=tuple(table.read((), Settings)[0]))

    def plugin_sections(self) -> tuple[str, ...]:
        """Return the names that have settings `[plugins.NAME]` in any source, in alphabetical order."""
        return tuple(sorted({str(leaf.place[1]) for leaf in self._leaves if _is_plugins_own(leaf)}))

    def plugin_section(self, name: str, model: type[M]) -> M:
        """Return the settings of one plugin, read from all sources and validated by its model.

        Raises:
            ConfigErrors: the name is no plugin name, or settings are wrong; one error for each.
        """
        problem = _name_problem(name)
        if problem:
            raise ConfigErrors([ConfigError(f"plugins.{name}", problem)])
        leaves, errors = _read(self._layers, ("plugins", name), model)
        return _validated(leaves, errors, model, ("plugins", name))

    def source_of(self, setting: str) -> str:
        """Return where the value of a setting (`server.port`, `plugins.vad.level`) came from.

        Such as `environment variable AUDIOHOOK_SERVER__PORT`, `audiohook.toml, [server] port`,
        `command line` or `defaults`.
        """
        return _source(self._leaves, tuple(setting.split("[")[0].split(".")))


def load(
    config: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    env: Mapping[str, str] | None = None,
    *,
    env_file: Path | None = None,
    secrets_dir: Path | None = None,
) -> Loaded:
    """Read the configuration: command line > environment > `.env` > secrets directory > TOML file > defaults.

    Call it again to reload. It reads files: a running server calls it in a thread.

    Args:
        config: the TOML file; without it `AUDIOHOOK_CONFIG`, then `audiohook.toml` where it exists.
        overrides: the command line, nested or by dotted names (`server.port`); `None` means not given.
        env: the environment; `os.environ` without it.
        env_file: without it `AUDIOHOOK_ENV_FILE`, then `.env` where it exists.
        secrets_dir: files named like environment variables; without it `AUDIOHOOK_SECRETS_DIR`.

    Raises:
        ConfigErrors: one error for everything that is wrong, each naming setting, source and what is allowed.
    """
    env = os.environ if env is None else env
    toml = find("config", config, "AUDIOHOOK_CONFIG", env, CONFIG_FILE)
    dotenv = find("env_file", env_file, "AUDIOHOOK_ENV_FILE", env, ".env")
    layers: tuple[Layer, ...] = (
        read_toml(toml),
        read_secrets(find("secrets_dir", secrets_dir, "AUDIOHOOK_SECRETS_DIR", env, "")),
        read_dotenv(dotenv),
        Variables(dict(env), lambda name: f"environment variable {name}"),
        Table(nest(_given(overrides or {})), lambda _: "command line"),
    )
    leaves, errors = _read(layers, (), Settings)
    errors += _bad_names(leaves)
    settings = _validated([leaf for leaf in leaves if not _is_plugins_own(leaf)], errors, Settings, ())
    files = tuple(named.path for named in (toml, dotenv) if named.path is not None)
    return Loaded(settings, tuple(_ineffective(env)), files, layers, tuple(leaves))


def _read(
    layers: Iterable[Layer], prefix: Place, model: type[BaseModel]
) -> tuple[list[Leaf], list[ConfigError]]:
    leaves: list[Leaf] = []
    errors: list[ConfigError] = []
    for layer in layers:
        found, problems = layer.read(prefix, model)
        leaves += found
        errors += problems
    return leaves, errors


def _validated(leaves: list[Leaf], errors: list[ConfigError], model: type[M], prefix: Place) -> M:
    tree = nest((leaf.place[len(prefix) :], leaf.value) for leaf in leaves)
    try:
        result = model.model_validate(tree)
    except ValidationError as error:
        errors += translate(error, model, prefix, lambda place: _source(leaves, place))
    else:
        errors += _true_for_a_number(leaves, result, model, prefix)
    if errors:  # raised out here, so that pydantic's error, which holds the input, is not its context
        raise ConfigErrors(errors)
    return result


def _true_for_a_number(
    leaves: Iterable[Leaf], result: BaseModel, model: type[BaseModel], prefix: Place
) -> Iterator[ConfigError]:
    """Yield the settings that pydantic took for the number 1 or 0, though `true` or `false` was written."""
    for leaf in {leaf.place: leaf for leaf in leaves}.values():  # later layers win
        place = leaf.place[len(prefix) :]
        value: object = result
        for step in place:
            value = value.get(step) if isinstance(value, Mapping) else getattr(value, str(step), None)
        if isinstance(leaf.value, bool) and isinstance(value, int | float) and not isinstance(value, bool):
            words = words_at(model, place) or "a number"
            yield ConfigError(dotted(leaf.place), f"must be {words}", source=leaf.source)


def _source(leaves: Iterable[Leaf], place: Place) -> str:
    """Return the source that won for a place, the sources of what lies below it, or the defaults."""
    keys = tuple(step for step in place if isinstance(step, str))
    above = below = None
    for leaf in leaves:  # later layers win
        if leaf.value == {} and len(leaf.place) < len(keys):
            continue  # a section that is there and empty sets nothing
        if keys[: len(leaf.place)] == leaf.place:
            above = leaf.source
        elif leaf.place[: len(keys)] == keys:
            below = leaf.source
    return above or below or DEFAULT


def _given(overrides: Mapping[str, object], prefix: Place = ()) -> Iterator[tuple[Place, object]]:
    for name, value in overrides.items():
        place = (*prefix, *name.split("."))
        if isinstance(value, Mapping):
            yield from _given(value, place)
        elif value is not None:
            yield place, value


def _is_plugins_own(leaf: Leaf) -> bool:
    """Tell whether a leaf belongs to one plugin, not to the section `plugins` itself."""
    if leaf.place[0] != "plugins" or len(leaf.place) < 2 or leaf.place[1] in PluginsSettings.model_fields:
        return False
    is_table = leaf.value == {} or (isinstance(leaf.value, str) and leaf.value.lstrip().startswith("{"))
    return len(leaf.place) > 2 or is_table


def _name_problem(name: str) -> str:
    try:
        check_plugin_name(name)
    except ValueError as error:
        return str(error)
    return ""


def _bad_names(leaves: Iterable[Leaf]) -> list[ConfigError]:
    names = {str(leaf.place[1]): leaf.source for leaf in leaves if _is_plugins_own(leaf)}
    problems = {name: _name_problem(name) for name in names}
    return [
        ConfigError(f"plugins.{name}", text, source=names[name]) for name, text in problems.items() if text
    ]


def _ineffective(env: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each variable that misses only the second underscore of a setting."""
    for section, info in Settings.model_fields.items():
        model: Any = info.annotation
        for name in model.model_fields:
            right = variable((section, name))
            wrong = right.replace(DELIMITER, "_")
            if wrong in env:
                yield f"environment variable {wrong} has no effect; the setting is {right}"
