"""The event of this plugin. Others consume it by its name, without importing it."""

from __future__ import annotations

from audiohook_fw import Event

__all__ = ["SilenceMeasured"]


class SilenceMeasured(Event, event_type="silence.measured"):
    """How much of the audio of one side was silent, from 0 to 1."""

    channel: str
    share: float
