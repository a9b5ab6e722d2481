"""What an engine is: something that gives an utterance a score."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

__all__ = ["GROUP", "BatchEngine", "Engine", "Score", "Utterance"]

GROUP: Final = "audiohook_fw_sentiment"
"""The entry points that name engines."""

Score = float | None
"""From -1 (negative) to 1 (positive); `None` when the engine cannot tell: then nothing is emitted."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What somebody said.

    Attributes:
        text: as the transcript has it after all filters; personal data.
        language: as the transcript or the call tells it, such as `en-US`.
        channel: `external` (the customer) or `internal` (the agent).
    """

    text: str = field(repr=False)
    language: str
    channel: str


class Engine(Protocol):
    """Scores one utterance at a time. A plain `score` runs in a thread, an async one in the event loop.

    It may also have `start()` and `stop()`, plain or async, called once per process; and `inline = True`, if
    `score` is plain, never waits and takes less than a millisecond: then it is called without a thread.

    Attributes:
        languages: tags such as `en` (which stands for `en-US`, too); `*` for every language.
    """

    languages: Sequence[str]

    def score(self, utterance: Utterance, /) -> Score | Awaitable[Score]:
        """Return the score. What it raises counts as a failure; may be called by several threads at once."""


class BatchEngine(Protocol):
    """Scores several utterances at once, of any calls, as they wait; otherwise like `Engine`.

    Attributes:
        languages: as of an `Engine`.
        batch: how many utterances it takes at most.
    """

    languages: Sequence[str]
    batch: int

    def score_batch(self, utterances: Sequence[Utterance], /) -> Sequence[Score] | Awaitable[Sequence[Score]]:
        """Return the scores in the same order."""
