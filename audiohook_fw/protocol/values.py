"""The field types of wire messages: strict where the protocol needs it, tolerant everywhere else."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StrictInt,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

from .duration import format_duration, parse_duration

__all__ = [
    "NULL_UUID",
    "Counted",
    "DisconnectReason",
    "Duration",
    "Model",
    "Tolerant",
    "Uuid",
    "is_null_uuid",
    "is_uuid",
]

NULL_UUID: Final = "00000000-0000-0000-0000-000000000000"
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII)


def is_uuid(text: str) -> bool:
    """Tell whether it has the 8-4-4-4-12 hex form, of any version, in either case."""
    return _UUID.fullmatch(text) is not None


def is_null_uuid(text: str) -> bool:
    """Tell whether it is the null UUID, which marks the connection probe."""
    return text == NULL_UUID


def _check_uuid(text: str) -> str:
    if not is_uuid(text):
        raise ValueError("not a UUID")
    return text


def _read_duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError("not a duration of the form PT<seconds>S")


def _tolerate(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValueError:
        return None


def _check_count(value: int) -> int:
    if value < 0:
        raise ValueError("is negative")
    return value


Uuid = Annotated[str, AfterValidator(_check_uuid)]
"""Any hex UUID, kept as received: compare it case-insensitively, echo it as it is."""

Duration = Annotated[
    timedelta, BeforeValidator(_read_duration), PlainSerializer(format_duration, return_type=str)
]
"""A duration of the wire, `PT<decimal>S`."""

Counted = Annotated[StrictInt, AfterValidator(_check_count)]
"""A whole number from 0."""

Tolerant = WrapValidator(_tolerate)
"""Marks an optional field that is taken as absent when it has a form we do not know."""


class DisconnectReason(StrEnum):
    """The reasons a server may give in `disconnect`.

    `rejected` is known to newer documentation only: the official client ends a call that gets it
    with an error, so it is never sent unless configured.
    """

    COMPLETED = "completed"
    UNAUTHORIZED = "unauthorized"
    ERROR = "error"
    REJECTED = "rejected"


class Model(BaseModel):
    """Base of wire objects: immutable, camelCase on the wire, unknown fields ignored.

    `null` counts as absent for optional fields; `repr` is left to the subclasses, which hide
    personal data.
    """

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="ignore"
    )

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object: documented fields only, absent ones left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
