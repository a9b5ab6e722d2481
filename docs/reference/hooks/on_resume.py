"""Add up how long the call was not heard."""

from __future__ import annotations

from audiohook_fw import Gap, Session, StashKey, hookimpl

UNHEARD = StashKey[float]()


@hookimpl
def on_resume(session: Session, gap: Gap) -> None:
    """Lengths are samples at `media.rate`."""
    rate = session.media.rate if session.media is not None else 8000
    session.stash[UNHEARD] = session.stash.get(UNHEARD, 0.0) + gap.length / rate
