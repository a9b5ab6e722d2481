"""What is played in the demo: a probe, a call to a number that is declined, and a conversation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from audiohook_fw.client import AudioSource, CallOptions, Timeline, Timing

__all__ = ["DECLINED", "NAMES", "PAUSE_AT", "PAUSE_FOR", "Scene", "scenes", "timing"]

DECLINED: Final = "tel:+15555550199"
"""The number that the policy declines."""
PAUSE_AT: Final = 18.0
"""Call time in seconds at which the policy pauses the accepted call."""
PAUSE_FOR: Final = 3.0
"""Seconds of call time for which it does."""
NAMES: Final = ("probe", "declined", "recorded")
"""The calls by name, in the order in which they are made."""

_TIMELINE: Final = ("pause@8", "resume@11", "discard@30+2")
_FASTEST_PINGS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Scene:
    """One call of the demo: its name in the output, what is to come of it, and how it is made."""

    name: str
    purpose: str
    options: CallOptions = field(repr=False)


def scenes(url: str, api_key: str, secret: bytes, speed: float) -> tuple[Scene, Scene, Scene]:
    """Return the three calls, in the order in which they are made.

    Args:
        url, api_key, secret: of the server. speed: seconds of call time in one second.
    """

    base = CallOptions(url=url, api_key=api_key, secret=secret, speed=speed)
    conversation = AudioSource.conversation()
    assert conversation.duration is not None, "the conversation has an end"
    return (
        Scene(NAMES[0], "Genesys checks the connection", replace(base, probe=True)),
        Scene(NAMES[1], "an unwanted call", replace(base, dnis=DECLINED)),
        Scene(
            NAMES[2],
            "a conversation of three quarters of a minute",
            replace(
                base,
                ani="tel:+15555550123",
                ani_name="Demo Caller",
                dnis="tel:+15555550100",
                language="en-US",
                source=conversation,
                duration=conversation.duration,
                timeline=Timeline.parse(_TIMELINE),
                timing=timing(speed),
                keep_audio=True,
            ),
        ),
    )


def timing(speed: float) -> Timing:
    """Return the client's times with pings as often in call time as at normal speed."""
    usual = Timing()
    return Timing(
        first_ping=max(_FASTEST_PINGS, usual.first_ping / speed), ping=max(_FASTEST_PINGS, usual.ping / speed)
    )
