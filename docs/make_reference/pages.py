"""`PAGES`: every page that is made, and what makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from audiohook_fw.cli import reference as cli

from . import api, errors, hooks, isolation, replay, settings, telemetry, testing

__all__ = ["PAGES", "REFERENCE"]

REFERENCE: Final = Path(__file__).resolve().parents[1] / "reference"

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "api.md": api.page,
    "cli.md": cli.reference,
    "errors.md": errors.page,
    "hooks.md": hooks.page,
    "isolation.md": isolation.page,
    "replay.md": replay.page,
    "settings.md": settings.page,
    "telemetry.md": telemetry.page,
    "testing.md": testing.page,
}
