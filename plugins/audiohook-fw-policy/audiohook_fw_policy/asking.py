"""A session becomes `Facts`."""

from __future__ import annotations

from audiohook_fw import Session

from .active import ActiveCalls
from .facts import Facts
from .numbers import NumberPlan

__all__ = ["facts_of"]


def facts_of(session: Session, numbers: NumberPlan, calls: ActiveCalls) -> Facts:
    """Return what is known of a call now."""
    participant, context = session.participant, session.context
    return Facts(
        organization=session.organization_id.lower(),
        conversation=session.conversation_id.lower(),
        key=session.key_name.lower(),
        ani=numbers.normal(participant.ani),
        dnis=numbers.normal(participant.dnis),
        language=(session.language or "").lower(),
        custom=session.custom_config,
        at=session.started_at,
        counts=calls.seen_by(session),
        queue_id=_known(context.get("queue_id")),
        queue_name=_known(context.get("queue_name")),
    )


def _known(value: object) -> str | None:
    return value.lower() if isinstance(value, str) else None
