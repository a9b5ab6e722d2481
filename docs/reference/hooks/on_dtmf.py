"""A bot that answers keys: any key plays a tone, `#` ends the turn."""

from __future__ import annotations

from audiohook_fw import BotTurnResponse, LocalProtocolError, Session, hookimpl

TONE = bytes([0x00, 0x80]) * 2_000
"""Half a second of µ-law, one channel."""


@hookimpl
def on_dtmf(session: Session, digit: str, position: int) -> None:
    """Only keys with `product = "connector"` may play."""
    if digit == "#":
        session.emit(BotTurnResponse(disposition="match", text="done", confidence=1.0))
        return
    try:
        session.play(TONE)
    except LocalProtocolError:  # too much is queued already
        session.flush_playback()
