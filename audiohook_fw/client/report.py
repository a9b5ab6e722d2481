"""What came of one simulated call. Holds ids, numbers and times; no personal data, no key."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from audiohook_fw.audio import ByteOrder
from audiohook_fw.protocol import MediaFormat

from .ledger import Ledger
from .options import CallIds

__all__ = ["CallReport", "Closing", "Decision", "percentiles"]

_PERCENTS: Final = (50, 90, 95, 99)
_TYPES: Final = 20
"""Message and entity types that are counted by name; further ones are `other`."""


class Decision(StrEnum):
    """What the server said to `open`."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """It sent `disconnect` in place of `opened`."""
    PROBE_OK = "probe ok"
    FAILED = "failed"
    """It did not get that far."""


class Closing(StrEnum):
    """How the connection ended."""

    CLOSED = "closed"
    """`close` was answered by `closed`."""
    TIMEOUT = "timeout"
    """`closed` did not come in time."""
    LOST = "lost"
    """The server closed the connection, or stopped reading."""
    ABORTED = "aborted"
    """The client broke off, as its timeline says."""
    REFUSED = "refused"
    """The upgrade was answered with another status than 101."""
    UNREACHABLE = "unreachable"
    """There was no connection."""


@dataclass(slots=True)
class CallReport:
    """The report of one call; of its last attempt, when there were several.

    Attributes:
        ids: the ids of the call.
        decision: what the server said to `open`; reason, info: of its `disconnect`, at any time.
        closing: how the connection ended; close_reason: the reason the client gave.
        problem: the first thing that did not go as scripted; `None`: nothing.
        attempts: connections tried; earlier: what was wrong with all but the last.
        retryable: whether the real client would try again.
        opened_after: seconds from `open` to `opened`. duration: seconds of real time from `open` on.
        ledger: every sample sent, every pause and discard.
        sent, received: messages by type, `audio` for binary frames. entities: of `event`, by type.
        rtts: of the pings, in seconds.
        limited: messages that got a 429. violations: rules that the server broke.
        byte_order: of L16 audio.
    """

    ids: CallIds
    decision: Decision = Decision.FAILED
    reason: str | None = None
    info: str | None = None
    closing: Closing | None = None
    close_reason: str | None = None
    problem: str | None = None
    attempts: int = 1
    earlier: list[str] = field(default_factory=list)
    retryable: bool = False
    opened_after: float | None = None
    duration: float = 0.0
    ledger: Ledger = field(default_factory=Ledger)
    sent: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)
    rtts: list[float] = field(default_factory=list)
    limited: int = 0
    violations: list[str] = field(default_factory=list)
    byte_order: ByteOrder = "little"

    @property
    def media(self) -> MediaFormat | None:
        """The format that the server selected."""
        return self.ledger.media

    @property
    def position(self) -> int:
        """Call time at the end, in samples."""
        return self.ledger.position

    @property
    def as_scripted(self) -> bool:
        """Whether the call was accepted and ended as its script says."""
        accepted = self.decision in (Decision.ACCEPTED, Decision.PROBE_OK)
        return accepted and self.reason is None and self.problem is None

    def fail(self, problem: str, *, retryable: bool = False) -> None:
        """Note what did not go as scripted; the first problem stands."""
        if self.problem is None:
            self.problem = problem
            self.retryable = retryable

    def count(self, counter: Counter[str], name: str) -> None:
        """Count a name that the server chose."""
        counter[name if name in counter or len(counter) < _TYPES else "other"] += 1

    def expected_recording(self, media: MediaFormat | None = None) -> bytes:
        """Return what a recording of the call holds, to the sample; gaps are silence (µ-law 0xFF).

        Args:
            media: the recording's format; the default is the one that was sent.

        Raises:
            ValueError: when the audio was not kept (`CallOptions.keep_audio`), or none was selected.
        """
        return self.ledger.recording(media, self.byte_order)

    def outcome(self) -> str:
        """Say in a few words how the call went."""
        if self.decision is Decision.REJECTED and self.problem is None:
            return f"rejected: {self._reason()}"
        if self.problem is not None:
            return self.problem
        if self.reason is not None:
            return f"ended by the server: {self._reason()}"
        return str(self.decision)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON types: seconds as numbers, positions in samples."""
        ledger, ids = self.ledger, self.ids
        return {
            "session": ids.session,
            "conversation": ids.conversation,
            "organization": ids.organization,
            "correlation": ids.correlation,
            "decision": str(self.decision),
            "reason": self.reason,
            "info": self.info,
            "as_scripted": self.as_scripted,
            "outcome": self.outcome(),
            "closing": None if self.closing is None else str(self.closing),
            "close_reason": self.close_reason,
            "attempts": self.attempts,
            "earlier": self.earlier,
            "opened_after": _rounded(self.opened_after),
            "duration": _rounded(self.duration),
            "media": None if ledger.media is None else ledger.media.to_wire(),
            "position": ledger.position,
            "audio_bytes": ledger.audio_bytes,
            "audio_samples": ledger.samples,
            "sha256": ledger.sha256,
            "spans": [[span.position, span.length] for span in ledger.spans],
            "pauses": [
                {"start": p.start, "length": p.length, "client": p.client, "server": p.server}
                for p in ledger.pauses
            ],
            "discards": [[gap.start, gap.length] for gap in ledger.discards],
            "sent": dict(self.sent),
            "received": dict(self.received),
            "entities": dict(self.entities),
            "rtt": percentiles(self.rtts),
            "limited": self.limited,
            "violations": self.violations,
        }

    def _reason(self) -> str:
        return f"{self.reason} ({self.info})" if self.info else str(self.reason)


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """Return count, `p50`, `p90`, `p95`, `p99` and `max` by nearest rank; empty when there are none."""
    ranked: Sequence[float] = sorted(values)
    if not ranked:
        return {}
    ranks = {f"p{p}": ranked[math.ceil(p / 100 * len(ranked)) - 1] for p in _PERCENTS}
    return {"count": float(len(ranked)), **ranks, "max": ranked[-1]}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
