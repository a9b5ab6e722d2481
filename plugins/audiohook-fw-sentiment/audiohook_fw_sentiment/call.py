"""`ScoredCall`: the moods of one call."""

from __future__ import annotations

from contextlib import suppress
from typing import Final, Literal

from audiohook_fw import Event, Sentiment, Session, SessionClosedError, SessionHandler, Transcript

from .engine import Utterance
from .engines import Engines
from .running import RunningMean
from .settings import SentimentSettings

__all__ = ["ScoredCall"]

_RATE: Final = 8000
"""Of calls without audio, whose transcripts come from elsewhere."""


class ScoredCall(SessionHandler):
    """Scores each final transcript of a call, in the order in which they come."""

    def __init__(self, session: Session, settings: SentimentSettings, engines: Engines) -> None:
        self._session = session
        self._settings = settings
        self._engines = engines
        self._running: dict[str, RunningMean] = {}

    async def on_event(self, event: Event) -> None:
        """Score a final transcript, and emit its mood and the channel's."""
        if not isinstance(event, Transcript) or not event.is_final or not event.text.strip():
            return
        language = event.language or self._session.language or self._settings.language
        utterance = Utterance(event.text, language, event.channel)
        score = await self._engines.score(utterance, self._session.run_blocking)
        if score is None:
            return
        with suppress(SessionClosedError):  # an answer after the end is of no use to anybody
            self._emit(event, score)

    def _emit(self, event: Transcript, score: float) -> None:
        settings, session = self._settings, self._session
        session.emit(
            Sentiment(
                channel=event.channel,
                score=score,
                label=label(score, settings.threshold),
                transcript_id=event.id,
                start=event.start,
                length=event.length,
            )
        )
        if not settings.running:
            return
        rate = session.media.rate if session.media is not None else _RATE
        mean = self._running.setdefault(event.channel, RunningMean(settings.half_life * rate, rate))
        mean.add(score, start=event.start, length=event.length)
        session.emit(
            Sentiment(
                channel=event.channel,
                score=mean.score,
                label=label(mean.score, settings.threshold),
                running=True,
                start=mean.start,
                length=mean.end - mean.start,
            )
        )


def label(score: float, threshold: float) -> Literal["negative", "neutral", "positive"]:
    """Return what a score is called; with a threshold of 0, only 0 itself is neutral."""
    if score > 0 and score >= threshold:
        return "positive"
    return "negative" if score < 0 and score <= -threshold else "neutral"
