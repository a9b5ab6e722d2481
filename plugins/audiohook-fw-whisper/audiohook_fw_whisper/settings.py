"""The section `[plugins.whisper]`."""

from __future__ import annotations

from typing import Literal, Self

from audiohook_fw_asr import SegmentSettings
from pydantic import Field, field_validator, model_validator

from .languages import code_of
from .messages import ModelSource
from .models import Models, source_of

__all__ = ["WhisperSettings"]


class WhisperSettings(SegmentSettings):
    """Where the models are, and how many processes work for all calls together."""

    model_path: str = Field(
        default="",
        description="directory of a Whisper model for CTranslate2; nothing is fetched from anywhere",
    )
    model: str = Field(
        default="",
        description="instead of `model_path`: the name of a model, such as `small.en` or `small`, which is"
        " fetched from Hugging Face unless it is on the machine already",
    )
    models: dict[str, str] = Field(
        default_factory=dict,
        description="models of their own for languages (BCP 47, such as `de` or `en-GB`): names, or"
        " directories that begin with `/`, `.` or `~`. Other languages get `model_path` or `model`",
    )
    unknown_language: Literal["refuse", "detect"] = Field(
        default="refuse",
        description="what becomes of a call in a language that no model is for, or that tells none: it is"
        " not transcribed (one that tells none counts as `language`), or a multilingual model finds out",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="processes that recognise speech; each has all models in its memory",
    )
    threads: int = Field(
        default=0, ge=0, le=64, description="threads of each worker; 0 for its share of the cores, 4 at most"
    )
    beam: int = Field(
        default=1,
        ge=1,
        le=10,
        description="readings pursued at a time for finals: more are slower, seldom better",
    )
    window: float = Field(
        default=15.0,
        ge=10,
        le=30,
        description="seconds that Whisper looks at, even if a piece is shorter: 30, as it was trained, takes"
        " three times as long",
    )
    max_wait: float = Field(
        default=15.0,
        ge=0.5,
        le=300,
        description="seconds that a piece of speech waits for a worker at most; then it is dropped",
    )
    worker_timeout: float = Field(
        default=10.0,
        ge=0.5,
        le=300,
        description="seconds that a worker may take for one piece; then it counts as hung, and is killed",
    )
    interim_seconds: float = Field(
        default=1.0,
        gt=0,
        le=60,
        description="seconds between two interims of one channel; each is whole work",
    )

    @field_validator("models")
    @classmethod
    def _languages_are_known(cls, models: dict[str, str]) -> dict[str, str]:
        for tag, place in models.items():
            if code_of(tag) is None:
                raise ValueError(f"Whisper knows no language {tag!r}; name it like en, de or pt-BR")
            if not place:
                raise ValueError(f"the model of {tag!r} is empty; name one, or a directory")
        return models

    @model_validator(mode="after")
    def _one_for_all_others(self) -> Self:
        if self.model and self.model_path:
            raise ValueError("model and model_path are two ways to name one model; set one of them")
        return self

    @model_validator(mode="after")
    def _pieces_have_their_time(self) -> Self:
        needed = self.max_wait + self.worker_timeout
        if self.recognize_timeout <= needed:
            raise ValueError(
                f"recognize_timeout must be more than max_wait and worker_timeout together ({needed:g}), or"
                " one late piece of speech makes the whole plugin count as hung"
            )
        return self

    def chosen_models(self) -> Models:
        """Return all models; none when none is named."""
        sources = {tag: source_of(place) for tag, place in self.models.items()}
        if self.model_path:
            is_path = self.model_path.startswith(("/", "~"))
            sources[""] = source_of(self.model_path if is_path else f"./{self.model_path}")
        elif self.model:
            sources[""] = ModelSource(self.model, is_directory=False)
        return Models(sources, finds_out=self.unknown_language == "detect")
