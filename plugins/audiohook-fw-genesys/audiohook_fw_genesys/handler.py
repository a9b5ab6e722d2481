"""One call: says when it begins and ends, and that somebody wants its queue. Nothing here waits."""

from __future__ import annotations

import logging
from typing import Final

from audiohook_fw import CloseReason, ContextChanged, Event, Session, SessionHandler

from .lookups import Lookups

__all__ = ["LookupHandler"]

logger = logging.getLogger(__name__)

_FOUND: Final = frozenset({"lookup", "queue_id", "queue_name"})
"""Names in the context of which one tells that another plugin finds out the queue."""


class LookupHandler(SessionHandler):
    """All hooks are plain functions: the looking is done elsewhere, and `opened` is long sent by then.

    Args:
        lookups: `None` while nobody can be asked.
    """

    def __init__(self, session: Session, lookups: Lookups | None) -> None:
        self._session = session
        self._lookups = lookups if lookups is not None and lookups.covers(session) else None
        self._why_not = (
            "there are no credentials"
            if lookups is None
            else "its organization is not in plugins.genesys.organizations"
        )

    def on_opened(self) -> None:
        """Begin to look."""
        if self._lookups is not None:
            self._lookups.add(self._session)
        elif self._is_wanted:
            self._decline()

    def on_event(self, event: Event) -> None:
        """Look sooner when another plugin wants the queue."""
        if isinstance(event, ContextChanged) and "queue_wanted" in event.changed and self._is_wanted:
            if self._lookups is not None:
                self._lookups.want(self._session)
            else:
                self._decline()

    def on_close(self, reason: CloseReason) -> None:
        """Look no more."""
        if self._lookups is not None:
            self._lookups.remove(self._session)

    @property
    def _is_wanted(self) -> bool:
        return self._session.context.get("queue_wanted") is True

    def _decline(self) -> None:
        """Let nobody wait for an answer that will not come, unless another plugin looks this call up."""
        if not _FOUND & self._session.context.keys():
            id_ = self._session.conversation_id
            logger.info("the queue of conversation %s is not known: %s", id_, self._why_not)
            self._session.update_context(lookup="failed")
