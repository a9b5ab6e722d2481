"""`CallRow`: what is kept of one call; `LegRow`: of the part of it in one queue on one day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .figures import Figures, Leg, Tariff

__all__ = ["CallFacts", "CallRow", "LegRow", "leg_rows"]


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What never changes of a call. No personal data.

    Attributes:
        id: of this meter, since several calls may have one session id.
        session_id, conversation_id, organization_id, key: of the call.
        started_at: wall time (UTC, ISO 8601).
        rate: samples per second of the figures.
        currency: of the money.
    """

    id: str
    session_id: str
    conversation_id: str
    organization_id: str
    key: str
    started_at: str
    rate: int
    currency: str


@dataclass(frozen=True, slots=True)
class LegRow:
    """The figures of one leg, and what they cost in millionths of the currency."""

    day: str
    queue_id: str
    queue_name: str
    figures: Figures
    cost: int
    saved: int


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call as it stands; a later one of the same call replaces it.

    Attributes:
        facts: of the call. legs: its parts.
        ended_at, reason: when (UTC, ISO 8601) and why it ended; empty while it runs.
    """

    facts: CallFacts
    legs: tuple[LegRow, ...]
    ended_at: str = ""
    reason: str = ""


def leg_rows(
    legs: Mapping[Leg, Figures], names: Mapping[str, str], tariff: Tariff, rate: int
) -> tuple[LegRow, ...]:
    """Return the legs with something in them; of a call without any, the only one."""
    return tuple(
        LegRow(
            leg.day,
            leg.queue_id,
            names.get(leg.queue_id, ""),
            figures,
            tariff.cost(figures, rate),
            tariff.saved(figures, rate),
        )
        for leg, figures in legs.items()
        if figures.connected or len(legs) == 1
    )
