"""The sidecar: everything about a recording but its audio, as JSON. No numbers or names of people."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from audiohook_fw import MediaFormat, Session, SessionSummary

from .redactions import Redactions

__all__ = ["FORMAT", "LOST", "Sidecar"]

FORMAT = "audiohook-recording/1"
"""Names the format; positions and lengths in it are samples of call time, which is file time."""

MOST: Final = 5_000
"""Events, and gaps, that a sidecar lists: a client that floods must not fill memory and disk."""
WITHHELD: Final = ("audio", "dtmf")
"""What may come in a pause of the client's, and is dropped and counted: frames, and keys."""
LOST: Final = "overflow"
"""The cause of gaps that this server is to blame for."""

_WAV: Final[Mapping[str, Any]] = {"format": "wav"}


@dataclass(slots=True)
class Sidecar:
    """What is known of a call so far."""

    media: MediaFormat
    facts: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=lambda: {"events": 0, "gaps": 0})
    lost: int = 0
    redactions: Redactions = field(default_factory=lambda: Redactions(MOST))
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

    def copy(self) -> Self:
        """Return what is known now; it stays so."""
        return replace(
            self,
            events=list(self.events),
            gaps=[dict(gap) for gap in self.gaps],
            errors=dict(self.errors),
            redactions=self.redactions.copy(),
        )

    def event(self, type_: str, position: int, **details: Any) -> None:
        """Note something that happened at a moment of the call; beyond 5,000 they are only counted."""
        if len(self.events) < MOST:
            self.events.append({"type": type_, "position": position, **details})
        else:
            self.left_out["events"] += 1

    def gap(self, start: int, length: int, cause: str, *, clamped: bool = False) -> None:
        """Note silence in the file that is no recorded silence; it joins the one right before it.

        Beyond 5,000 gaps they are only counted.
        """
        self.lost += length * (cause == LOST)
        last = self.gaps[-1] if self.gaps else None
        if last is not None and last["cause"] == cause and last["start"] + last["length"] == start:
            last["length"] += length
        elif len(self.gaps) >= MOST:
            self.left_out["gaps"] += 1
            return
        else:
            last = {"start": start, "length": length, "cause": cause}
            self.gaps.append(last)
        if clamped:
            last["clamped"] = True

    def redacted(self, channel: str, kind: str, start: int, end: int, *, audible: bool = False) -> None:
        """Note a stretch that is silent since something personal was said, or should be; never what was said.

        Beyond 5,000 they are only counted.
        """
        if not self.redactions.note(channel, kind, start, end, audible=audible):
            self.left_out["redactions"] = self.left_out.get("redactions", 0) + 1

    def rest(self, start: int, end: int) -> None:
        """Note what is missing at the end of the call and was not told before: this plugin was too slow."""
        for gap in sorted(self.gaps, key=lambda gap: int(gap["start"])):
            if gap["start"] + gap["length"] <= start:
                continue
            if gap["start"] > start:
                self.gap(start, gap["start"] - start, LOST)
            start = gap["start"] + gap["length"]
        if end > start:
            self.gap(start, end - start, LOST)

    def give_up(self, start: int, end: int) -> None:
        """Note that what was collected from `start` to `end` is not in the files, and never will be."""
        self.rest(start, end)
        self.errors["given_up"] = self.errors.get("given_up", 0) + 1
        if "totals" in self.result:
            self.result["totals"]["overflow"] = self.lost

    def refused(self, kind: str, number: int | None) -> None:
        """Note that the disk refused a write."""
        reason = errno.errorcode.get(number or 0, kind)
        self.errors[reason] = self.errors.get(reason, 0) + 1

    def complete(self, summary: SessionSummary, tags: Mapping[str, str]) -> None:
        """Note how the call ended, and the tags that it has by then."""
        rtt = summary.rtt
        self.result = {
            "tags": dict(tags),
            "state": "complete",
            "close_reason": summary.reason,
            "ended_at": summary.ended_at.isoformat(),
            "totals": {
                "position": summary.position,
                "audio": summary.audio,
                "paused": summary.paused,
                "discarded": summary.discarded,
                "overflow": self.lost,
                "frames_refused": summary.dropped,
                "withheld": {what: summary.counts.get(f"withheld_{what}", 0) for what in WITHHELD},
            },
            "rtt": {"last": rtt[-1], "max": max(rtt), "count": len(rtt)} if rtt else None,
        }

    def text(self, file: str, samples: int, *, owner: str | None, described: Mapping[str, Any] = _WAV) -> str:
        """Return the JSON, for audio of that name and length.

        Args:
            owner: the token of the process that has still something to do for this recording.
            described: the format, and what there is to say of it.
        """
        media = self.media
        content = {
            "format": FORMAT,
            **({"owner": owner} if owner is not None else {}),
            **self.facts,
            "audio": {
                **described,
                "encoding": media.format,
                "rate": media.rate,
                "channels": list(media.channels),
                "samples": samples,
                "files": [{"name": file, "channels": list(media.channels)}],
            },
            "events": self.events,
            "gaps": sorted(self.gaps, key=lambda gap: gap["start"]),
            **({"redactions": self.redactions.entries()} if self.redactions.count else {}),
            "errors": self.errors,
            **({"left_out": self.left_out} if any(self.left_out.values()) else {}),
            **self.result,
        }
        return json.dumps(content, indent=2, ensure_ascii=False)
