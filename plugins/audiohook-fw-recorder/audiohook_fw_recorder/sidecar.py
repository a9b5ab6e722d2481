"""The sidecar: everything about a recording but its audio, as JSON. No numbers or names of people."""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass, field
from typing import Any, Self

from audiohook_fw import MediaFormat, Session, SessionSummary

__all__ = ["FORMAT", "Sidecar"]

FORMAT = "audiohook-recording/1"
"""Names the format; positions and lengths in it are samples of call time, which is file time."""


@dataclass(slots=True)
class Sidecar:
    """What is known of a call so far."""

    media: MediaFormat
    facts: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=lambda: {"state": "recording"})

    @classmethod
    def of(cls, session: Session) -> Self:
        """Begin the sidecar of a call that has media."""
        assert session.media is not None
        return cls(
            session.media,
            {
                "session_id": session.id,
                "conversation_id": session.conversation_id,
                "organization_id": session.organization_id,
                "correlation_id": session.correlation_id,
                "participant_id": session.participant.id,
                "key": session.key_name,
                "product": session.product,
                "language": session.language,
                "retry_attempt": session.retry_attempt,
                "continued_sessions": [predecessor.id for predecessor in session.continued_sessions],
                "tags": dict(session.tags),
                "started_at": session.started_at.isoformat(),
            },
        )

    def event(self, type_: str, position: int, **details: Any) -> None:
        """Note something that happened at a moment of the call."""
        self.events.append({"type": type_, "position": position, **details})

    def gap(self, start: int, length: int, cause: str, *, clamped: bool = False) -> None:
        """Note silence in the file that is no recorded silence; it joins the one right before it."""
        last = self.gaps[-1] if self.gaps else None
        if last is not None and last["cause"] == cause and last["start"] + last["length"] == start:
            last["length"] += length
        else:
            last = {"start": start, "length": length, "cause": cause}
            self.gaps.append(last)
        if clamped:
            last["clamped"] = True

    def rest(self, start: int, end: int) -> None:
        """Note what is missing at the end of the call and was not told before: this plugin was too slow."""
        for gap in sorted(self.gaps, key=lambda gap: int(gap["start"])):
            if gap["start"] + gap["length"] <= start:
                continue
            if gap["start"] > start:
                self.gap(start, gap["start"] - start, "overflow")
            start = gap["start"] + gap["length"]
        if end > start:
            self.gap(start, end - start, "overflow")

    def refused(self, kind: str, number: int | None) -> bool:
        """Note that the disk refused a write; tell whether it is the first time for this reason."""
        reason = errno.errorcode.get(number or 0, kind)
        self.errors[reason] = self.errors.get(reason, 0) + 1
        return self.errors[reason] == 1

    def complete(self, summary: SessionSummary) -> None:
        """Note how the call ended."""
        rtt = summary.rtt
        overflow = sum(gap["length"] for gap in self.gaps if gap["cause"] in ("overflow", "disk"))
        self.result = {
            "state": "complete",
            "close_reason": summary.reason,
            "ended_at": summary.ended_at.isoformat(),
            "totals": {
                "position": summary.position,
                "audio": summary.audio,
                "paused": summary.paused,
                "discarded": summary.discarded,
                "overflow": overflow,
                "frames_refused": summary.dropped,
            },
            "rtt": {"last": rtt[-1], "max": max(rtt), "count": len(rtt)} if rtt else None,
        }

    def text(self, wav: str, samples: int) -> str:
        """Return the JSON, for a WAV of that name and length."""
        media = self.media
        content = {
            "format": FORMAT,
            **self.facts,
            "wav": {
                "file": wav,
                "encoding": media.format,
                "channels": list(media.channels),
                "rate": media.rate,
                "samples": samples,
            },
            "events": self.events,
            "gaps": sorted(self.gaps, key=lambda gap: gap["start"]),
            "errors": self.errors,
            **self.result,
        }
        return json.dumps(content, indent=2, ensure_ascii=False)
