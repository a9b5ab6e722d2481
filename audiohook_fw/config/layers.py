"""The sources of the configuration, read into leaves that know where they came from.

Two kinds: tables (the TOML file, the command line), which nest by themselves, and variables
(environment, `.env`, secrets directory), whose names nest by `__` and whose texts pydantic-settings
reads as the model wants them (JSON for lists and tables). Variables are read one at a time, so every
value and every problem belongs to exactly one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, create_model
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from audiohook_fw.errors import ConfigError

from .describe import words_at
from .problems import Place, dotted

__all__ = ["DELIMITER", "PREFIX", "Layer", "Leaf", "Table", "Variables", "flatten", "nest", "variable"]

PREFIX: Final = "AUDIOHOOK_"
DELIMITER: Final = "__"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value at its place, and the words for where it came from."""

    place: Place
    value: object = field(repr=False)
    source: str


Read = tuple[list[Leaf], list[ConfigError]]


@dataclass(frozen=True, slots=True)
class Table:
    """A source that nests by itself."""

    tree: Mapping[str, object] = field(repr=False)
    source: Callable[[Place], str]

    def read(self, prefix: Place, model: type[BaseModel]) -> Read:
        """Return the leaves at and below `prefix`; the model does not matter here."""
        leaves = (Leaf(place, value, self.source(place)) for place, value in flatten(self.tree))
        return [leaf for leaf in leaves if leaf.place[: len(prefix)] == prefix], []


@dataclass(frozen=True, slots=True)
class Variables:
    """A source of texts by name, such as the environment."""

    values: Mapping[str, str] = field(repr=False)
    source: Callable[[str], str]

    def read(self, prefix: Place, model: type[BaseModel]) -> Read:
        """Return the leaves at and below `prefix` as the model wants them, and the texts it cannot read."""
        reader = _reader(model)
        leaves: list[Leaf] = []
        errors: list[ConfigError] = []
        for name, place in self._places():
            if place[: len(prefix)] != prefix:
                continue
            below, source = place[len(prefix) :], self.source(name)
            tree = _parse(reader, below, self.values[name])
            if tree is None:
                errors.append(_unreadable(model, below, dotted(place), source))
            else:
                leaves += [Leaf((*prefix, *at), value, source) for at, value in flatten(tree)]
        return leaves, errors

    def _places(self) -> Iterator[tuple[str, Place]]:
        """Yield the variables that are ours. Empty ones count as not set.

        A name without `__` is not ours: Kubernetes makes `AUDIOHOOK_PORT` for a service called audiohook.
        """
        for name, value in self.values.items():
            rest = name.upper().removeprefix(PREFIX)
            if value and DELIMITER in rest and len(rest) < len(name):
                yield name, tuple(rest.lower().split(DELIMITER))


Layer = Table | Variables


def variable(place: Place) -> str:
    """Return the name of the environment variable for a setting."""
    return PREFIX + DELIMITER.join(str(step) for step in place).upper()


def _reader(model: type[BaseModel]) -> EnvSettingsSource:
    # One field of a fixed name: names of plugins and sections could shadow methods of BaseSettings.
    definitions: dict[str, Any] = {"section": (model, None)}
    return EnvSettingsSource(
        create_model("Reader", __base__=BaseSettings, **definitions), env_nested_delimiter=DELIMITER
    )


def _parse(reader: EnvSettingsSource, below: Place, value: str) -> dict[str, Any] | None:
    """Return what one variable says as a tree, or `None` when its text cannot be read."""
    reader.env_vars = {DELIMITER.join(["section", *map(str, below)]): value}
    try:
        tree = reader()["section"]
    except SettingsError:
        return None  # its cause holds the text, which may be secret: it ends here
    return tree if isinstance(tree, dict) else None


def _unreadable(model: type[BaseModel], below: Place, setting: str, source: str) -> ConfigError:
    words = words_at(model, below) or "a table"
    return ConfigError(setting, f"is not readable as JSON; allowed: {words}, written as JSON", source=source)


def flatten(tree: Mapping[str, object], prefix: Place = ()) -> Iterator[tuple[Place, object]]:
    """Yield the leaves of nested mappings; an empty mapping is a leaf."""
    if not tree and prefix:
        yield prefix, {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from flatten(value, (*prefix, key))
        else:
            yield (*prefix, key), value


def nest(leaves: Iterable[tuple[Place, object]]) -> dict[str, Any]:
    """Return leaves as nested dicts; later leaves win, and an empty table takes nothing away."""
    tree: dict[str, Any] = {}
    for place, value in leaves:
        *parents, last = place or ("",)
        node = tree
        for key in parents:
            child = node.get(str(key))
            if not isinstance(child, dict):
                child = node[str(key)] = {}
            node = child
        if place and not (value == {} and isinstance(node.get(str(last)), dict)):
            node[str(last)] = value
    return tree
