"""`audiohook-fw plugin new|check`: begin a plugin, and see whether it is fit to be published."""

from __future__ import annotations

import typer

from ..help import show_help
from . import check, new

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add `plugin`."""
    plugin = typer.Typer(invoke_without_command=True, help="Begin a plugin, and check one.")
    plugin.callback()(show_help)
    new.register(plugin)
    check.register(plugin)
    app.add_typer(plugin, name="plugin")
