"""`PluginInfo`: what a plugin says about itself, once, as data."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from .events import Event

__all__ = ["AudioWish", "OnFailure", "Overflow", "PluginInfo", "event_names"]

_CHANNELS: Final = ("external", "internal")
_FORMATS: Final = ("", "PCMU", "L16")

E = TypeVar("E", bound=StrEnum)


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

    Raises:
        ValueError: names the field and what is allowed.
    """

    channels: tuple[str, ...] = _CHANNELS
    format: str = ""

    def __post_init__(self) -> None:
        channels = self.channels
        if (
            not isinstance(channels, tuple | list)
            or not channels
            or any(c not in _CHANNELS for c in channels)
        ):
            raise _wrong("AudioWish.channels", channels, "a tuple of 'external' and 'internal'")
        if self.format not in _FORMATS:
            raise _wrong("AudioWish.format", self.format, "'PCMU', 'L16' or '' for either")
        object.__setattr__(self, "channels", tuple(channels))


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What a plugin says about itself; a class or module carries it as `info`.

    Attributes:
        summary: one line for listings.
        consumes: event classes (or registered names) its `on_event` wants; empty means every event.
        optional: those of `consumes` that it does well without: nobody is warned when no plugin emits them.
        emits: event classes (or registered names) it emits; orders `on_close` and the listing.
        audio: the audio wanted, or `None` when it does not care.
        on_failure: what a failed or late `on_open` counts as: `ignore` or `reject`.
        overflow: what its lane does when full: `drop_oldest` or `fail`.
        max_lag: seconds of queued audio it accepts before old audio is dropped; `None` means
            `limits.lane_seconds`. For plugins that want fresh rather than complete audio.
        hook_api: the `HOOK_API_VERSION` it is written for, as a number; under another one it does not
            load. `None`, for any, is right for most: its requirement on `audiohook-fw` says more.

    Raises:
        ValueError: names the field and what is allowed.
    """

    summary: str = ""
    consumes: tuple[type[Event] | str, ...] = ()
    emits: tuple[type[Event] | str, ...] = ()
    audio: AudioWish | None = None
    on_failure: OnFailure = OnFailure.IGNORE
    overflow: Overflow = Overflow.DROP_OLDEST
    max_lag: float | None = None
    hook_api: int | None = None
    optional: tuple[type[Event] | str, ...] = ()

    def __post_init__(self) -> None:
        # What is wrong here is the plugin's load error, not the error of the first call that uses it.
        if not isinstance(self.summary, str):
            raise _wrong("summary", self.summary, "a text")
        if not isinstance(self.audio, AudioWish | None):
            raise _wrong("audio", self.audio, "an AudioWish or None")
        if self.max_lag is not None and not _is_positive(self.max_lag):
            raise _wrong("max_lag", self.max_lag, "a positive number of seconds or None")
        if self.hook_api is not None and (type(self.hook_api) is not int or self.hook_api < 1):
            raise _wrong("hook_api", self.hook_api, "a whole number from 1 or None")
        object.__setattr__(self, "consumes", _events("consumes", self.consumes))
        object.__setattr__(self, "emits", _events("emits", self.emits))
        object.__setattr__(self, "optional", _events("optional", self.optional))
        if stray := event_names(self.optional) - event_names(self.consumes):
            raise _wrong("optional", ", ".join(sorted(stray)), "of what PluginInfo.consumes names")
        object.__setattr__(self, "on_failure", _member("on_failure", self.on_failure, OnFailure))
        object.__setattr__(self, "overflow", _member("overflow", self.overflow, Overflow))


def event_names(events: Iterable[type[Event] | str]) -> frozenset[str]:
    """Return the registered names of event classes and names alike."""
    return frozenset(e if isinstance(e, str) else e.event_type for e in events)


def _wrong(field: str, value: object, allowed: str) -> ValueError:
    text = repr(value) if isinstance(value, str | int | float) else f"of type {type(value).__name__}"
    where = field if "." in field else f"PluginInfo.{field}"
    return ValueError(f"{where} is {text}, but must be {allowed}")


def _is_positive(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value > 0


def _member(field: str, value: str, kind: type[E]) -> E:
    try:
        return kind(value)
    except ValueError:
        raise _wrong(field, value, " or ".join(repr(member.value) for member in kind)) from None


def _events(field: str, value: object) -> tuple[type[Event] | str, ...]:
    if not isinstance(value, tuple | list):
        raise _wrong(field, value, "a tuple of Event classes or their names")
    for event in value:
        is_class = isinstance(event, type) and issubclass(event, Event) and bool(event.event_type)
        if not is_class and not (isinstance(event, str) and event):
            raise _wrong(f"PluginInfo.{field}", value, "of classes derived from Event, or their names")
    return tuple(value)
