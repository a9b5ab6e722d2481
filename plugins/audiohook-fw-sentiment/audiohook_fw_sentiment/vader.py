"""`Vader`: the engine that needs nothing else; a lexicon and rules, for English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from .engine import Utterance
from .lexicon import Lexicon, read
from .rules import compound

__all__ = ["Vader"]

_LONGEST: Final = 2_000
"""Characters that are looked at: some two minutes of speech, and about a millisecond."""


class Vader:
    """Scores English utterances by the VADER lexicon and rules.

    Making it reads files.

    Args:
        words: what words and phrases weigh, from -4 to 4, over all else.
        call_centre: take the list for call centres that comes with this package.
    """

    languages: Sequence[str] = ("en",)
    inline: Final = True

    def __init__(self, words: Mapping[str, float] | None = None, *, call_centre: bool = True) -> None:
        self._lexicon = Lexicon(
            [read("vader"), read("call_centre") if call_centre else {}, words or {}],
        )

    def score(self, utterance: Utterance) -> float:
        """Return the score; 0.0 where no word has a weight."""
        return compound(self._lexicon.terms(utterance.text[:_LONGEST]), self._lexicon.weights)
