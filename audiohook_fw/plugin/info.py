"""`PluginInfo`: what a plugin says about itself, once, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .events import Event

__all__ = ["AudioWish", "OnFailure", "Overflow", "PluginInfo", "event_names"]


class OnFailure(StrEnum):
    """What counts for a plugin whose `on_open` raised or was late."""

    IGNORE = "ignore"
    REJECT = "reject"


class Overflow(StrEnum):
    """What a lane does when a plugin is too slow for its bound."""

    DROP_OLDEST = "drop_oldest"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class AudioWish:
    """The audio a plugin would like; used to choose among the offers, never a promise.

    Attributes:
        channels: the channels wanted, in any order: `external`, `internal`.
        format: `PCMU` or `L16`; empty for either.
    """

    channels: tuple[str, ...] = ("external", "internal")
    format: str = ""


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What a plugin says about itself; a class or module carries it as `info`.

    Attributes:
        summary: one line for listings.
        consumes: event classes (or registered names) its `on_event` wants; empty means every event.
        emits: event classes (or registered names) it emits; orders `on_close` and the listing.
        audio: the audio wanted, or `None` when it does not care.
        on_failure: what a failed or late `on_open` counts as: `ignore` or `reject`.
        overflow: what its lane does when full: `drop_oldest` or `fail`.
        max_lag: seconds of queued audio it accepts before old audio is dropped; `None` means
            `limits.lane_seconds`. For plugins that want fresh rather than complete audio.
    """

    summary: str = ""
    consumes: tuple[type[Event] | str, ...] = ()
    emits: tuple[type[Event] | str, ...] = ()
    audio: AudioWish | None = None
    on_failure: OnFailure = OnFailure.IGNORE
    overflow: Overflow = Overflow.DROP_OLDEST
    max_lag: float | None = None


def event_names(events: Iterable[type[Event] | str]) -> frozenset[str]:
    """Return the registered names of event classes and names alike."""
    return frozenset(e if isinstance(e, str) else e.event_type for e in events)
