"""The rules of metadata: what an installer, a loader and a person who looks for a plugin go by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from audiohook_fw.config import check_plugin_name

from .package import Package
from .rule import Needs, PackagingRule

__all__ = [
    "ENTRY_POINT",
    "LICENCE",
    "NAMES_FOLLOW",
    "REQUIRES_CORE",
    "REQUIRES_PYTHON",
    "VERSION",
]

_CORE: Final = "audiohook-fw"
_LOWER: Final = frozenset({">=", ">", "==", "~=", "==="})
"""Operators that keep older versions out."""


def _entry_point(package: Package) -> Iterator[str]:
    if not package.entry_points:
        yield "it has no entry point in the group audiohook_fw"
    for name, value in package.entry_points.items():
        about = package.plugins.get(name)
        if about is not None and about.missing:
            yield f"{name} = {value}: {about.error}"


def _names_follow(package: Package) -> Iterator[str]:
    distribution = canonicalize_name(package.name).replace("-", "_")
    for name in package.entry_points:
        try:
            check_plugin_name(name)
        except ValueError as error:
            yield f"the entry point {name} {error}"
    for module in sorted(package.modules):
        if module not in (distribution, distribution.removeprefix("audiohook_fw_")):
            yield f"the distribution is {package.name}, and its module {module}, not {distribution}"
    if len(package.entry_points) == 1:
        (name,) = package.entry_points
        if not distribution.endswith(f"_{name}") and distribution != name:
            yield f"the distribution is {package.name}, which does not end in the plugin's name, {name}"


def _requires_core(package: Package) -> Iterator[str]:
    for line in package.requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            yield f"{line!r} is no requirement"
            continue
        if canonicalize_name(requirement.name) == _CORE:
            if not _has_lower_bound(requirement.specifier):
                yield f"{line!r} takes any older version"
            return
    yield f"it does not require {_CORE}"


def _has_lower_bound(specifiers: SpecifierSet) -> bool:
    return any(specifier.operator in _LOWER for specifier in specifiers)


def _requires_python(package: Package) -> Iterator[str]:
    if not package.requires_python:
        yield "it does not say which Pythons it is for"
    elif not _has_lower_bound(SpecifierSet(package.requires_python)):
        yield f"requires-python is {package.requires_python!r}, which takes any older Python"


def _version(package: Package) -> Iterator[str]:
    try:
        Version(package.version)
    except InvalidVersion:
        yield f"the version is {package.version!r}, which is none" if package.version else "it has no version"


def _licence(package: Package) -> Iterator[str]:
    if not package.licensed:
        yield "it names no licence"


ENTRY_POINT: Final = PackagingRule(
    "entry-point",
    "It has an entry point in the group `audiohook_fw`, and what that names exists.",
    'write [project.entry-points.audiohook_fw] and NAME = "MODULE:CLASS" into pyproject.toml',
    _entry_point,
)
NAMES_FOLLOW: Final = PackagingRule(
    "names-follow",
    "Distribution, module and plugin are named alike: `audiohook-fw-talk-ratio` (or `acme-talk-ratio`), "
    "`audiohook_fw_talk_ratio` and `talk_ratio`.",
    "name them after the plugin, so that who sees one finds the others",
    _names_follow,
)
REQUIRES_CORE: Final = PackagingRule(
    "requires-core",
    "It requires `audiohook-fw` from some version on.",
    'name the version it is written for: dependencies = ["audiohook-fw>=0.1,<0.2"]',
    _requires_core,
    (Needs.DISTRIBUTION, "dependencies"),
)
REQUIRES_PYTHON: Final = PackagingRule(
    "requires-python",
    "It says from which Python on it runs.",
    'write requires-python = ">=3.11"',
    _requires_python,
    (Needs.DISTRIBUTION, "requires-python"),
)
VERSION: Final = PackagingRule(
    "version",
    "It has a version that installers can compare.",
    'write one such as version = "0.1.0"',
    _version,
    (Needs.DISTRIBUTION, "version"),
)
LICENCE: Final = PackagingRule(
    "licence",
    "It names its licence: without one nobody may use it.",
    'write license = "MIT" (or another) and add a file LICENSE',
    _licence,
    (Needs.DISTRIBUTION, "license"),
)
