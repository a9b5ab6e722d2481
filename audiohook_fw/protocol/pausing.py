"""The two pause flags (protocol: pause semantics): audio flows only when both are clear.

The server's flag is ours to know. The client's has to be inferred, because `paused` gives no
reason. `serverseq` of a message tells which of our commands the client had seen when it wrote it,
so messages that cross on the wire are judged by the flag that the client knew.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["ClientPause", "PauseFlags"]

_IN_FLIGHT: Final = 64
"""Commands remembered while the client acknowledges none; its rate limit allows two a second."""


class ClientPause(StrEnum):
    """What is known of the client's own pause."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class PauseFlags:
    """The server's flag, and what the wire tells of the client's.

    While our flag is set the client says nothing when it ends its own pause. So `client` is `YES`
    only while our flag is clear; a pause of ours on top makes it `UNKNOWN`.

    Attributes:
        server: our last command was `pause` (or `startPaused`).
        client: the client's own pause.
    """

    __slots__ = ("_commands", "_from_start", "_unanswered", "client", "server")

    def __init__(self) -> None:
        self.server = False
        self.client = ClientPause.NO
        self._from_start = False
        self._commands: list[tuple[int, bool]] = [(0, False)]
        self._unanswered: list[int] = []

    @property
    def may_be_secure(self) -> bool:
        """Whether the stream is, or may be, in a pause of the client's own: an agent may be taking a card.

        A pause from the start on counts, since the `paused` after it may stand for both sides' pauses.
        """
        return self._from_start or self.client is not ClientPause.NO

    def sent(self, *, pause: bool, seq: int, from_start: bool = False) -> None:
        """Note that we sent `pause` or `resume`, or `startPaused`, as our message number `seq`."""
        self.server = pause
        self._from_start |= from_start
        self._commands = [*self._commands[1 - _IN_FLIGHT :], (seq, pause)]
        if pause:
            self._unanswered = [*self._unanswered[1 - _IN_FLIGHT :], seq]
            if self.client is ClientPause.YES:
                self.client = ClientPause.UNKNOWN

    def paused(self, serverseq: int | None) -> bool:
        """Note a `paused`; return whether it proves a pause of the client's own.

        It does when it was written while our flag was clear: unasked, or as answer to a `resume`.
        One after each `pause` answers that. Any further one may be a repetition or the client's own
        pause on top: then the client's flag becomes unknown.
        """
        if not self._flag_seen(serverseq):
            self.client = ClientPause.UNKNOWN if self.server else ClientPause.YES
            self._settle(serverseq)
            return True
        if self._unanswered and (serverseq is None or self._unanswered[0] <= serverseq):
            self._unanswered.pop(0)
        elif self.client is ClientPause.NO:
            self.client = ClientPause.UNKNOWN
        return False

    def resumed(self, serverseq: int | None) -> None:
        """Note a `resumed`: the client has no pause of its own any more."""
        self.client = ClientPause.NO
        self._from_start = False
        self._settle(serverseq)

    def _settle(self, serverseq: int | None) -> None:
        """Await no more answers to what the client had seen."""
        while self._unanswered and (serverseq is None or self._unanswered[0] <= serverseq):
            self._unanswered.pop(0)

    def _flag_seen(self, serverseq: int | None) -> bool:
        """Return our flag as the client knew it; forget the commands before that."""
        if serverseq is None:
            return self.server
        while len(self._commands) > 1 and self._commands[1][0] <= serverseq:
            self._commands.pop(0)
        return self._commands[0][1]
