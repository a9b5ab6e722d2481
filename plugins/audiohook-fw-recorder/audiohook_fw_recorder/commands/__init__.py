"""`audiohook-fw recordings …`: what people and programs do with recordings, beside the running server."""

from __future__ import annotations

import typer

from ..settings import RecorderSettings
from . import export, info, listing, verify

__all__ = ["make_app"]


def make_app(settings: RecorderSettings) -> typer.Typer:
    """Return the commands, for a section of the configuration."""
    app = typer.Typer(help="List, show, check and export recordings.", no_args_is_help=True)

    @app.callback()
    def recordings() -> None:
        """List, show, check and export recordings."""

    for module in (listing, info, verify, export):
        module.register(app, settings)
    return app
