"""Tell whether a plugin fits this version: by its requirement on it, and the hooks it is written for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from .hookspecs import HOOK_API_VERSION
from .info import PluginInfo

__all__ = ["CORE", "misfit", "misfit_hooks"]

CORE: Final = "audiohook-fw"
"""The distribution that plugins require."""


def misfit(requires: Iterable[str], version: str, distribution: str) -> str:
    """Return why a distribution with these requirements does not fit this version; empty when it does.

    The installer has checked that once, but environments change afterwards.
    """
    for text in requires:
        try:
            wanted = Requirement(text)
        except InvalidRequirement:  # of some other distribution; the installer's business
            continue
        if canonicalize_name(wanted.name) != CORE:
            continue
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        if not wanted.specifier.contains(version, prereleases=True):
            return (
                f"needs {CORE}{wanted.specifier}, but this is {version}; install one that fits "
                f"(pip install '{CORE}{wanted.specifier}'), or another version of {distribution}"
            )
    return ""


def misfit_hooks(info: PluginInfo, present: int = HOOK_API_VERSION) -> str:
    """Return why a plugin written for other hooks does not fit; empty when it does."""
    if info.hook_api is None or info.hook_api == present:
        return ""
    mend = f"upgrade {CORE}" if info.hook_api > present else "upgrade the plugin"
    return f"is written for hook API {info.hook_api}, but this {CORE} has {present}; {mend}"
