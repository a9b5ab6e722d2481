"""Hold that the plugins somebody relies on are there: those in `plugins.required`, those given with `-p`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from audiohook_fw.errors import PluginConfigError, PluginLoadError

from .discovery import select_names
from .records import PluginRecord, PluginStatus

__all__ = ["asked_for", "check_asked", "check_required"]

_ASKED = "was asked for with -p"


def asked_for(asked: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the plugins that `-p` wants, without those it leaves out; the last word counts."""
    return tuple(name for name, wanted in select_names(asked, ()).switched.items() if wanted)


def check_asked(asked: Sequence[str], records: Sequence[PluginRecord]) -> None:
    """Hold `-p` to what was found.

    Args:
        asked: what `-p` gave, `no:NAME` too.

    Raises:
        PluginLoadError: one that is wanted did not load, or one that is left out is not there anyway.
        PluginConfigError: the settings of one that is wanted are wrong.
    """
    known = [record.name for record in records]
    for name, wanted in select_names(asked, ()).switched.items():
        if wanted:
            _check(name, _ASKED, records)
        elif name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"found are: {', '.join(known) or 'none'}"
            raise PluginLoadError(name, f"is left out by -p no:{name} but not installed; {hint}")


def check_required(required: Sequence[str], records: Sequence[PluginRecord]) -> None:
    """Hold `plugins.required` to what was found.

    Raises:
        PluginLoadError: a required plugin is missing or did not load.
        PluginConfigError: the settings of a required plugin are wrong.
    """
    for name in required:
        _check(name, "is required", records)


def _check(name: str, why: str, records: Sequence[PluginRecord]) -> None:
    record = next((record for record in records if record.name == name), None)
    if record is None:
        raise PluginLoadError(name, f"{why} but not installed")
    if record.status is PluginStatus.INVALID_CONFIG:
        raise PluginConfigError(name, f"{why} but its settings are wrong: {record.error}")
    if record.status is not PluginStatus.ACTIVE:
        raise PluginLoadError(name, f"{why} but {record.status}: {record.error}")
