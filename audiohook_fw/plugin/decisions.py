"""What `on_open` may answer: `Accept`, `Reject`, or `None` for "no opinion"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Accept", "Decision", "Reject"]

_A_DAY: Final = 86_400
"""Seconds; no client buffers longer."""


@dataclass(frozen=True, slots=True)
class Accept:
    """Take this call.

    Several plugins may accept; their wishes are joined (paused if any asks for it, the furthest
    `discard_to`, all tags, where the first plugin in configured order wins a name).

    Attributes:
        start_paused: begin in server pause: no audio flows until every hold is released.
        discard_to: call time in seconds up to which buffered audio should be skipped (best effort).
        tags: what later hooks find in `session.tags`; must not hold personal data.

    Raises:
        ValueError: `discard_to` is negative or longer than a day. TypeError: a field has another type.
    """

    start_paused: bool = False
    discard_to: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # What is wrong here is the plugin's own fault, not that of the call that would carry it.
        if not isinstance(self.start_paused, bool):
            raise TypeError(f"start_paused must be True or False, not {type(self.start_paused).__name__}")
        if self.discard_to is not None and (
            isinstance(self.discard_to, bool) or not isinstance(self.discard_to, int | float)
        ):
            raise TypeError(f"discard_to must be seconds or None, not {type(self.discard_to).__name__}")
        if self.discard_to is not None and not 0 <= self.discard_to <= _A_DAY:
            raise ValueError(f"discard_to is {self.discard_to!r}, not seconds from 0 to {_A_DAY}")
        if not isinstance(self.tags, Mapping) or not all(
            isinstance(text, str) for item in self.tags.items() for text in item
        ):
            raise TypeError("tags must be texts by name")


@dataclass(frozen=True, slots=True)
class Reject:
    """Decline this call with `disconnect` in place of `opened`.

    Attributes:
        reason: `completed` (not wanted; the default), `error` (Genesys retries) or `unauthorized`.
        info: a short text that Genesys logs; must not hold personal data.

    Raises:
        TypeError: a field is no text.
    """

    reason: str = "completed"
    info: str = ""

    def __post_init__(self) -> None:
        for name, value in (("reason", self.reason), ("info", self.info)):
            if not isinstance(value, str):
                raise TypeError(f"{name} must be a text, not {type(value).__name__}")


Decision = Accept | Reject | None
