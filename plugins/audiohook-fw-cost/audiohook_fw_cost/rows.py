"""`CallRow`: what is kept of one call; a row of the database for each leg."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .figures import Figures, Leg, Tariff

__all__ = ["CallRow"]


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call as it stands; a later one of the same `id` replaces it. No personal data.

    Attributes:
        id: of this meter, since several calls may have one session id.
        session_id, conversation_id, organization_id, key: of the call.
        started_at, ended_at: wall time (UTC, ISO 8601); `ended_at` is empty while the call runs.
        reason: why it ended, empty while it runs.
        rate: samples per second of the figures.
        legs: the figures by queue and day. names: of the queues, by id.
        tariff: what it is to cost.
    """

    id: str
    session_id: str
    conversation_id: str
    organization_id: str
    key: str
    started_at: str
    ended_at: str
    reason: str
    rate: int
    legs: Mapping[Leg, Figures]
    names: Mapping[str, str]
    tariff: Tariff

    @property
    def figures(self) -> Figures:
        """The figures of the whole call."""
        return sum(self.legs.values(), Figures())
