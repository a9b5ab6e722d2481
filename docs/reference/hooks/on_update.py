"""Follow the language of the call."""

from __future__ import annotations

from audiohook_fw import Session, Update, hookimpl


@hookimpl
def on_update(session: Session, update: Update, position: int) -> None:
    """Tell the other plugins from where on the new language counts."""
    if update.language is not None:
        session.update_context(recognizer=update.language, recognizer_since=position)
