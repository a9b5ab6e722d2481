"""Typed events that plugins hand to each other through `session.emit`.

Positions and lengths are integer samples of call time (the stream clock) at the media's rate.
Texts and other personal data are left out of `repr`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from .ids import new_id

__all__ = [
    "OF_THE_CORE",
    "BotTurnResponse",
    "ContextChanged",
    "Event",
    "RecordingFinished",
    "Sentiment",
    "SpeechEnded",
    "SpeechStarted",
    "Transcript",
    "Word",
    "event_class",
    "event_types",
]

_registry: dict[str, type[Event]] = {}


class Event(BaseModel):
    """Base of all events: immutable, serialisable, registered by name.

    Subclass it with a name of your own, prefixed by your plugin's:
    `class Score(Event, event_type="acme.score"): value: float`.

    Raises:
        TypeError: when a subclass has no `event_type`, or takes one that is taken.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    event_type: ClassVar[str] = ""

    def __init_subclass__(cls, *, event_type: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not event_type:
            raise TypeError(f'{cls.__name__} needs a name: class {cls.__name__}(Event, event_type="…")')
        taken = _registry.get(event_type)
        if (
            taken is not None
            and f"{taken.__module__}.{taken.__qualname__}" != f"{cls.__module__}.{cls.__qualname__}"
        ):
            raise TypeError(f"event type {event_type!r} is taken by {taken.__module__}.{taken.__qualname__}")
        cls.event_type = event_type
        _registry[event_type] = cls

    def is_interim(self) -> bool:
        """Tell whether a later event replaces this one, so that it may be dropped under load."""
        return False


def event_class(event_type: str) -> type[Event] | None:
    """Return the class registered under a name, or `None`."""
    return _registry.get(event_type)


def event_types() -> frozenset[str]:
    """Return the names of all registered classes."""
    return frozenset(_registry)


class Word(BaseModel):
    """One word of a transcript, with its place in call time (samples)."""

    model_config = ConfigDict(frozen=True)
    text: str = Field(repr=False)
    start: int = Field(ge=0)
    length: int = Field(ge=0)
    confidence: float = Field(default=1.0, ge=0, le=1)


class Transcript(Event, event_type="transcript"):
    """What was said on one channel; interim and final of one utterance share `id`."""

    id: str = Field(default_factory=new_id)
    channel: str
    text: str = Field(repr=False)
    is_final: bool = True
    start: int = Field(ge=0)
    length: int = Field(ge=0)
    confidence: float = Field(default=1.0, ge=0, le=1)
    language: str = ""
    words: tuple[Word, ...] = Field(default=(), repr=False)

    def is_interim(self) -> bool:
        """Tell whether a later transcript of the same utterance replaces this one."""
        return not self.is_final


class SpeechStarted(Event, event_type="speech_started"):
    """Somebody began to speak on a channel."""

    channel: str
    start: int = Field(ge=0)


class SpeechEnded(Event, event_type="speech_ended"):
    """Somebody stopped speaking on a channel."""

    channel: str
    start: int = Field(ge=0)
    length: int = Field(ge=0)


class Sentiment(Event, event_type="sentiment"):
    """Mood of one utterance (`transcript_id`) or of a channel so far (`running`)."""

    channel: str
    score: float = Field(ge=-1, le=1)
    label: Literal["negative", "neutral", "positive"]
    running: bool = False
    transcript_id: str = ""
    start: int = Field(default=0, ge=0)
    length: int = Field(default=0, ge=0)


class ContextChanged(Event, event_type="context_changed"):
    """What is known of the call (queue, agent, hold …) changed; `session.context` holds it all."""

    changed: tuple[str, ...]


class BotTurnResponse(Event, event_type="bot_turn_response"):
    """A bot's turn, for the flow-execution history (Audio Connector only)."""

    disposition: Literal["no_input", "no_match", "match"]
    text: str | None = Field(default=None, repr=False)
    confidence: float | None = Field(default=None, ge=0, le=1)


class RecordingFinished(Event, event_type="recording_finished"):
    """A recording is where it stays; announced (`ServerContext.announce`), since its call may be long over.

    `id` names the recording among all, the same one each time it is told. `samples` are per channel.
    """

    id: str = Field(min_length=1, max_length=200)
    session_id: str
    conversation_id: str
    organization_id: str = ""
    url: str
    state: Literal["complete", "interrupted"] = "complete"
    format: str = ""
    rate: int = Field(default=8000, gt=0)
    channels: int = Field(default=1, gt=0)
    samples: int = Field(default=0, ge=0)
    size: int | None = Field(default=None, ge=0)
    sha256: str = ""


OF_THE_CORE: Final = frozenset({ContextChanged.event_type})
"""Events that the core emits in a plugin's name, whatever that declares."""
