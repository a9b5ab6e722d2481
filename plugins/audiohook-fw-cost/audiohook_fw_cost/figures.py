"""`Figures`: how long a call, or several, spent in what, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["MICRO", "Figures", "Leg", "Spent", "Tariff"]

MICRO: Final = 1_000_000
"""Money is kept in whole millionths of the currency's unit, so that sums are exact."""


class Spent(StrEnum):
    """What a sample of call time was spent in."""

    STREAMED = "streamed"
    DISCARDED = "discarded"
    """The client threw it away, mostly since the network was too slow."""
    CLIENT_PAUSED = "client_paused"
    SERVER_PAUSED = "server_paused"
    """Our flag was set, whatever the client's was."""
    WITHOUT_MEDIA = "without_media"
    """Connected, but no audio was agreed on."""


@dataclass(frozen=True, slots=True)
class Leg:
    """Where a part of a call belongs: the queue it was in, empty while not known, and the day (ISO 8601).

    A queue that is known by name only has `name:` and its name, in small letters, for an id.
    """

    queue_id: str
    day: str


@dataclass(slots=True)
class Figures:
    """Samples by what they were spent in; `connected` is all of them."""

    streamed: int = 0
    discarded: int = 0
    client_paused: int = 0
    server_paused: int = 0
    without_media: int = 0

    @property
    def connected(self) -> int:
        """The length of the call so far, in samples."""
        return self.streamed + self.discarded + self.client_paused + self.server_paused + self.without_media

    @property
    def values(self) -> tuple[int, ...]:
        """The figures, in the order of `Spent`."""
        return (self.streamed, self.discarded, self.client_paused, self.server_paused, self.without_media)

    def add(self, spent: Spent, samples: int) -> None:
        """Count samples."""
        setattr(self, spent, getattr(self, spent) + samples)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.streamed + other.streamed,
            self.discarded + other.discarded,
            self.client_paused + other.client_paused,
            self.server_paused + other.server_paused,
            self.without_media + other.without_media,
        )

    def copy(self) -> Figures:
        """Return a copy."""
        return Figures(*self.values)


@dataclass(frozen=True, slots=True)
class Tariff:
    """What is billed, and at which price.

    Attributes:
        price: of a minute, in millionths of `currency`.
        server_pause_billed: time in the server's pause costs as much as any other.
    """

    price: int
    currency: str
    server_pause_billed: bool = False

    def cost(self, figures: Figures, rate: int) -> int:
        """Return the price of what is billed, in millionths."""
        free = figures.client_paused + (0 if self.server_pause_billed else figures.server_paused)
        return self._price(figures.connected - free, rate)

    def saved(self, figures: Figures, rate: int) -> int:
        """Return what the server's pauses would have cost, in millionths; 0 when they are billed."""
        return 0 if self.server_pause_billed else self._price(figures.server_paused, rate)

    def _price(self, samples: int, rate: int) -> int:
        minute = rate * 60
        return (2 * self.price * samples + minute) // (2 * minute)  # rounded half up, without a float
