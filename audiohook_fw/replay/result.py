"""`Replayed`: what came of a call that was replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from audiohook_fw.plugin import Accept, Event, Reject, SessionSummary
from audiohook_fw.stage import Fault

__all__ = ["Emitted", "Replayed", "Wish"]


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event that a plugin emitted.

    Attributes:
        position: call time, in samples, at which it did.
        plugin: its name.
        event: as it was emitted, before the filters.
    """

    position: int
    plugin: str
    event: Event


@dataclass(frozen=True, slots=True)
class Wish:
    """What plugins asked of the client; a replay only notes it, since the call is over.

    Attributes:
        position: call time in samples.
        what: `pause`, `resume`, `disconnect`, `play` or `flush_playback`.
        details: such as the reason; of audio its bytes and their SHA-256.
    """

    position: int
    what: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay. Equal input gives equal results.

    Attributes:
        decision: what the plugins decided; a call that is rejected is not played.
        emitted: the events of all plugins, in order.
        wishes: what they asked of the client, in order.
        faults: the hooks that raised, were late or answered nonsense.
        summary: the totals that `on_end` got; `None` for a call that was rejected.
        rate: samples per second of all positions.
    """

    decision: Accept | Reject
    emitted: Sequence[Emitted]
    wishes: Sequence[Wish]
    faults: Sequence[Fault]
    summary: SessionSummary | None
    rate: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON types; the texts of events are in there, as they were emitted."""
        rejected = {"reason": str(self.decision.reason)} if isinstance(self.decision, Reject) else {}
        return {
            "decision": "rejected" if rejected else "accepted",
            **rejected,
            "rate": self.rate,
            "position": self.summary.position if self.summary is not None else 0,
            "events": [
                {
                    **self._moment(emitted.position),
                    "plugin": emitted.plugin,
                    "type": emitted.event.event_type,
                    "data": emitted.event.model_dump(mode="json"),
                }
                for emitted in self.emitted
            ],
            "wishes": [
                {**self._moment(wish.position), "wish": wish.what, **wish.details} for wish in self.wishes
            ],
            "faults": [
                {
                    "plugin": fault.plugin,
                    "hook": fault.hook,
                    "error": f"{type(fault.error).__name__}: {fault.error}",
                }
                for fault in self.faults
            ],
        }

    def _moment(self, position: int) -> dict[str, Any]:
        return {"position": position, "seconds": round(position / self.rate, 3)}
