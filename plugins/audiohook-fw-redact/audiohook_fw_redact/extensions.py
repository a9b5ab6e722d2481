"""Recognisers of other packages, by entry point."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from audiohook_fw import ConfigError

from .finding import Recogniser
from .settings import RedactSettings

__all__ = ["GROUP", "load_recognisers"]

GROUP: Final = "audiohook_fw_redact"
_SETTING: Final = "plugins.redact.recognisers"


def load_recognisers(settings: RedactSettings, found: Iterable[EntryPoint] | None = None) -> list[Recogniser]:
    """Load the recognisers that are wanted; an entry point is an object, or a class without arguments.

    Raises:
        ConfigError: one is not installed, does not load, or is none.
    """
    installed = {point.name: point for point in (entry_points(group=GROUP) if found is None else found)}
    wanted = installed.keys() if settings.recognisers is None else settings.recognisers
    missing = [name for name in wanted if name not in installed]
    if missing:
        there = ", ".join(sorted(installed)) or "none"
        raise ConfigError(_SETTING, f"{', '.join(missing)} is not installed; there is: {there}")
    return [_load(installed[name]) for name in wanted]


def _load(point: EntryPoint) -> Recogniser:
    try:
        loaded = point.load()
        recogniser = loaded() if isinstance(loaded, type) else loaded
    except Exception as error:  # whatever another package raises
        problem = f"{point.name} ({point.value}) does not load: {type(error).__name__}: {error}"
        raise ConfigError(_SETTING, problem) from error
    kind = getattr(recogniser, "kind", None)
    if not isinstance(kind, str) or not kind or not callable(getattr(recogniser, "find", None)):
        raise ConfigError(
            _SETTING,
            f"{point.name} ({point.value}) is no recogniser: it needs `kind` and `find(text, language)`",
        )
    found: Recogniser = recogniser
    return found
