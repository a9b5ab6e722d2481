"""What `on_open` may answer: `Accept`, `Reject`, or `None` for "no opinion"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Accept", "Decision", "Reject"]


@dataclass(frozen=True, slots=True)
class Accept:
    """Take this call.

    Several plugins may accept; their wishes are joined (paused if any asks for it, the furthest
    `discard_to`, all tags, where the first plugin in configured order wins a name).

    Attributes:
        start_paused: begin in server pause: no audio flows until every hold is released.
        discard_to: call time in seconds up to which buffered audio should be skipped (best effort).
        tags: what later hooks find in `session.tags`; must not hold personal data.
    """

    start_paused: bool = False
    discard_to: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """Decline this call with `disconnect` in place of `opened`.

    Attributes:
        reason: `completed` (not wanted; the default), `error` (Genesys retries) or `unauthorized`.
        info: a short text that Genesys logs; must not hold personal data.
    """

    reason: str = "completed"
    info: str = ""


Decision = Accept | Reject | None
