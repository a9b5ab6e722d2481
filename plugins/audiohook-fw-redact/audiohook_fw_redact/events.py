"""`Redacted`: tells where something was said that nobody is to hear."""

from __future__ import annotations

from pydantic import Field

from audiohook_fw import Event

__all__ = ["Redacted"]


class Redacted(Event, event_type="redact.span"):
    """A stretch of one channel in which personal data was said, in samples of call time; never what was said.

    It may come for audio that is half a minute old, when only what was said later shows what it was.
    """

    channel: str
    kind: str
    start: int = Field(ge=0)
    length: int = Field(ge=0)
    transcript_id: str = ""
