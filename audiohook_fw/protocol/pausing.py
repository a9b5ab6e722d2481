"""The two pause flags (protocol: pause semantics): audio flows only when both are clear.

The server's flag is ours to know. The client's has to be inferred, because `paused` gives no
reason. `serverseq` of a message tells which of our commands the client had seen when it wrote it.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ClientPause", "PauseFlags"]


class ClientPause(StrEnum):
    """What is known of the client's own pause."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class PauseFlags:
    """The server's flag, and what the wire tells of the client's.

    Attributes:
        server: our last command was `pause` (or `startPaused`).
        client: the client's own pause.
    """

    __slots__ = ("_answered", "_command_seq", "_previous", "client", "server")

    def __init__(self) -> None:
        self.server = False
        self.client = ClientPause.NO
        self._previous = False
        self._command_seq = 0
        self._answered = True

    def sent(self, *, pause: bool, seq: int) -> None:
        """Note that we sent `pause` or `resume` as our message number `seq`."""
        self._previous = self.server
        self.server = pause
        self._command_seq = seq
        self._answered = False

    def paused(self, serverseq: int | None) -> bool:
        """Note a `paused`; return whether it proves a pause of the client's own.

        It does when it was written while our flag was clear: unasked, or as answer to a `resume`.
        The first one after a `pause` answers that. Any further one may be a repetition or the
        client's own pause on top: then the client's flag becomes unknown.
        """
        seen = serverseq is None or serverseq >= self._command_seq
        flag = self.server if seen else self._previous
        if not flag:
            self.client = ClientPause.YES
            return True
        if seen and not self._answered:
            self._answered = True
        elif self.client is ClientPause.NO:
            self.client = ClientPause.UNKNOWN
        return False

    def resumed(self) -> None:
        """Note a `resumed`: the client has no pause of its own any more."""
        self.client = ClientPause.NO
        self._answered = True
