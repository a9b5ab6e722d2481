"""Hang up once the goodbye was heard, not before."""

from __future__ import annotations

from audiohook_fw import Playback, Session, hookimpl


@hookimpl
def on_playback(session: Session, playback: Playback, position: int) -> None:
    """`disconnect` at once would cut off what is still queued."""
    if playback is Playback.COMPLETED:
        session.disconnect(output_variables={"outcome": "served"})
