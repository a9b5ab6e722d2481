"""Ask for no more audio after the client complained that it is overloaded."""

from __future__ import annotations

from audiohook_fw import ClientError, Session, hookimpl


@hookimpl
def on_client_error(session: Session, error: ClientError) -> None:
    """The call goes on; `error.message` is for logs, and may name people."""
    if error.code == 429:
        session.set_audio_interest(False)
        session.update_context(retry_after=error.retry_after)
