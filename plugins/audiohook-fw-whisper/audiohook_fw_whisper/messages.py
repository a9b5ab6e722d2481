"""What the server and its worker processes say to each other: values that are pickled.

A worker's module imports this one and little else: whatever it imports costs each worker memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["Answer", "Failed", "Heard", "HeardWord", "Load", "ModelSource", "Ready", "Refused", "Request"]


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model is: a directory, or a name that may be fetched."""

    place: str
    is_directory: bool


@dataclass(frozen=True, slots=True)
class Load:
    """The first message to a worker: which models it is to load, by a key of their own, and how."""

    models: tuple[tuple[str, ModelSource], ...] = ()
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Ready:
    """The models are loaded."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The models cannot be loaded, and trying again would not help."""

    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """A piece of speech at 16,000 Hz for one of the models.

    `language` is Whisper's code; empty lets the model find out. `beam` is how many readings it pursues,
    `window` how many seconds it looks at, if the piece is not longer.
    """

    samples: npt.NDArray[np.int16] = field(repr=False)
    model: str
    language: str
    is_final: bool
    beam: int = 1
    window: float = 30.0


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word; `start` and `end` in seconds from the start of the piece."""

    text: str = field(repr=False)
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said. An empty text says that it was no speech; `is_made_up` that the model had found some."""

    text: str = field(default="", repr=False)
    language: str = ""
    confidence: float = 1.0
    words: tuple[HeardWord, ...] = field(default=(), repr=False)
    is_made_up: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker lives, but this piece raised an error; its type, since its text may quote what was said."""

    error: str


Answer = Heard | Failed
