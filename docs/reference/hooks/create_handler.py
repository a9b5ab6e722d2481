"""Keep the state of a call in an object of its own: tell when the customer was heard at last."""

from __future__ import annotations

from audiohook_fw import AudioFrame, CloseReason, Session, SessionHandler, SpeechStarted, hookimpl

LOUD = 1_000


class FirstWord(SessionHandler):
    """One per call; its methods are the event hooks without `session`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.start: int | None = None

    def on_audio(self, frame: AudioFrame) -> None:
        """Emit one event, at the first loud sample."""
        loud = abs(frame.channel("external").astype("int32")) > LOUD
        if self.start is None and loud.any():
            self.start = frame.position + int(loud.argmax())
            self.session.emit(SpeechStarted(channel="external", start=self.start))

    def on_close(self, reason: CloseReason) -> None:
        """Leave word for the other plugins."""
        self.session.update_context(customer_spoke=self.start is not None)


@hookimpl
def create_handler(session: Session) -> SessionHandler | None:
    """Return `None` for calls without audio: this plugin then takes no part in them."""
    return FirstWord(session) if session.media is not None else None
