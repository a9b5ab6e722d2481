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


def _read_count(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
        return value
    raise ValueError("is not a whole number from 0")


Uuid = Annotated[str, AfterValidator(_check_uuid)]
"""Any hex UUID, kept as received: compare it case-insensitively, echo it as it is."""

Duration = Annotated[
    timedelta, BeforeValidator(_read_duration), PlainSerializer(format_duration, return_type=str)
]
"""A duration of the wire, `PT<decimal>S`."""

Counted = Annotated[int, BeforeValidator(_read_count)]
"""A whole number from 0 to 2**53 - 1; JSON may write it as `1.0`."""

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
    personal data. Validation errors never quote the input.
    """

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="ignore",
        hide_input_in_errors=True,
        # By default NaN becomes null without a word; this way writing the JSON fails.
        ser_json_inf_nan="constants",
    )

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object: documented fields only, absent ones left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
