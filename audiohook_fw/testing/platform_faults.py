"""What a fake platform may do wrong, and what it noted of each request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

__all__ = ["GARBAGE", "PlatformFault", "PlatformKind", "PlatformRequest"]

PlatformKind = Literal["token", "ipranges", "conversation", "queue"]
"""What is asked for."""

GARBAGE: Final = '{"entities": [{"cidr": 5}, "x", null], "participants": {"0": 1}, "name": [], "id":'
"""Is no JSON, though it begins as such."""


@dataclass(frozen=True, slots=True)
class PlatformFault:
    """What a fake platform does wrong, in the requests that it is about, until `mend`.

    Attributes:
        status: what is answered, such as 401, 404, 429 or 503; 0 for what would be answered without it.
        body: the text that is answered, in place of what would be; `None` leaves that as it is.
        retry_after: seconds in the header `Retry-After`; below 0 there is none.
        delay: seconds until the answer.
        cut: end the connection in place of an answer.
        kinds: the requests it is about: `token`, `ipranges`, `conversation`, `queue`; empty for all.
        times: how often; below 0 without end.
    """

    status: int = 0
    body: str | None = None
    retry_after: float = -1
    delay: float = 0.0
    cut: bool = False
    kinds: tuple[PlatformKind, ...] = ()
    times: int = -1

    @classmethod
    def garbage(cls, *kinds: PlatformKind) -> PlatformFault:
        """Answer with 200 and what is no JSON."""
        return cls(body=GARBAGE, kinds=kinds)

    def is_about(self, kind: PlatformKind) -> bool:
        """Tell whether it counts in such a request."""
        return self.times != 0 and (not self.kinds or kind in self.kinds)

    def used(self) -> PlatformFault:
        """Return what is left of it after one more request."""
        return replace(self, times=self.times - 1) if self.times > 0 else self


@dataclass(frozen=True, slots=True)
class PlatformRequest:
    """One request that a fake platform got.

    Attributes:
        at: when, in seconds of its loop's clock.
        kind: `token`, `ipranges`, `conversation` or `queue`.
        path: of the URL.
        status: that it was answered with; 0 when the connection was cut instead.
    """

    at: float
    kind: PlatformKind
    path: str
    status: int
