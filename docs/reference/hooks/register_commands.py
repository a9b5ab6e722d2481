"""Add the command `audiohook-fw register-commands NAME`."""

from __future__ import annotations

import typer

from audiohook_fw import Commands, hookimpl

app = typer.Typer()


@app.command()
def greet(name: str) -> None:
    """Greet somebody."""
    typer.echo(f"Hello, {name}!")


@hookimpl
def register_commands(commands: Commands) -> None:
    """Offer the application under the plugin's own name."""
    commands.add(app)
