"""The demo's listener: says what is said, by whom and in which mood, as soon as both are known.

A plugin of a few lines that hears what others found out: it consumes transcripts, which are redacted by then,
and moods, and knows neither who recognised the words nor who judged them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from audiohook_fw.plugin import (
    Event,
    PluginInfo,
    Sentiment,
    SessionHandler,
    SessionSummary,
    Transcript,
    hookimpl,
)
from audiohook_fw.session import Session

__all__ = ["FACES", "PLAIN_FACES", "Listener"]

FACES: Final = {"positive": "☺", "neutral": "·", "negative": "☹"}
PLAIN_FACES: Final = {"positive": ":)", "neutral": ":|", "negative": ":("}
"""For terminals that know no others."""

_SIDES: Final = {"external": "customer", "internal": "agent"}
_RATE: Final = 8000


class Listener:
    """Says each final utterance in a line.

    Args:
        say: writes a line. faces: what stands for a mood.

    Attributes:
        said: the utterances of all calls as they were told, each with its mood, if any.
    """

    info = PluginInfo(summary="The demo's listener", consumes=(Transcript, Sentiment))

    def __init__(self, say: Callable[[str], None], faces: dict[str, str] = FACES) -> None:
        self.say = say
        self.faces = faces
        self.said: list[tuple[Transcript, Sentiment | None]] = []

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        """Listen to every call."""
        return _Listening(self, session)

    def tell(self, utterance: Transcript, mood: Sentiment | None, rate: int) -> None:
        """Say an utterance."""
        self.said.append((utterance, mood))
        shown = f"{self.faces[mood.label]} {mood.score:+.2f}" if mood is not None else ""
        width = max(map(len, self.faces.values())) + 6
        side = _SIDES.get(utterance.channel, utterance.channel)
        text = " ".join(utterance.text.split())
        self.say(f"  {_clock(utterance.start / rate)} {side:<9} {shown:<{width}}  {text}")


class _Listening(SessionHandler):
    def __init__(self, listener: Listener, session: Session) -> None:
        self._listener = listener
        self._rate = _RATE if session.media is None else session.media.rate
        self._waiting: dict[str, Transcript] = {}

    async def on_event(self, event: Event) -> None:
        """Keep an utterance until its mood comes; moods come in the order of utterances."""
        if isinstance(event, Transcript) and event.is_final and event.text.strip():
            self._waiting[event.id] = event
        elif isinstance(event, Sentiment) and event.transcript_id in self._waiting:
            while (first := next(iter(self._waiting))) != event.transcript_id:
                self._tell(first, None)
            self._tell(first, event)

    async def on_end(self, summary: SessionSummary) -> None:
        """Say what nobody could judge."""
        for left in list(self._waiting):
            self._tell(left, None)

    def _tell(self, utterance: str, mood: Sentiment | None) -> None:
        self._listener.tell(self._waiting.pop(utterance), mood, self._rate)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"
