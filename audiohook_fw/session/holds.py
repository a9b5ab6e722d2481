"""Holds: the reasons why the server pauses a stream, each with an owner."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Literal

from .threads import check_thread

__all__ = ["Hold", "Holds", "OnQuarantine"]

OnQuarantine = Literal["release", "keep"]


class Hold:
    """One reason to keep the stream paused; release it once, or as often as you like.

    Use it as a context manager, or keep it and call `release`. It ends with the call.

    Attributes:
        owner: the plugin.
        reason: for logs; no personal data.
        on_quarantine: what happens when the owner is put in quarantine: `release`, or `keep` for
            holds that must outlive a faulty owner (compliance).
    """

    __slots__ = ("_release", "on_quarantine", "owner", "reason")

    def __init__(
        self, owner: str, reason: str, on_quarantine: OnQuarantine, release: Callable[[Hold], None]
    ) -> None:
        self.owner = owner
        self.reason = reason
        self.on_quarantine: OnQuarantine = on_quarantine
        self._release = release

    def __repr__(self) -> str:
        return f"<Hold {self.reason!r} of {self.owner}>"

    def release(self) -> None:
        """Take this reason back; the stream resumes when no hold is open. Idempotent.

        Raises:
            RuntimeError: in another thread than the event loop's.
        """
        self._release(self)

    def __enter__(self) -> Hold:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Holds:
    """The open holds of one call; `changed` is called with whether there is any, on each change."""

    __slots__ = ("_changed", "_open", "_thread")

    def __init__(self, changed: Callable[[bool], None]) -> None:
        self._thread = threading.get_ident()
        self._open: list[Hold] = []
        self._changed = changed

    def __bool__(self) -> bool:
        return bool(self._open)

    def __contains__(self, hold: object) -> bool:
        return hold in self._open

    def __iter__(self) -> Iterator[Hold]:
        return iter(tuple(self._open))

    def take(self, owner: str, reason: str, on_quarantine: OnQuarantine) -> Hold:
        """Open a hold."""
        hold = Hold(owner, reason, on_quarantine, self._release)
        self._open.append(hold)
        if len(self._open) == 1:
            self._changed(True)
        return hold

    def quarantined(self, owner: str) -> None:
        """Release what a plugin in quarantine holds, but for holds it declared to be kept."""
        for hold in self:
            if hold.owner == owner and hold.on_quarantine == "release":
                hold.release()

    def clear(self) -> None:
        """Forget all holds without a change: the call is over."""
        self._open.clear()

    def _release(self, hold: Hold) -> None:
        check_thread(self._thread, "hold")
        if hold in self._open:
            self._open.remove(hold)
            if not self._open:
                self._changed(False)
