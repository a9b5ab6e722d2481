"""`SessionHandler`: one object per call and plugin, whose methods are the event hooks.

Override what you need. All overridden hooks plain `def`: they are called inline by the reader and
must not block. Any of them `async def`: all of them run in this plugin's lane for the call, in order.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audiohook_fw.audio import AudioFrame

    from .events import Event
    from .values import ClientError, CloseReason, Gap, PauseOrigin, Playback, SessionSummary, Update

__all__ = ["SessionHandler"]

Result = Awaitable[None] | None


class SessionHandler:
    """Base of per-call handlers; every method here does nothing until overridden.

    A method may take any subset of the arguments by name. Exceptions are logged and counted; ten in
    a row put the plugin in quarantine for this call (it still gets `on_close` and `on_end`).
    """

    def on_opened(self) -> Result:
        """`opened` was sent: the place for slow work; audio that arrives meanwhile waits in the lane."""

    def on_audio(self, frame: AudioFrame) -> Result:
        """One binary frame arrived while the stream was not paused."""

    def on_pause(self, origin: PauseOrigin, position: int) -> Result:
        """The client confirmed a pause at call time `position`; may come twice in a row."""

    def on_resume(self, gap: Gap) -> Result:
        """Audio goes on after a pause; `gap` is the call time that passed without audio."""

    def on_discarded(self, gap: Gap) -> Result:
        """The client threw away audio; `gap` is the call time that is missing."""

    def on_update(self, update: Update, position: int) -> Result:
        """The client changed something (its language) at call time `position`."""

    def on_client_error(self, error: ClientError) -> Result:
        """The client complained; the call goes on unless a `close` follows."""

    def on_dtmf(self, digit: str, position: int) -> Result:
        """The caller pressed a key (Audio Connector); not told in what may be the client's own pause."""

    def on_playback(self, playback: Playback, position: int) -> Result:
        """The client started or completed playing what was sent (Audio Connector)."""

    def on_event(self, event: Event) -> Result:
        """Another plugin emitted an event that this plugin consumes."""

    def on_close(self, reason: CloseReason) -> Result:
        """Audio is over: emit what is pending now. Runs before `closed` is sent, at most 6 s before."""

    def on_end(self, summary: SessionSummary) -> Result:
        """The call is over, exactly once: the place for uploads. May run up to the end deadline."""
