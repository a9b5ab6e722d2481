"""One call: its hooks hand rows to the writer. All are plain functions, none waits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from audiohook_fw import (
    Accept,
    ClientError,
    ContextChanged,
    Event,
    Gap,
    PauseOrigin,
    Reject,
    Session,
    SessionHandler,
    SessionSummary,
    Update,
)

from .kept import kept_of
from .rows import cut, iso, new_id, text
from .settings import SessionsSettings

__all__ = ["RecordedCall", "Sink"]

_MAX_CODE: Final = 2_000_000_000
_ORIGINS: Final = (str(PauseOrigin.CLIENT), str(PauseOrigin.UNKNOWN), str(PauseOrigin.SERVER))
"""Of what is told of one pause, the first of these counts."""
_MAX_EVENTS: Final = 100_000
"""Of one call; a plugin that emits more is broken, and one call must not fill the database."""


class Sink(Protocol):
    """Where rows go."""

    @property
    def process(self) -> str:
        """The name of this process in the database."""

    def put(self, table: str, values: Mapping[str, Any]) -> bool:
        """Take a row, if there is room."""


class RecordedCall(SessionHandler):
    """What is known of a call, and its rows, each with a key: twice written is once there."""

    def __init__(self, session: Session, settings: SessionsSettings, sink: Sink, node: str) -> None:
        self.id: Final = new_id(session.started_at)
        self._session = session
        self._settings = settings
        self._sink = sink
        self._facts = _facts(session, settings) | {"id": self.id, "node": text(node), "process": sink.process}
        self._state: dict[str, Any] = {"state": "open"}
        self._revision = 0
        self._tags: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._pause: dict[str, Any] | None = None
        self._pause_revision = 0

    # hooks ----------------------------------------------------------------------------------------

    def decided(self, decision: Accept | Reject) -> None:
        """Write the call, which is known from now on."""
        if isinstance(decision, Reject):
            self._state |= {
                "state": "rejected",
                "decision": "reject",
                "decided_by": text(self._session.decided_by),
                "decision_reason": text(decision.reason),
                "decision_info": text(decision.info),
                "ended_at": iso(),
            }
        else:
            self._state |= {
                "decision": "accept",
                "start_paused": decision.start_paused,
                "discard_to": decision.discard_to,
            }
        self._save()

    def on_pause(self, origin: PauseOrigin, position: int) -> None:
        """Note a pause; its length comes with its end. Whose it is may be told later, and again."""
        if self._pause is None:
            self._pause = {
                "number": self._next("pauses"),
                "at": iso(),
                "origin": str(origin),
                "start": position,
            }
            self._pause_revision = 0
        elif _ORIGINS.index(str(origin)) < _ORIGINS.index(self._pause["origin"]):
            self._pause["origin"] = str(origin)
        else:
            return
        self._put_pause(self._pause)

    def on_resume(self, gap: Gap) -> None:
        """Note how long the pause was."""
        pause = self._pause or {
            "number": self._next("pauses"),
            "at": iso(),
            "origin": str(PauseOrigin.UNKNOWN),
        }
        self._pause = None
        self._put_pause(pause | {"start": gap.start, "length": gap.length, "clamped": gap.clamped})

    def on_discarded(self, gap: Gap) -> None:
        """Note what the client threw away."""
        values = {"at": iso(), "start": gap.start, "length": gap.length, "clamped": gap.clamped}
        self._put("discards", values | {"number": self._next("discards")})

    def on_update(self, update: Update, position: int) -> None:
        """Note the language."""
        self._save()

    def on_client_error(self, error: ClientError) -> None:
        """Note what the client complained of."""
        values = {
            "number": self._next("errors"),
            "at": iso(),
            "position": self._session.position,
            "code": max(-_MAX_CODE, min(error.code, _MAX_CODE)),
            "message": text(error.message),
            "retry_after": error.retry_after,
        }
        self._put("errors", values)

    def on_event(self, event: Event) -> None:
        """Keep an event, if it is one of those wanted."""
        if isinstance(event, ContextChanged):
            if {"queue_id", "queue_name", "tags"} & set(event.changed):
                self._save()
            return
        kept = kept_of(event, self._settings)
        if kept is not None and self._numbers.get("events", 0) < _MAX_EVENTS:
            self._put("events", kept | {"number": self._next("events"), "at": iso()})

    def on_end(self, summary: SessionSummary) -> None:
        """Write the totals, and which plugins did not do well."""
        for statistics in self._session.plugin_statistics:
            values = {
                "faults": statistics.faults,
                "dropped": statistics.dropped,
                "refused": statistics.refused,
                "dropped_events": statistics.dropped_events,
                "failed": statistics.failed,
                "quarantined": statistics.quarantined,
            }
            if any(values.values()):
                self._put("failures", values | {"plugin": text(statistics.plugin)})
        self._state |= _totals(summary)
        self._save()

    # inside -------------------------------------------------------------------------------------

    def _next(self, table: str) -> int:
        self._numbers[table] = number = self._numbers.get(table, 0) + 1
        return number

    def _put_pause(self, pause: Mapping[str, Any]) -> None:
        self._pause_revision += 1
        self._put("pauses", {**pause, "revision": self._pause_revision})

    def _put(self, table: str, values: Mapping[str, Any]) -> None:
        self._sink.put(table, {"session": self.id, **values})

    def _save(self) -> None:
        session = self._session
        self._revision += 1
        media = session.media
        now = {
            "revision": self._revision,
            "media": media.format if media is not None else None,
            "channels": ",".join(media.channels) if media is not None else None,
            "language": text(session.language) or None,
            "queue_id": text(session.context.get("queue_id")).lower(),
            "queue_name": text(session.context.get("queue_name")),
        }
        for name, value in session.tags.items():
            if self._tags.get(name) != value:
                self._tags[name] = value
                self._put("tags", {"name": text(name), "value": text(value), "revision": self._revision})
        self._sink.put("sessions", {**self._facts, **now, **self._state})


def _facts(session: Session, settings: SessionsSettings) -> dict[str, Any]:
    participant = session.participant
    personal = settings.participants
    return {
        "session_id": text(session.id).lower(),
        "conversation_id": text(session.conversation_id).lower(),
        "organization_id": text(session.organization_id).lower(),
        "correlation_id": text(session.correlation_id),
        "key_name": text(session.key_name),
        "product": text(session.product),
        "participant_id": text(participant.id),
        "ani": text(participant.ani) if personal else None,
        "ani_name": text(participant.ani_name) if personal else None,
        "dnis": text(participant.dnis) if personal else None,
        "retry_attempt": session.retry_attempt,
        "continued": ",".join(text(before.id) for before in session.continued_sessions[:20]),
        "started_at": iso(session.started_at),
    }


def _totals(summary: SessionSummary) -> dict[str, Any]:
    totals: dict[str, Any] = {
        "state": "ended",
        "reason": str(summary.reason),
        "ended_at": iso(summary.ended_at),
        "rate": summary.rate,
        "seconds": summary.position / summary.rate,
        "position": summary.position,
        "audio": summary.audio,
        "paused": summary.paused,
        "discarded": summary.discarded,
        "dropped": summary.dropped,
        "rtt_count": len(summary.rtt),
        "counts": cut(json.dumps(dict(summary.counts)), 10_000),
    }
    if summary.rtt:
        times = sorted(summary.rtt)
        totals |= {
            "rtt_min": times[0],
            "rtt_mean": sum(times) / len(times),
            "rtt_p95": times[min(len(times) - 1, int(len(times) * 0.95))],
            "rtt_max": times[-1],
            "rtt_last": summary.rtt[-1],
        }
    return totals
