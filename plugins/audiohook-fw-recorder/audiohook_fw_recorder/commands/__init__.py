"""`audiohook-fw recordings …`: what people and programs do with recordings, beside the running server."""

from __future__ import annotations

import typer

from audiohook_fw import Commands

from ..settings import RecorderSettings
from . import compliance, erasing, export, info, listing, verify
from .replay import make_replay

__all__ = ["make_app", "make_replay"]


def make_app(settings: RecorderSettings, commands: Commands) -> typer.Typer:
    """Return the commands, for a section of the configuration; `commands` has all plugins erase."""
    app = typer.Typer(help="List, show, check, export and erase recordings.", no_args_is_help=True)

    @app.callback()
    def recordings() -> None:
        """List, show, check, export and erase recordings."""

    for module in (listing, info, verify, compliance, export):
        module.register(app, settings)
    erasing.register(app, settings, commands)
    return app
