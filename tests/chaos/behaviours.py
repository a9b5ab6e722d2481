"""All behaviours of clients, and how often each is drawn."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Final

from . import good, rude_ends, rude_talk
from .played import Played
from .stage import Stage

__all__ = ["BEHAVIOURS", "Behaviour", "draw"]

Behaviour = Callable[[Stage, random.Random, Played], Awaitable[str]]

BEHAVIOURS: Final[dict[Behaviour, int]] = {
    good.plain: 30,
    good.busy: 4,
    good.fast: 5,
    good.rejected: 3,
    good.probe: 3,
    good.abort: 4,
    rude_ends.reset: 4,
    rude_ends.half_close: 3,
    rude_ends.cut_mid_frame: 3,
    rude_ends.cut_while_opening: 4,
    rude_ends.early_close: 3,
    rude_ends.silence: 1,
    rude_ends.keep_open: 2,
    rude_ends.flood_audio: 2,
    rude_ends.flood_pings: 2,
    rude_ends.flood_messages: 2,
    rude_ends.flood_websocket_pings: 2,
    rude_ends.no_reader: 2,
    rude_ends.takeover: 2,
    rude_ends.crowd: 2,
    rude_talk.bad_request: 6,
    rude_talk.replay: 2,
    rude_talk.bad_http: 3,
    rude_talk.bad_message: 6,
    rude_talk.bad_frame: 4,
    rude_talk.too_long: 2,
    rude_talk.fragments: 2,
    rude_talk.jumping: 3,
}


def draw(rng: random.Random) -> Behaviour:
    """Return a behaviour."""
    return rng.choices(list(BEHAVIOURS), list(BEHAVIOURS.values()))[0]
