"""Turn final transcripts into a mood; plugins know each other's events, never each other."""

from __future__ import annotations

from audiohook_fw import Event, PluginInfo, Sentiment, Session, Transcript, hookimpl

info = PluginInfo(summary="Mood by single words", consumes=(Transcript,), emits=(Sentiment,))

GOOD, BAD = {"thanks", "great"}, {"angry", "cancel"}


@hookimpl
def on_event(session: Session, event: Event) -> None:
    """Only transcripts come, because `info.consumes` says so."""
    if not isinstance(event, Transcript) or not event.is_final:
        return
    words = set(event.text.lower().split())
    score = min(1, max(-1, len(words & GOOD) - len(words & BAD)))
    label = ("negative", "neutral", "positive")[score + 1]
    session.emit(
        Sentiment.model_validate(
            {"channel": event.channel, "score": score, "label": label, "transcript_id": event.id}
        )
    )
