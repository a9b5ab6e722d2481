"""`render`: from a kind and names to the files of a distribution, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from string import Template
from typing import Final

from packaging.version import Version

from .kinds import KINDS, KindName
from .names import Names

__all__ = ["render", "requirement"]

_COMMON: Final = "common"
_SUFFIX: Final = ".tmpl"
"""Of all templates, so that no tool takes them for the code that they will be."""
_ABOUT: Final = "about.md"
"""What a kind adds to the README."""


class _Template(Template):
    """Names are written `@@{name}`: `$` is of the shell and of workflow files."""

    delimiter = "@@"


def render(kind: KindName, names: Names, *, year: int) -> dict[str, str]:
    """Return the text of each file by its path, with `/`, in the directory of the distribution."""
    templates = {**_read(_COMMON), **_read(kind)}  # a kind may have its own of what is common
    values = _values(kind, names, year)
    values["about"] = _Template(templates.pop(_ABOUT)).substitute(values).strip()
    return {
        _path(path, names): _Template(text).substitute(values) for path, text in sorted(templates.items())
    }


def requirement() -> str:
    """Return what a plugin written for this version requires: up to the next that may break it."""
    version = Version(metadata.version("audiohook-fw"))
    after = f"0.{version.minor + 1}" if version.major == 0 else f"{version.major + 1}"
    return f"audiohook-fw>={version.major}.{version.minor},<{after}"


def _values(kind: KindName, names: Names, year: int) -> dict[str, str]:
    required = (requirement(), *KINDS[kind].dependencies)
    return {
        "name": names.name,
        "distribution": names.distribution,
        "module": names.module,
        "cls": names.cls,
        "summary": KINDS[kind].summary,
        "dependencies": ", ".join(f'"{line}"' for line in required),
        "year": str(year),
    }


def _path(path: str, names: Names) -> str:
    parts = [part.replace("__module__", names.module) for part in path.split("/")]
    return "/".join(f".{p.removeprefix('dot_')}" if p.startswith("dot_") else p for p in parts)


def _read(folder: str) -> Mapping[str, str]:
    root = resources.files(__package__) / "templates" / folder
    return {path.removesuffix(_SUFFIX): text for path, text in _walk(root, "")}


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            yield f"{prefix}{entry.name}", entry.read_text(encoding="utf-8")
