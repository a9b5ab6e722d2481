"""`audiohook-fw demo`: the whole way of a call, played and checked on this machine within seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import CommandError
from ..help import examples

__all__ = ["register"]

_SPEED: Final = 3.0
_FASTEST: Final = 50.0


def register(app: typer.Typer) -> None:
    """Add `demo`."""
    app.command(
        "demo",
        short_help="See it work: a server, calls, recordings, costs, speech, all checked.",
        epilog=examples("audiohook-fw demo", "audiohook-fw demo --speed 1 --into recordings"),
    )(_demo)


def _demo(
    into: Annotated[Path, typer.Option(metavar="DIR", help="Where all files go.")] = Path("demo-output"),
    speed: Annotated[
        float,
        typer.Option(
            metavar="X", min=0.1, max=_FASTEST, help="How much faster than real time; 1 for real time."
        ),
    ] = _SPEED,
) -> None:
    """Start servers with plugins, play Genesys calls into them, check what comes of it.

    First the connection probe, a call that a policy declines, and a conversation with a pause of the
    client, one of the server and a discard in it, which is recorded. Then, where the plugins policy,
    genesys and cost are installed, a call that is opened paused and resumed when its queue is known, one
    that is disconnected then, one that is refused since it does not come from Genesys, and what they
    cost. Last, where vad, whisper, redact, sentiment, transcripts and a speech model are, what is said in
    a call, as it is said, with its mood and without the card number in it. Everything runs on this
    machine. Exit status 0 if all is as it should be, else 1.
    """
    from .play import play
    from .show import Screen

    there = next((path for path in (into, *into.parents) if path.exists()), None)
    if there is not None and not there.is_dir():
        raise CommandError(f"--into: {there} is no folder; name another")
    if not play(into, speed, Screen()):
        raise typer.Exit(1)
