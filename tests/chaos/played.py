"""What a client played, and the check of what the server said to it, message by message."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from .checks import BrokenError, Checks

__all__ = ["Played", "WireCheck"]

_ONCE: Final = ("opened", "disconnect", "closed")


@dataclass(slots=True)
class Played:
    """One call as its client knows it.

    Attributes:
        number, behaviour, session: which call. outcome: what became of it, for the table.
        opened: how many `opened` came for this session id.
        whole: it ended by the protocol, so that the books hold exactly the audio that was sent.
        sha256: of all audio sent; sent: bytes of it.
        recording: SHA-256 of the exact recording, where the client knows it; position: in samples.
        closing_after: seconds from `close` to `closed`.
    """

    number: int
    behaviour: str
    session: str = ""
    outcome: str = ""
    opened: int = 0
    whole: bool = False
    sent: int = 0
    sha256: str = ""
    recording: str = ""
    position: int | None = None
    closing_after: float | None = None


@dataclass(slots=True)
class WireCheck:
    """Judges what the server sends, apart from the simulated client's own judgement.

    Args:
        every_pong: each ping must get its pong; not so in a flood.
    """

    checks: Checks
    every_pong: bool = True
    seq: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    pings: list[int] = field(default_factory=list)
    last_ping: int = 0
    sent_seq: int = 0
    close_seq: int = 0

    def sent(self, data: str | bytes) -> None:
        """Note what the client sends."""
        if isinstance(data, str):
            message = json.loads(data)
            self.sent_seq = message["seq"]
            if message["type"] == "ping":
                self.pings.append(self.sent_seq)
                self.last_ping = self.sent_seq
            elif message["type"] == "close":
                self.close_seq = self.close_seq or self.sent_seq

    def received(self, data: str | bytes) -> None:
        """Judge what the server sends.

        Raises:
            BrokenError: it broke a rule.
        """
        checks, counts = self.checks, self.counts
        checks("nothing comes after closed", not counts.get("closed"), data)
        if isinstance(data, bytes):
            return
        message: dict[str, Any] = json.loads(data)
        type_ = message["type"]
        counts[type_] = counts.get(type_, 0) + 1
        self.seq += 1
        checks("the server's numbers are gapless", message["seq"] == self.seq, message)
        checks("nothing unknown is acknowledged", message["clientseq"] <= self.sent_seq, message)
        if type_ in _ONCE:
            checks("opened, disconnect and closed come once at most", counts[type_] == 1, message)
        if type_ == "pong":
            answered = message["clientseq"]
            checks("a pong answers its ping", answered in self.pings, (answered, self.pings[-5:]))
            self.pings.remove(answered)
        elif type_ == "closed":
            checks("closed answers the close", message["clientseq"] == self.close_seq != 0, message)

    def end(self) -> None:
        """Judge a call that ended with `closed`: only the ping right before the `close` may lack its pong."""
        if self.every_pong:
            left = [seq for seq in self.pings if seq != self.last_ping]
            self.checks("every ping gets its pong", not left, left)


def broken(played: Played, error: BrokenError) -> BrokenError:
    """Return the error with the call it is about."""
    return BrokenError(
        error.name, error.detail, number=played.number, behaviour=played.behaviour, session=played.session
    )
