"""Keep a note per conversation, delete it when the conversation is to be forgotten, and offer to forget."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from audiohook_fw import Commands, Erased, PluginError, Session, hookimpl

NOTES = Path("notes")


@hookimpl
def on_opened(session: Session) -> None:
    """Begin the note of a conversation, under its id in lower case."""
    NOTES.mkdir(exist_ok=True)
    (NOTES / session.conversation_id.lower()).touch()


@hookimpl
def on_erase(conversation_id: str) -> int:
    """Delete the note; the id is a UUID, so it leads nowhere else."""
    try:
        (NOTES / conversation_id).unlink()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise PluginError("on_erase", f"the note cannot be deleted: {error.strerror}") from error
    return 1


@hookimpl
def register_commands(commands: Commands) -> None:
    """Offer `audiohook-fw forget CONVERSATION`, which asks every plugin."""
    app = typer.Typer()

    @app.command()
    def forget(conversation: str) -> None:
        """Delete all that any plugin keeps of a conversation."""
        erased: Sequence[Erased] = commands.erase(conversation)
        for one in erased:
            typer.echo(f"{one.plugin}: {one.problem or one.count}")
        if any(one.problem for one in erased):
            raise typer.Exit(1)

    commands.add(app, name="forget")
