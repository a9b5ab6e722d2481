"""The entities of `event` messages that are known to mean something to Genesys Cloud."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from .server_messages import WireEntity
from .values import Duration, Model, Uuid

__all__ = [
    "AgentAssistEntity",
    "AgentAssistUtterance",
    "Alternative",
    "ArticleSuggestion",
    "BargeInEntity",
    "BotTurnResponseEntity",
    "Entity",
    "FaqSuggestion",
    "Interpretation",
    "SpeechStartedEntity",
    "Token",
    "TranscriptEntity",
    "parse_entity",
]

Confidence = Annotated[float, Field(ge=0, le=1)]


class Entity(Model):
    """Base of the known entities; `entity_type` is the name on the wire."""

    entity_type: ClassVar[str]

    def wire_entity(self) -> WireEntity:
        """Return what goes into an `event` message."""
        return WireEntity(type=self.entity_type, data=self.to_wire())


class Token(Model):
    """One word; offsets are unique within one interpretation."""

    type: Literal["word"] = "word"
    value: str = Field(repr=False)
    confidence: Confidence
    offset: Duration
    duration: Duration
    language: str | None = None


class Interpretation(Model):
    """One way to write an alternative."""

    type: Literal["display"] = "display"
    transcript: str = Field(repr=False)
    tokens: list[Token] | None = Field(default=None, repr=False)


class Alternative(Model):
    """One hypothesis of what was said."""

    confidence: Confidence
    languages: list[str] | None = None
    interpretations: list[Interpretation] = Field(min_length=1)


class TranscriptEntity(Entity):
    """`transcript`: consumed by Transcription Connector and Bot Transcription Connector.

    `offset` and `duration` may be left out of interims only.
    """

    entity_type: ClassVar[str] = "transcript"
    id: Uuid
    channel_id: Literal[0, 1]
    is_final: bool
    offset: Duration | None = None
    duration: Duration | None = None
    alternatives: list[Alternative] = Field(min_length=1)

    @model_validator(mode="after")
    def _final_has_its_place(self) -> Self:
        if self.is_final and (self.offset is None or self.duration is None):
            raise ValueError("a final transcript needs offset and duration")
        return self


class AgentAssistUtterance(Model):
    """An utterance in `agentassist`."""

    id: Uuid
    position: Duration
    duration: Duration | None = None
    text: str = Field(repr=False)
    language: str
    confidence: Confidence
    channel: Literal["external", "internal"]
    is_final: bool


class FaqSuggestion(Model):
    """A question with its answer (restricted HTML)."""

    type: Literal["faq"] = "faq"
    id: Uuid
    confidence: Confidence
    position: Duration | None = None
    question: str = Field(repr=False)
    answer: str = Field(repr=False)


class ArticleSuggestion(Model):
    """A document that may help the agent."""

    type: Literal["article"] = "article"
    id: Uuid
    confidence: Confidence
    position: Duration | None = None
    title: str = Field(repr=False)
    excerpts: list[str] = Field(repr=False)
    document_uri: str = Field(repr=False)
    metadata: dict[str, str] | None = Field(default=None, repr=False)


Suggestion = Annotated[FaqSuggestion | ArticleSuggestion, Field(discriminator="type")]


class AgentAssistEntity(Entity):
    """`agentassist`: experimental, consumed by nothing in the product today."""

    entity_type: ClassVar[str] = "agentassist"
    id: Uuid
    utterances: list[AgentAssistUtterance] | None = None
    suggestions: list[Suggestion] | None = None


class BargeInEntity(Entity):
    """`barge_in`: stop playing what was sent, the caller interrupts (Audio Connector)."""

    entity_type: ClassVar[str] = "barge_in"


class BotTurnResponseEntity(Entity):
    """`bot_turn_response`: for the flow-execution history (Audio Connector)."""

    entity_type: ClassVar[str] = "bot_turn_response"
    disposition: Literal["no_input", "no_match", "match"]
    text: str | None = Field(default=None, repr=False)
    confidence: Confidence | None = None


class SpeechStartedEntity(Entity):
    """`speech_started`: Bot Transcription Connector."""

    entity_type: ClassVar[str] = "speech_started"


_ENTITIES: Final[dict[str, type[Entity]]] = {
    entity.entity_type: entity
    for entity in (
        TranscriptEntity,
        AgentAssistEntity,
        BargeInEntity,
        BotTurnResponseEntity,
        SpeechStartedEntity,
    )
}


def parse_entity(entity: WireEntity) -> Entity | WireEntity:
    """Return the typed entity, or the argument itself when its type is not known.

    Raises:
        ValueError: when the type is known and the data does not fit it; names the fields.
    """
    known = _ENTITIES.get(entity.type)
    if known is None:
        return entity
    data: Any = entity.data
    try:
        return known.model_validate(data)
    except ValidationError as error:
        problem = describe(error)
    raise ValueError(f"{entity.type}: {problem}")


def describe(error: ValidationError) -> str:
    """Name the fields that are wrong and why, never their values (they may be personal).

    Raise what comes of it outside of the `except`: as its context, even with `from None`, pydantic's error
    holds the frames of validators, and all above them, where the garbage collector cannot see it. A broken
    message would keep its whole call in memory for ever.
    """
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'message'}: {_why(item)}"
        for item in error.errors(include_input=False, include_url=False)[:5]
    )


def _why(item: ErrorDetails) -> str:
    # This one message of pydantic's quotes the input, whatever the configuration says.
    return "is not of a known type" if item["type"] == "union_tag_invalid" else item["msg"]
