"""End the utterance that was running when audio went missing."""

from __future__ import annotations

from audiohook_fw import Gap, Session, SpeechEnded, StashKey, hookimpl

SPEAKING_SINCE = StashKey[int]()


@hookimpl
def on_opened(session: Session) -> None:
    """Take the customer for speaking from the start; a real plugin would listen."""
    session.stash[SPEAKING_SINCE] = session.position


@hookimpl
def on_discarded(session: Session, gap: Gap) -> None:
    """What was said after the gap belongs to a new utterance."""
    start = session.stash[SPEAKING_SINCE]
    session.emit(SpeechEnded(channel="external", start=start, length=max(0, gap.start - start)))
    session.stash[SPEAKING_SINCE] = gap.start + gap.length
