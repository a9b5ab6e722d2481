"""One call: says when it begins and ends, and that somebody wants its queue. Nothing here waits."""

from __future__ import annotations

from audiohook_fw import CloseReason, ContextChanged, Event, Session, SessionHandler

from .lookups import Lookups

__all__ = ["LookupHandler"]


class LookupHandler(SessionHandler):
    """All hooks are plain functions: the looking is done elsewhere, and `opened` is long sent by then.

    Args:
        lookups: `None` while the plugin is idle.
    """

    def __init__(self, session: Session, lookups: Lookups | None) -> None:
        self._session = session
        self._lookups = lookups

    def on_opened(self) -> None:
        """Begin to look."""
        if self._lookups is not None:
            self._lookups.add(self._session)

    def on_event(self, event: Event) -> None:
        """Look sooner when another plugin wants the queue."""
        if (
            self._lookups is not None
            and isinstance(event, ContextChanged)
            and "queue_wanted" in event.changed
            and self._session.context.get("queue_wanted") is True
        ):
            self._lookups.want(self._session)

    def on_close(self, reason: CloseReason) -> None:
        """Look no more."""
        if self._lookups is not None:
            self._lookups.remove(self._session)
