"""Hand on the last words of a call before `closed` is sent."""

from __future__ import annotations

from audiohook_fw import (
    CallStatistics,
    CloseReason,
    ContextChanged,
    Event,
    PluginInfo,
    Session,
    Transcript,
    Word,
    hookimpl,
)

info = PluginInfo(summary="Last words", consumes=(ContextChanged,), emits=(Transcript,))


@hookimpl
async def on_event(session: Session, event: Event) -> None:
    """Being `async`, this puts all hooks of the plugin into its lane, `on_close` too."""


@hookimpl
def on_close(session: Session, reason: CloseReason) -> None:
    """Say nothing when this plugin was too slow to have heard everything."""
    fared: CallStatistics = session.delivery
    if reason is CloseReason.LOST or fared.dropped:
        return
    word = Word(text="goodbye", start=0, length=session.position)
    session.emit(Transcript(channel="external", text=word.text, start=0, length=word.length, words=(word,)))
