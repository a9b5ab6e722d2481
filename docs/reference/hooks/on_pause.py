"""Note who paused the stream, and whether the client has a pause of its own on top."""

from __future__ import annotations

from audiohook_fw import ClientPause, PauseOrigin, Session, hookimpl


@hookimpl
def on_pause(session: Session, origin: PauseOrigin, position: int) -> None:
    """Nothing is heard from call time `position` on."""
    by_client = origin is PauseOrigin.CLIENT or session.client_paused is ClientPause.YES
    session.update_context(paused_at=position, paused_by_client=by_client)
