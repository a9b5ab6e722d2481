"""`Meter`: what the time of one call was spent in, to the sample. It does no I/O and reads no clock.

Every sample of call time is counted once. Audio, discards and whole pauses are counted by the stream clock,
as the wire tells them. What a pause was made of (both sides may pause, and only the end of all is told with
its length) is divided by the times at which the client told of changes.
"""

from __future__ import annotations

from typing import Final

from audiohook_fw import Gap

from .figures import Figures, Leg, Spent

__all__ = ["MAX_PIECES", "Meter"]

MAX_PIECES: Final = 1_000
"""Changes that are told apart within one stretch without audio: a client can make as many as it likes."""


class Meter:
    """The figures of one call, by leg. Times are seconds of one monotonic clock.

    Args:
        rate: samples per second of call time.
        leg: where the call belongs at first.
        now: the time at which it was opened.
        has_audio: `False` for a call without media, which is measured by the clock alone.

    Attributes:
        legs: the figures by leg, without a pause that lasts; `figures` has it.
    """

    def __init__(self, rate: int, leg: Leg, now: float, *, has_audio: bool = True) -> None:
        self.legs: dict[Leg, Figures] = {leg: Figures()}
        self._rate = rate
        self._leg = leg
        self._has_audio = has_audio
        self._position = 0
        # What the present stretch without audio is made of: since when, and what for.
        self._pieces: list[tuple[float, Spent, Leg]] = [] if has_audio else [(now, Spent.WITHOUT_MEDIA, leg)]

    @property
    def leg(self) -> Leg:
        """Where the call belongs now."""
        return self._leg

    def figures(self, position: int, now: float) -> dict[Leg, Figures]:
        """Return the figures up to now, by leg; a pause that lasts is counted by the clock."""
        self._stream(position)
        legs = {leg: figures.copy() for leg, figures in self.legs.items()}
        self._divide(legs, self._since(now), now)
        return legs

    def pause(self, position: int, now: float, *, by_client: bool) -> None:
        """Note that the client told of a pause: its own, or (perhaps among others) the server's."""
        self._stream(position)
        self._turn(now, Spent.CLIENT_PAUSED if by_client else Spent.SERVER_PAUSED)

    def resume(self, gap: Gap, now: float) -> None:
        """Note that the stream goes on, and how long it was paused."""
        if not self._has_audio:
            self._turn(now, Spent.WITHOUT_MEDIA)
            return
        self._stream(gap.start)
        if not self._pieces:  # an answer to `resume` without a pause before it
            self._turn(now, Spent.CLIENT_PAUSED)
        self._divide(self.legs, gap.length, now)
        self._position += gap.length
        self._pieces = []

    def discard(self, gap: Gap) -> None:
        """Note what the client threw away."""
        if self._has_audio:
            self._stream(gap.start)
            self.legs[self._leg].discarded += gap.length
            self._position += gap.length

    def move(self, leg: Leg, position: int, now: float, *, was: str = "") -> None:
        """Count what comes from now on elsewhere. What came before the queue's id was known goes along.

        Args:
            was: what stood for the id of this queue until now.
        """
        self._stream(position)
        if leg == self._leg:
            return
        before, self._leg = self._leg, leg
        self.legs.setdefault(leg, Figures())
        if before.queue_id in ("", was) and before.queue_id != leg.queue_id:
            self._rename(before.queue_id, leg.queue_id)
        if self._pieces:
            self._turn(now, self._pieces[-1][1])

    def finish(self, position: int, now: float) -> None:
        """Note the end: what streams is streamed up to `position`, what is paused was so until now."""
        self._stream(position)
        self._divide(self.legs, self._since(now), now)
        self._pieces = []

    def _stream(self, position: int) -> None:
        if position > self._position and self._has_audio:
            self._pieces = []  # time goes on: in quarantine we did not hear of the end
            self.legs[self._leg].streamed += position - self._position
            self._position = position

    def _turn(self, now: float, spent: Spent) -> None:
        """Begin a piece, unless the last one is of the same kind or there are too many of them."""
        if not self._pieces or (
            self._pieces[-1][1:] != (spent, self._leg) and len(self._pieces) < MAX_PIECES
        ):
            self._pieces.append((now, spent, self._leg))

    def _since(self, now: float) -> int:
        """Return how long the present stretch without audio lasts, in samples."""
        return max(0, round((now - self._pieces[0][0]) * self._rate)) if self._pieces else 0

    def _divide(self, legs: dict[Leg, Figures], length: int, now: float) -> None:
        """Count `length` samples as the pieces they are made of: in order, the last one takes the rest."""
        left = length
        for number, (since, spent, leg) in enumerate(self._pieces, 1):
            last = number == len(self._pieces)
            until = now if last else self._pieces[number][0]
            share = left if last else min(left, max(0, round((until - since) * self._rate)))
            legs[leg].add(spent, share)
            left -= share

    def _rename(self, before: str, queue_id: str) -> None:
        """Give what belonged to one queue, or to none, to another one, each day for itself."""
        for leg in [leg for leg in self.legs if leg.queue_id == before]:
            to = Leg(queue_id, leg.day)
            self.legs[to] = self.legs.get(to, Figures()) + self.legs.pop(leg)
            self._pieces = [(since, spent, to if at == leg else at) for since, spent, at in self._pieces]
