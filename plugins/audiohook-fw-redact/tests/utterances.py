"""Utterances with seeded personal data, and innocent ones with numbers, as speech recognition writes them.

Nothing here is taken from the recognisers: numbers are said and written by its own tables, and check digits
are made rather than checked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from said.frames import FRAMES
from said.innocent import INNOCENT
from said.personal import PERSONAL


@dataclass(frozen=True)
class Seeded:
    """An utterance; `value` is the personal data in it as it stands there, "" for an innocent one."""

    kind: str
    text: str
    value: str = field(repr=False)
    secret: str = field(default="", repr=False)


def generate(seed: int, count: int) -> list[Seeded]:
    """Return so many utterances with personal data, and as many innocent ones."""
    rng = random.Random(seed)
    kinds = list(PERSONAL)
    personal = [_personal(rng, kinds[n % len(kinds)]) for n in range(count)]
    makers = list(INNOCENT.values())
    innocent = [Seeded("", _noise(rng, makers[n % len(makers)](rng)), "") for n in range(count)]
    return personal + innocent


def _personal(rng: random.Random, kind: str) -> Seeded:
    value, secret = PERSONAL[kind](rng)
    frame = rng.choice(FRAMES[kind])
    lower = rng.random() < 0.5
    text = frame.replace("{}", value)
    if lower:
        text, value = text.lower(), value.lower()
    if rng.random() < 0.5:
        text, value = (part.replace(", ", " ").replace("?", "") for part in (text, value))
    return Seeded(kind, text, value, secret)


def _noise(rng: random.Random, text: str) -> str:
    if rng.random() < 0.5:
        text = text.lower()
    if rng.random() < 0.5:
        text = text.rstrip(".?!").replace(", ", " ")
    return text
