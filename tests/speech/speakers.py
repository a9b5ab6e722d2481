"""Who speaks: the engines' own voices, and further speakers made of them by pace and pitch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Engine = Literal["piper", "hibari", "espeak"]


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice of an engine, changed.

    Attributes:
        kind: `natural` as the engine speaks, `altered` in pitch, `robotic` of an engine that sounds so.
        pace: how fast, 1.0 as the engine would.
        pitch: how high, 1.0 as the engine would; formants move with it, as with another throat.
    """

    engine: Engine
    kind: Literal["natural", "altered", "robotic"]
    pace: float = 1.0
    pitch: float = 1.0


SPEAKERS = {
    "joe": Speaker("piper", "natural"),
    "heart": Speaker("hibari", "natural"),
    "joe_deep": Speaker("piper", "altered", pace=0.95, pitch=0.9),
    "joe_bright": Speaker("piper", "altered", pace=1.1, pitch=1.15),
    "heart_low": Speaker("hibari", "altered", pace=1.05, pitch=0.85),
    "robot": Speaker("espeak", "robotic"),
}
