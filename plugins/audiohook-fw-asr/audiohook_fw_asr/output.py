"""`ChannelOutput`: what is heard on one channel, emitted as transcripts in call time."""

from __future__ import annotations

import uuid
from typing import Final

from audiohook_fw import Session, Transcript, Word

from .events import RecognitionStatus
from .heard import Heard, HeardWord
from .timeline import Timeline
from .totals import Totals

__all__ = ["ChannelOutput"]


class ChannelOutput:
    """Emits transcripts and the status of one channel.

    Attributes:
        dropped: samples that were never recognised.
        interim: the last interim of the running utterance, until its final.
    """

    def __init__(self, session: Session, channel: str, timeline: Timeline, totals: Totals) -> None:
        self.channel: Final = channel
        self.dropped = 0
        self.interim: Heard | None = None
        self._session = session
        self._timeline = timeline
        self._totals = totals
        self._id = ""
        self._told = ("", "")

    def emit(self, heard: Heard, language: str, *, utterance: str = "") -> None:
        """Emit a result. Interim and final share an id: the one given, or that of the running utterance."""
        self._id = utterance or self._id or new_id()
        if self._session.state != "ended":
            self._session.emit(self._transcript(heard, language))
            self._totals.results[heard.is_final] += 1
        self.interim = None if heard.is_final else heard
        if heard.is_final:
            self._id = ""

    def promote(self, language: str) -> Heard | None:
        """Emit the last interim as a final: better than nothing where its final will never come."""
        heard = self.interim
        if heard is not None:
            final = Heard(
                heard.text, True, heard.start, heard.end, heard.confidence, heard.language, heard.words
            )
            self.emit(final, language)
        return heard

    def split(self) -> None:
        """End the running utterance: what comes next is another one."""
        self.interim = None
        self._id = ""

    def drop(self, samples: int) -> None:
        """Count audio that was never recognised, and tell."""
        if samples > 0:
            self.dropped += samples
            self._totals.dropped += samples
            self.status("behind", again=True)

    def status(self, state: str, engine: str = "", *, again: bool = False) -> None:
        """Tell the consumers how it stands, if that is new."""
        if (self._told != (state, engine) or again) and self._session.state != "ended":
            self._told = (state, engine)
            status = RecognitionStatus.model_validate(
                {
                    "channel": self.channel,
                    "state": state,
                    "engine": engine,
                    "dropped": self.dropped,
                    "position": self._session.position,
                }
            )
            self._session.emit(status)

    def _transcript(self, heard: Heard, language: str) -> Transcript:
        start, length = self._place(heard.start, heard.end)
        return Transcript(
            id=self._id,
            channel=self.channel,
            text=heard.text,
            is_final=heard.is_final,
            start=start,
            length=length,
            confidence=heard.confidence,
            language=heard.language or language,
            words=self._words(heard.words),
        )

    def _words(self, heard: tuple[HeardWord, ...]) -> tuple[Word, ...]:
        """Return words of which no two begin at once: Genesys takes no such."""
        words: list[Word] = []
        least = 0
        for word in heard:
            start, length = self._place(word.start, word.end)
            end, start = start + length, max(start, least)
            words.append(
                Word(text=word.text, start=start, length=max(0, end - start), confidence=word.confidence)
            )
            least = start + 1
        return tuple(words)

    def _place(self, start: int, end: int) -> tuple[int, int]:
        first = self._timeline.start_of(start)
        return first, max(0, self._timeline.end_of(end) - first) if end > start else 0


def new_id() -> str:
    """Return an id as Genesys wants it for an utterance: a UUID."""
    return str(uuid.uuid4())
