"""Find plugins: installed entry points, modules and files named by `-p`, files of a directory.

Finding imports nothing: each candidate carries what loads it.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.util
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from audiohook_fw.errors import ConfigError

from .markers import PROJECT
from .options import PluginOptions

__all__ = ["Candidate", "NotThereError", "Selection", "find", "select_names"]

_log: Final = logging.getLogger(__name__)


class NotThereError(LookupError):
    """Raised when a plugin is not where it was said to be; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found and not loaded yet.

    Attributes:
        name: the entry point's name, or what was made of a module's or file's.
        source: where it is, for people.
        load: returns the class, module or instance.
        distribution, version, requires: of the distribution it came from, else empty.
        is_named: somebody asked for just this one, so the allow-list does not matter.
    """

    name: str
    source: str
    load: Callable[[], object]
    distribution: str = ""
    version: str = ""
    requires: tuple[str, ...] = ()
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """What `-p` asked for: names switched on or off, and modules to load by path."""

    switched: Mapping[str, bool]
    modules: tuple[str, ...]


def select_names(modules: Sequence[str], installed: Iterable[str]) -> Selection:
    """Sort what `-p` names into installed plugins, `no:NAME` and modules; the last word on a name counts."""
    known = frozenset(installed)
    switched: dict[str, bool] = {}
    paths: list[str] = []
    for text in modules:
        if text.startswith("no:"):
            switched[text.removeprefix("no:")] = False
        elif text in known:
            switched[text] = True
        else:
            paths.append(text)
            switched[_split(text)[0]] = True
    return Selection(switched, tuple(dict.fromkeys(paths)))


def find(options: PluginOptions, extra: Mapping[str, object]) -> tuple[list[Candidate], Selection]:
    """Return all candidates, and what `-p` said of them.

    A plugin that is given, or named by its module, stands in for an installed one of its name.

    Args:
        extra: plugins that are at hand already, by name.

    Raises:
        ConfigError: `plugins.directory` is no directory.
    """
    found = sorted(_installed(), key=lambda c: (c.name, c.distribution))
    selection = select_names(options.modules, [candidate.name for candidate in found])
    if options.directory is not None:
        found += _files(options.directory)
    named = [
        Candidate(name, "given", functools.partial(_same, target), is_named=True)
        for name, target in extra.items()
    ]
    known = tuple(candidate.name for candidate in found)
    named += [_module(text, known) for text in selection.modules]
    names = {candidate.name for candidate in named}
    return [*named, *(candidate for candidate in found if candidate.name not in names)], selection


def _installed() -> Iterator[Candidate]:
    seen: set[str] = set()
    for distribution in metadata.distributions():
        try:
            entries = distribution.entry_points.select(group=PROJECT)
            if not entries:
                continue
            name, version = distribution.name, distribution.version
            requires = tuple(distribution.requires or ())
        except Exception as error:  # metadata that cannot be read is not worth a server
            _log.warning("the metadata of an installed distribution cannot be read: %s", type(error).__name__)
            continue
        if name in seen:  # further down sys.path, hidden by the first
            continue
        seen.add(name)
        for entry in entries:
            load = functools.partial(_load_entry, entry.value)
            yield Candidate(entry.name, f"entry point {entry.value}", load, name, version, requires)


def _module(text: str, known: tuple[str, ...]) -> Candidate:
    name, path = _split(text)
    if _is_file(path):
        return Candidate(name, f"file {path}", functools.partial(_load_file, Path(path)), is_named=True)
    return Candidate(name, f"module {path}", functools.partial(_load_module, path, known), is_named=True)


def _split(text: str) -> tuple[str, str]:
    """Return name and path of `name=module:attribute` or `name=file.py`, where the name may be left out."""
    name, equals, path = text.partition("=")
    if equals:
        return name.strip(), path.strip()
    if _is_file(text):
        return Path(text).stem, text
    return text.partition(":")[0].rpartition(".")[2], text


def _is_file(path: str) -> bool:
    return path.endswith(".py")


def _load_entry(value: str) -> object:
    path = value.partition("[")[0].strip()  # what follows are extras
    mend = "correct the entry point in its pyproject.toml and install it again"
    return _load(path, f"its entry point names {path}, but there is no module {{}}; {mend}", mend)


def _load_module(path: str, known: tuple[str, ...]) -> object:
    near = difflib.get_close_matches(path.partition(":")[0], known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return _load(path, f"there is neither an installed plugin nor a module {{}}{hint}", "name another")


def _load(path: str, missing: str, mend: str) -> object:
    """Return what `module:attribute` names.

    Raises:
        NotThereError: there is nothing: `missing` (of the module) or what to do about the attribute.
        BaseException: whatever importing the module raises.
    """
    name, _, attribute = (part.strip() for part in path.partition(":"))
    try:
        target: object = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module is there, and lacks something itself
        raise NotThereError(missing.format(name)) from None
    for part in attribute.split(".") if attribute else ():
        try:
            target = getattr(target, part)
        except AttributeError:
            raise NotThereError(f"{name} has no {attribute}; {mend}") from None
    return target


def _files(directory: Path) -> list[Candidate]:
    if not directory.is_dir():
        raise ConfigError("plugins.directory", f"{directory} is no directory; make it, or name another")
    return [
        Candidate(path.stem, f"file {path.name}", functools.partial(_load_file, path))
        for path in sorted(directory.glob("*.py"))
        if not path.name.startswith("_")
    ]


def _load_file(path: Path) -> object:
    name = f"{PROJECT}_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, "a .py file always has a loader"
    assert spec.loader is not None, "a .py file always has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pydantic look their module up while it runs
    try:
        spec.loader.exec_module(module)
    except FileNotFoundError as error:
        sys.modules.pop(name, None)
        if error.filename is None or Path(error.filename) != path:
            raise
        raise NotThereError(f"there is no file {path}; name another") from None
    except BaseException:
        sys.modules.pop(name, None)  # it may have gone away by itself
        raise
    return module


def _same(target: object) -> object:
    return target
