"""The section `[plugins.sentiment]`."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from .lexicon import spoken_words

__all__ = ["SentimentSettings"]

Weight = Annotated[float, Field(ge=-4, le=4)]


def _engines(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("an engine is there twice; name each once, the preferred one first")
    return names


def _words(words: dict[str, float]) -> dict[str, float]:
    for text in words:
        if not spoken_words(text):
            raise ValueError(f"{text!r} holds no word; write words as they are said, such as 'on hold'")
    return words


class SentimentSettings(BaseModel):
    """Which engines score utterances, what words weigh, and how long anybody waits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engines: Annotated[tuple[str, ...], Field(min_length=1, max_length=10), AfterValidator(_engines)] = Field(
        default=("vader",),
        description="The engines in order of preference, by the name of their entry point; each utterance "
        "goes to the first that knows its language and works.",
    )
    options: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="What engines are made with: a table of arguments for each, by the engine's name.",
    )
    words: Annotated[dict[str, Weight], AfterValidator(_words)] = Field(
        default_factory=dict,
        description="What words and phrases weigh for `vader`, from -4 to 4; 0 for no mood.",
    )
    call_centre: bool = Field(
        default=True, description="Let `vader` use the list for call centres that comes with the plugin."
    )
    language: str = Field(
        default="en",
        pattern=r"^([A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*)?$",
        description="The language of transcripts when neither they nor the call tell; empty: none, "
        "and nothing is emitted then.",
    )
    threshold: float = Field(
        default=0.15,
        ge=0,
        le=1,
        description="The score from which on an utterance is positive, and negative below zero.",
    )
    running: bool = Field(default=True, description="Emit the running mood of each channel, too.")
    half_life: float = Field(
        default=60.0,
        ge=1,
        le=86_400,
        description="Seconds of call time after which an utterance counts half in the running mood.",
    )
    timeout: float = Field(
        default=2.0,
        ge=0.05,
        le=30,
        description="Seconds that an utterance waits for its score, its turn included.",
    )
    parallel: int = Field(
        default=2, ge=1, le=64, description="How many questions each engine answers at the same time."
    )
    waiting: int = Field(
        default=200, ge=1, le=10_000, description="Utterances of all calls that may wait for each engine."
    )
    rest: float = Field(
        default=30.0,
        ge=1,
        le=3600,
        description="Seconds for which an engine is left alone after three failures in a row.",
    )

    @model_validator(mode="after")
    def _options_have_their_engine(self) -> Self:
        for name in self.options:
            if name == "vader":
                raise ValueError("options are for engines of others; vader has words and call_centre")
            if name not in self.engines:
                raise ValueError(f"options are given for {name!r}, which is not among the engines")
        return self
