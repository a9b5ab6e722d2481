"""What the section models share: their base, and fields whose description always tells the range."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

__all__ = ["CROSS_CHECK", "PLUGIN_NAME", "Network", "NoneIs", "Section", "Words", "number", "seconds", "text"]

CROSS_CHECK: Final = "settings_disagree"
"""The pydantic error type of a failed cross-check; its context holds all of them as `problems`."""

PLUGIN_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""Names of plugins. No double underscore: that is the separator in environment variables."""


class Section(BaseModel):
    """Base of every section: frozen, no unknown keys, and cross-checks that name the setting."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)

    def disagreements(self) -> Iterator[tuple[str, str]]:
        """Yield (field, sentence) for all that is wrong between fields that are right by themselves."""
        yield from ()

    @model_validator(mode="after")
    def _agree(self) -> Self:
        problems = tuple(self.disagreements())
        if problems:
            text = "; ".join(f"{field}: {problem}" for field, problem in problems)
            raise PydanticCustomError(CROSS_CHECK, "{text}", {"text": text, "problems": problems})
        return self


@dataclass(frozen=True, slots=True)
class NoneIs:
    """Goes into `Annotated`: the word that stands for `None`, which TOML and the environment lack."""

    word: str

    def read(self, value: object) -> object:
        """Return `None` for the word, whatever its case, and any other value as it is."""
        return None if isinstance(value, str) and value.lower() == self.word else value


@dataclass(frozen=True, slots=True)
class Words:
    """Goes into `Annotated`: what a type allows, in words, where its own name says too little."""

    text: str


def seconds(default: float, meaning: str, *, ge: float = 0.0, le: float) -> Any:
    """Make a field of seconds whose description ends with its range."""
    return Field(default=default, ge=ge, le=le, description=f"{meaning} Seconds, {ge:g} to {le:g}.")


def number(default: float, meaning: str, *, ge: float, le: float, unit: str = "") -> Any:
    """Make a numeric field whose description ends with its unit and range."""
    span = f"{ge:,} to {le:,}"
    closing = f"{unit[0].upper()}{unit[1:]}, {span}." if unit else f"From {span}."
    return Field(default=default, ge=ge, le=le, description=f"{meaning} {closing}")


def text(default: str, meaning: str, *, pattern: str | None = None, most: int = 1_000) -> Any:
    """Make a field of text of bounded length."""
    return Field(default=default, pattern=pattern, max_length=most, description=meaning)


def _network(value: object) -> object:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str):
        raise ValueError("must be an address range such as 10.0.0.0/8, as text")
    return ip_network(value)


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network), Words("an address range")]
"""An address range in CIDR form, such as `10.0.0.0/8` or `2001:db8::/32`; one address counts as a range."""
