"""The event of this plugin; others may consume it by its name without importing it."""

from __future__ import annotations

from audiohook_fw import Event

__all__ = ["TalkRatioMeasured"]


class TalkRatioMeasured(Event, event_type="acme.talk_ratio"):
    """Share of the call, 0 to 1, in which each side was heard."""

    external: float
    internal: float
