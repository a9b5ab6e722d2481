"""Read a `Package`: from a directory with its pyproject.toml, from what is installed, or from a file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from .package import Package, Source

__all__ = ["GROUP", "directory_of", "from_directory", "from_distribution", "from_file", "other_modules"]

GROUP: Final = "audiohook_fw"
"""The entry points that make a distribution a plugin."""


def from_directory(directory: Path) -> Package:
    """Read a project.

    Raises:
        OSError: there is no pyproject.toml. ValueError: it is no TOML, or not what it should be.
    """
    content = tomllib.loads((directory / "pyproject.toml").read_text(encoding="utf-8"))
    project: Mapping[str, Any] = content.get("project", {})
    entries = dict(project.get("entry-points", {}).get(GROUP, {}))
    roots = [root for top in _tops(entries.values()) if (root := _root(directory, top)) is not None]
    return Package(
        Source.DIRECTORY,
        str(directory),
        name=project.get("name", ""),
        version=project.get("version", ""),
        requires_python=project.get("requires-python", ""),
        requires=tuple(project.get("dependencies", ())),
        licensed=bool(project.get("license")) or _has_licence(project.get("classifiers", ())),
        dynamic=frozenset(project.get("dynamic", ())),
        entry_points=entries,
        readme=_readme(directory, project.get("readme")),
        code=_texts(directory, (path for root in roots for path in _modules(root))),
        typed=bool(roots) and all((root / "py.typed").is_file() for root in roots),
        tests=_texts(directory, directory.glob("tests/**/*.py")),
        others=other_modules(project.get("name", "")),
    )


def from_distribution(distribution: metadata.Distribution) -> Package:
    """Read what is installed."""
    about: Any = distribution.metadata  # a message, which its type does not say
    entries = {entry.name: entry.value for entry in distribution.entry_points.select(group=GROUP)}
    tops = _tops(entries.values())
    files = [file for file in distribution.files or () if file.parts[0].removesuffix(".py") in tops]
    return Package(
        Source.INSTALLED,
        f"{distribution.name} {distribution.version}, installed",
        name=distribution.name,
        version=distribution.version,
        requires_python=about.get("Requires-Python", ""),
        requires=tuple(distribution.requires or ()),
        licensed=any(about.get(key) for key in ("License-Expression", "License", "License-File"))
        or _has_licence(about.get_all("Classifier") or ()),
        entry_points=entries,
        readme=str(about.get_payload() or about.get("Description", "")),
        code={str(file): file.read_text(encoding="utf-8") for file in files if file.suffix == ".py"},
        typed=bool(tops) and all(any(f.parts == (top, "py.typed") for f in files) for top in tops),
        others=other_modules(distribution.name),
    )


def from_file(path: Path, *, source: Source = Source.FILE) -> Package:
    """Read one module, or a package that is no distribution."""
    root = path.parent if path.name == "__init__.py" else path
    return Package(source, str(path), code=_texts(root.parent, _modules(root)), others=other_modules(""))


def directory_of(distribution: metadata.Distribution) -> Path | None:
    """Return where an editable distribution comes from."""
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable"):
            directory = Path(unquote(urlsplit(origin["url"]).path))
            return directory if (directory / "pyproject.toml").is_file() else None
    except (ValueError, KeyError, AttributeError):
        pass  # whoever wrote it: what is installed can be judged all the same
    return None


def other_modules(name: str) -> frozenset[str]:
    """Return the top modules of installed plugins, without those of one distribution."""
    return frozenset(
        entry.value.partition(":")[0].partition(".")[0]
        for entry in metadata.entry_points(group=GROUP)
        if entry.dist is None or _normal(entry.dist.name) != _normal(name)
    )


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _tops(values: Iterable[str]) -> list[str]:
    return sorted({value.partition(":")[0].partition(".")[0].strip() for value in values})


def _root(directory: Path, top: str) -> Path | None:
    places = [base / name for base in (directory, directory / "src") for name in (top, f"{top}.py")]
    return next((place for place in places if place.exists()), None)


def _modules(root: Path) -> list[Path]:
    return [root] if root.is_file() else sorted(root.rglob("*.py"))


def _texts(directory: Path, paths: Iterable[Path]) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(paths)
    }


def _readme(directory: Path, readme: str | Mapping[str, str] | None) -> str:
    if isinstance(readme, Mapping) and "text" in readme:
        return readme["text"]
    name = readme.get("file", "") if isinstance(readme, Mapping) else readme
    path = directory / name if name else None
    return path.read_text(encoding="utf-8", errors="replace") if path is not None and path.is_file() else ""


def _has_licence(classifiers: Iterable[str]) -> bool:
    return any(classifier.startswith("License ::") for classifier in classifiers)
