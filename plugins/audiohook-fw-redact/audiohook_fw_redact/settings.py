"""The section `[plugins.redact]`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from audiohook_fw import BotTurnResponse, Transcript

from .languages import LANGUAGES
from .patterns import check_pattern

__all__ = ["Kind", "RedactSettings"]


class Kind(StrEnum):
    """What this plugin knows of itself."""

    CARD = "card"
    CARD_CODE = "card_code"
    PHONE = "phone"
    EMAIL = "email"
    NATIONAL_ID = "national_id"
    IBAN = "iban"
    BIRTH_DATE = "birth_date"
    NUMBER = "number"


_REDACTED: Final = (Transcript.event_type, BotTurnResponse.event_type)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")


def _patterns(patterns: dict[str, str]) -> dict[str, str]:
    for name, pattern in patterns.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} names no pattern: take small letters, digits and _, such as badge")
        if name in {*Kind}:
            raise ValueError(f"{name!r} is a kind of its own; name the pattern otherwise, such as my_{name}")
        check_pattern(name, pattern)
    return patterns


def _languages(languages: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [language for language in languages if language not in LANGUAGES]
    if unknown or not languages:
        raise ValueError(f"{', '.join(unknown) or 'none'} is not known; there are: {', '.join(LANGUAGES)}")
    return languages


def _events(events: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    for event_type, fields in events.items():
        if not fields:
            raise ValueError(f"{event_type!r} has no fields; name those that hold texts")
        if event_type in _REDACTED:
            raise ValueError(f"{event_type!r} is redacted in any case; leave it out")
    return events


class RedactSettings(BaseModel):
    """What is taken out of transcripts, and what stands there instead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: tuple[Kind, ...] = Field(
        default=tuple(Kind),
        description="What is taken out. `number` is digits that nobody explains: long ones, and those at the "
        "end of an utterance that may be the beginning of a card.",
    )
    patterns: Annotated[dict[str, str], AfterValidator(_patterns)] = Field(
        default_factory=dict,
        description="Own patterns: names, and regular expressions of what is to go, too.",
    )
    recognisers: tuple[str, ...] | None = Field(
        default=None,
        description="Which recognisers of other packages (entry point group `audiohook_fw_redact`) are used; "
        "without it all that are installed.",
    )
    languages: Annotated[tuple[str, ...], AfterValidator(_languages)] = Field(
        default=("en",),
        description="Languages in which numbers are understood as words; transcripts in another one are read "
        "in the first.",
    )
    events: Annotated[dict[str, tuple[str, ...]], AfterValidator(_events)] = Field(
        default_factory=dict,
        description="Events of other plugins that hold texts, such as a summary of the call: types of "
        "events, with the names of the fields. All texts in them are redacted, each by itself.",
    )
    style: Literal["label", "stars"] = Field(
        default="label", description="What stands instead: `label` for `[card]`, `stars` for `****`."
    )
    keep_last: int = Field(
        default=0,
        ge=0,
        le=4,
        description="How many last digits of a card stay. PCI DSS allows four.",
    )
    interims: Literal["redact", "drop"] = Field(
        default="redact",
        description="`drop` lets no interim through: the first words of what becomes personal data "
        "later are then never shown.",
    )
    margin: float = Field(
        default=0.2, ge=0, le=5, description="Seconds that a span of audio is longer on both sides."
    )
    memory: float = Field(
        default=30.0,
        ge=0,
        le=600,
        description="Seconds of silence on a channel after which a number is not gone on with.",
    )
    pattern_timeout: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="Seconds of processor time for one of your patterns and one text; then all of the text "
        "goes.",
    )
    max_length: int = Field(
        default=2000, ge=100, le=20_000, description="Characters of a text; a longer one goes as a whole."
    )
