"""`Package`: all that the rules of packaging look at, wherever it was read from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["About", "Package", "Source"]


class Source(StrEnum):
    """Where a package was found."""

    DIRECTORY = "directory"
    INSTALLED = "installed"
    FILE = "file"
    MODULE = "module"


@dataclass(frozen=True, slots=True)
class About:
    """What a plugin is like, once it was loaded (in another process).

    Attributes:
        loaded: whether it was. error: why not.
        missing: the entry point leads to nothing.
        summary: its `info.summary`.
        hooks: their names.
        settings: each setting and its description.
    """

    loaded: bool = False
    error: str = ""
    missing: bool = False
    summary: str = ""
    hooks: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution, or a single file.

    Attributes:
        source: where it was found. place: the same for people.
        name, version, requires_python: of the distribution.
        requires: its requirements. licensed: it names a licence.
        dynamic: fields of pyproject.toml that only a build knows.
        entry_points: what the group `audiohook_fw` has, name and value.
        readme: its text.
        code: the text of each module that is installed, by its path.
        typed: it has `py.typed`.
        tests: the text of each test; `None` where tests are not to be seen.
        plugins: by name, what each plugin is like.
        others: the top modules of other plugins that are installed here.
    """

    source: Source
    place: str
    name: str = ""
    version: str = ""
    requires_python: str = ""
    requires: tuple[str, ...] = ()
    licensed: bool = False
    dynamic: frozenset[str] = frozenset()
    entry_points: Mapping[str, str] = field(default_factory=dict)
    readme: str = ""
    code: Mapping[str, str] = field(default_factory=dict)
    typed: bool = False
    tests: Mapping[str, str] | None = None
    plugins: Mapping[str, About] = field(default_factory=dict)
    others: frozenset[str] = frozenset()

    @property
    def modules(self) -> frozenset[str]:
        """The top modules that its entry points name."""
        return frozenset(value.partition(":")[0].partition(".")[0] for value in self.entry_points.values())

    @property
    def required(self) -> frozenset[str]:
        """The modules of the distributions that it requires, as far as they have the same name."""
        names = (re.match(r"[\w.-]+", requirement) for requirement in self.requires)
        return frozenset(re.sub(r"[.-]", "_", name[0].lower()) for name in names if name)
