"""What `plugin check` is asked to look at: found without importing it."""

from __future__ import annotations

import difflib
import importlib.util
import os
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from ..errors import CommandError
from ..packaging import (
    GROUP,
    Package,
    Source,
    directory_of,
    from_directory,
    from_distribution,
    from_file,
)

__all__ = ["Target", "find_target"]

_PROJECT: Final = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Target:
    """A package, and the plugins in it.

    Attributes:
        package: as it was read.
        plugins: by name, what `-p` takes.
        paths: where its modules are found, beside what is installed.
    """

    package: Package
    plugins: dict[str, str]
    paths: tuple[Path, ...] = ()


def find_target(text: str) -> Target:
    """Return what a name or a path stands for.

    Raises:
        CommandError: nothing, or nothing that can be read; the message says what to name instead.
    """
    path = Path(text).expanduser()
    if text.endswith(".py"):
        return _file(path)
    if os.sep in text or text in (".", ".."):
        return _directory(path)
    entries = {entry.name: entry for entry in metadata.entry_points(group=GROUP)}
    if text in entries:
        return _installed(entries[text])
    if (path / _PROJECT).is_file():
        return _directory(path)
    sys.path.append(os.getcwd())  # last, so that it hides nothing
    top = text.partition(":")[0].partition(".")[0]
    spec = importlib.util.find_spec(top) if top.isidentifier() else None  # finds, and imports nothing
    if spec is None or spec.origin is None:
        near = difflib.get_close_matches(text, entries, n=1)
        hint = f"; did you mean {near[0]}?" if near else "; audiohook-fw plugins lists what is installed"
        raise CommandError(f"{text}: neither an installed plugin, a module nor a directory{hint}")
    name = text.partition(":")[0].rpartition(".")[2]
    return Target(from_file(Path(spec.origin), source=Source.MODULE), {name: text})


def _file(path: Path) -> Target:
    if not path.is_file():
        raise CommandError(f"{path}: there is no such file")
    return Target(from_file(path), {path.stem: str(path.resolve())})


def _directory(path: Path) -> Target:
    if not (path / _PROJECT).is_file():
        raise CommandError(
            f"{path}: there is no {_PROJECT}; name the directory of a distribution, or a FILE.py"
        )
    try:
        package = from_directory(path)
    except (ValueError, TypeError, AttributeError) as error:
        raise CommandError(f"{path / _PROJECT}: cannot be read: {error}") from None
    plugins = {name: f"{name}={value}" for name, value in package.entry_points.items()}
    return Target(package, plugins, (path.resolve(), path.resolve() / "src"))


def _installed(entry: metadata.EntryPoint) -> Target:
    assert entry.dist is not None, "what metadata finds comes from a distribution"
    directory = directory_of(entry.dist)
    package = from_distribution(entry.dist) if directory is None else from_directory(directory)
    return Target(package, {entry.name: entry.name})
