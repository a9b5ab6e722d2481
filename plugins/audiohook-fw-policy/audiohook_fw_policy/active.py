"""`ActiveCalls`: how many calls of this process are active, by key, organization and queue."""

from __future__ import annotations

from collections import Counter

from audiohook_fw import Session

__all__ = ["ActiveCalls"]

Name = tuple[str, str]


class ActiveCalls:
    """Counts a call from when the rules accept it until its end; calls that come at once see each other.

    One that waits for its queue, or is kept paused, does not count: two of them would keep each other out.
    One that was accepted here but never began (the client went away) has no end that is told; it is let go
    when the next call asks.
    """

    def __init__(self) -> None:
        self._counts: Counter[Name] = Counter()
        self._names: dict[Session, set[Name]] = {}
        self._pending: set[Session] = set()

    def __len__(self) -> int:
        """Return how many calls are counted."""
        return len(self._names)

    def add(self, session: Session) -> None:
        """Count a call that the rules accept."""
        if session not in self._names:
            self._names[session] = set()
            self._pending.add(session)
            self._count(session, ("all", ""))
            self._count(session, ("key", session.key_name.lower()))
            self._count(session, ("organization", session.organization_id.lower()))
            self.move(session)

    def begun(self, session: Session) -> None:
        """Note that the call was opened: its end will be told."""
        self._pending.discard(session)

    def move(self, session: Session) -> None:
        """Count a call, if it counts, for the queue that it is in now, as far as that is known."""
        names = self._names.get(session)
        if names is None:
            return
        for name in [name for name in names if name[0] == "queue"]:
            self._uncount(name)
            names.discard(name)
        for key in ("queue_id", "queue_name"):
            queue = session.context.get(key)
            if isinstance(queue, str) and queue:
                self._count(session, ("queue", queue.lower()))

    def remove(self, session: Session) -> None:
        """Count a call no more; again does nothing."""
        self._pending.discard(session)
        for name in self._names.pop(session, ()):
            self._uncount(name)

    def sweep(self) -> None:
        """Let go of calls that ended before they began."""
        for session in [session for session in self._pending if session.state == "ended"]:
            self.remove(session)

    def seen_by(self, session: Session) -> Others:
        """Return what one call sees of the others."""
        return Others(self._counts, self._names.get(session, frozenset()))

    def _count(self, session: Session, name: Name) -> None:
        if name not in self._names[session]:
            self._names[session].add(name)
            self._counts[name] += 1

    def _uncount(self, name: Name) -> None:
        self._counts[name] -= 1
        if not self._counts[name]:
            del self._counts[name]


class Others:
    """The counts without one call."""

    __slots__ = ("_counts", "_own")

    def __init__(self, counts: Counter[Name], own: set[Name] | frozenset[Name]) -> None:
        self._counts = counts
        self._own = own

    def others(self, kind: str, name: str) -> int:
        """Return how many other calls are active with this key, organization or queue."""
        return self._counts[kind, name] - ((kind, name) in self._own)
