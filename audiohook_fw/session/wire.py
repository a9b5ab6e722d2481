"""Which plugin events Genesys understands, and how they look on its wire."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from audiohook_fw.plugin import BotTurnResponse, Event, SpeechStarted, Transcript, Word
from audiohook_fw.protocol import (
    Alternative,
    BotTurnResponseEntity,
    Entity,
    Interpretation,
    MediaFormat,
    SpeechStartedEntity,
    Token,
    TranscriptEntity,
    from_samples,
)

__all__ = ["MOST_TOKENS", "to_entity"]

MOST_TOKENS: Final = 400
"""With more words than these a transcript goes without tokens: it would be longer than a message may be."""

_UUID: Final = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
)
"""The ids that the official client takes: not those of versions 6 and up."""


def to_entity(event: Event, media: MediaFormat, product: str, *, interims: bool) -> Entity | None:
    """Return the entity for an event, or `None` when the key's product does not take it.

    Raises:
        ValueError: a transcript is of a channel that the call does not have.
    """
    match product, event:
        case "transcription", Transcript(is_final=final) if final or interims:
            return _transcript(event, media)
        case "transcription", SpeechStarted() if media.format == "L16":
            # Only the Bot Transcription Connector offers L16, and only it knows this entity.
            return SpeechStartedEntity()
        case "connector", BotTurnResponse():
            return BotTurnResponseEntity(
                disposition=event.disposition, text=event.text, confidence=event.confidence
            )
        case _:
            return None


def _transcript(event: Transcript, media: MediaFormat) -> TranscriptEntity | None:
    if event.channel not in media.channels:
        raise ValueError(f"the call has no channel {event.channel!r}")
    if not event.text.strip():
        return None
    rate = media.rate
    words = [word for word in event.words if word.text.strip()]
    language = [event.language] if event.language else None
    tokens = [
        Token(
            value=word.text,
            confidence=word.confidence,
            offset=from_samples(start, rate),
            duration=from_samples(word.length, rate),
            language=event.language or None,
        )
        for start, word in _apart(words or _spread(event))
    ]
    return TranscriptEntity(
        id=event.id if _UUID.fullmatch(event.id) else str(uuid5(NAMESPACE_URL, event.id)),
        channel_id=1 if media.channels.index(event.channel) else 0,
        is_final=event.is_final,
        offset=from_samples(event.start, rate),
        duration=from_samples(event.length, rate),
        alternatives=[
            Alternative(
                confidence=event.confidence,
                languages=language,
                interpretations=[
                    Interpretation(
                        transcript=event.text, tokens=tokens if len(tokens) <= MOST_TOKENS else None
                    )
                ],
            )
        ],
    )


def _apart(words: Iterable[Word]) -> Iterator[tuple[int, Word]]:
    """Yield each word with its start, moved a sample on where needed: no two tokens may share an offset."""
    earliest = 0
    for word in words:
        start = max(word.start, earliest)
        earliest = start + 1
        yield start, word


def _spread(event: Transcript) -> list[Word]:
    """Give each word its share of the utterance by length, for engines that time no words."""
    texts = event.text.split()
    total = sum(len(text) for text in texts)
    words: list[Word] = []
    done = 0
    for text in texts:
        start = event.start + event.length * done // total
        done += len(text)
        end = event.start + event.length * done // total
        words.append(Word(text=text, start=start, length=end - start, confidence=event.confidence))
    return words
