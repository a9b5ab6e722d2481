"""Count how calls are decided, those that were rejected too."""

from __future__ import annotations

from collections import Counter

from audiohook_fw import Accept, Reject, Session, hookimpl

decisions: Counter[str] = Counter()


@hookimpl
def on_decided(session: Session, decision: Accept | Reject) -> None:
    """Tell the two apart by their class."""
    decisions["accepted" if isinstance(decision, Accept) else decision.reason] += 1
