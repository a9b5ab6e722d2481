"""What is played in the second act: a call of a wanted queue, one of another, and one from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from audiohook_fw.client import AudioSource, CallOptions

from .script import Scene, timing

__all__ = [
    "CURRENCY",
    "IN_IVR",
    "NAMES",
    "PRICE",
    "RANGES",
    "RETRY",
    "RULES",
    "TAGS",
    "UNWANTED",
    "WANTED",
    "WITHIN",
    "scenes",
]

WANTED: Final = "Sales"
UNWANTED: Final = "Works council"
"""The queues whose calls are streamed, and are not."""
TAGS: Final = {"team": "sales"}
"""What the policy tags the calls with that it takes."""
WITHIN: Final = 30.0
"""Seconds of real time within which the queue of a call must be known."""
RULES: Final = f"""\
default = "reject"
queue_timeout = {WITHIN:g}
fallback = {{ action = "reject", reason = "error" }}

[[rules]]
name = "never the works council"
when = {{ queue = "{UNWANTED}" }}
action = "reject"

[[rules]]
name = "sales"
when = {{ queue = "{WANTED}" }}
action = "accept"
tags = {{ team = "{TAGS["team"]}" }}
"""
"""The policy's file."""
IN_IVR: Final = 0.6
"""Seconds of real time, from the first look on, for which a call is in no queue yet."""
RETRY: Final = 1.0
"""Seconds of real time between the first look at a call and the second, which finds the queue."""
PRICE: Final = Decimal("1.00")
"""What a minute costs: made up, and high, so that seconds can be seen in the table."""
CURRENCY: Final = "EUR"
NAMES: Final = ("sales", "council", "stranger")
"""The calls by name, in the order in which they are made."""

_GENESYS: Final = "192.0.2.10"
_STRANGER: Final = "203.0.113.99"
RANGES: Final = (
    {"cidr": f"{_GENESYS}/32", "service": "audiohook", "region": "eu-central-1", "direction": "outbound"},
)
"""What the fake platform tells of Genesys' addresses."""

_SHORTEST: Final = 15.0  # seconds of call time
_LOOKING: Final = 4.0  # seconds of real time in which the queue is found, with something to spare


def scenes(
    url: str, api_key: str, secret: bytes, speed: float, conversations: tuple[str, str]
) -> tuple[Scene, Scene, Scene]:
    """Return the three calls, in the order in which they are made.

    They come through a proxy, which adds the address a caller has to what the caller says. A look-up takes
    real time, so calls are longer the faster they are played.

    Args:
        url, api_key, secret: of the server. speed: seconds of call time in one second.
        conversations: of the wanted and of the unwanted call, as the platform knows them.
    """
    base = CallOptions(
        url=url,
        api_key=api_key,
        secret=secret,
        speed=speed,
        headers={"X-Forwarded-For": _GENESYS},
        ani="tel:+15555550123",
        ani_name="Demo Caller",
        dnis="tel:+15555550100",
        language="en-US",
        source=AudioSource.conversation(),
        duration=max(_SHORTEST, _LOOKING * speed),
        timing=timing(speed),
        keep_audio=True,
    )
    wanted, unwanted = conversations
    forged = {"X-Forwarded-For": f"{_GENESYS}, {_STRANGER}"}
    return (
        Scene(NAMES[0], f"a call of the queue {WANTED}", replace(base, conversation=wanted)),
        Scene(
            NAMES[1],
            f"a call of the queue {UNWANTED}",
            replace(base, conversation=unwanted, duration=2 * WITHIN * speed),
        ),
        Scene(NAMES[2], "a forged address", replace(base, headers=forged)),
    )
