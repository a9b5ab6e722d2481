"""`Reading`: a text read once, for all recognisers: tokens, digits, letters, runs, what they are about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ..languages import Language, Topic
from .pieces import Piece, pieces_of
from .tokens import Token, tokens_of

__all__ = ["Label", "Reading", "Run", "read"]

_SEPARATORS: Final = frozenset("-–—.,/()+|;…")
_MAX_FILLERS: Final = 5
_LABEL_REACH: Final = 9
"""Tokens between a harmless label and its number."""


@dataclass(frozen=True, slots=True)
class Label:
    """Words that say what a number is: tokens `first` to `last`."""

    topic: Topic
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Run:
    """Digits that stand together, with nothing but spaces, dashes and fillers between.

    Attributes:
        pieces: its pieces.
        topic: what the words before it say it is.
        label: those words, where they are of the same utterance.
        at_end: nothing but fillers follows.
        is_amount: the words around it make it a price, a length, a time, a year.
    """

    pieces: tuple[Piece, ...]
    topic: Topic | None
    label: Label | None
    at_end: bool
    is_amount: bool

    @property
    def digits(self) -> str:
        """All its digits."""
        return "".join(piece.chars for piece in self.pieces)

    @property
    def start(self) -> int:
        """Its first character."""
        return self.pieces[0].start

    @property
    def end(self) -> int:
        """Behind its last character."""
        return self.pieces[-1].end

    @property
    def is_single(self) -> bool:
        """Whether it is said digit by digit, or written in groups of digits."""
        loose = sum(len(p.chars) for p in self.pieces if p.single or (len(p.chars) > 2 and not p.cardinal))
        return 2 * loose > len(self.digits)

    @property
    def is_loose(self) -> bool:
        """Whether it may be a part of a longer number: no pairs such as "ten thirty", no counts."""
        return not any(piece.paired or piece.cardinal for piece in self.pieces)

    def __repr__(self) -> str:
        return f"<Run {self.start}-{self.end} of {len(self.digits)}>"


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that was read.

    Attributes:
        own: where the utterance itself begins, behind what is kept of those before.
        topic: what was talked about before.
        is_asked: the other side asked for it.
    """

    text: str = field(repr=False)
    own: int
    language: Language = field(repr=False)
    tokens: list[Token]
    pieces: list[Piece]
    labels: list[Label]
    runs: list[Run]
    topic: Topic | None
    is_asked: bool = False

    def is_about(self, topic: Topic) -> bool:
        """Tell whether the utterance, or the call, is about a topic."""
        return self.topic == topic or any(label.topic == topic for label in self.labels)


def read(
    text: str,
    language: Language,
    *,
    own: int = 0,
    topic: Topic | None = None,
    begun: Label | None = None,
    is_asked: bool = False,
) -> Reading:
    """Read a text.

    Args:
        own: where the utterance itself begins; before it is the run that those before it ended with.
        topic: what was talked about before.
        begun: the label of that run, if it has one.
        is_asked: the other side asked for that topic.
    """
    tokens = tokens_of(text)
    pieces = pieces_of(tokens, language)
    labels = _labels(tokens, language)
    runs = _Runs(tokens, language, labels, own, topic, begun).of(pieces)
    return Reading(text, own, language, tokens, pieces, labels, runs, topic, is_asked)


def _labels(tokens: list[Token], language: Language) -> list[Label]:
    found: list[Label] = []
    longest = max(len(words) for words in language.labels)
    places = [at for at, token in enumerate(tokens) if token.text != "."]  # "d.o.b."
    words = [tokens[at].text.removesuffix("'s") for at in places]
    at = 0
    while at < len(words):
        for size in range(longest, 0, -1):
            topic = language.labels.get(tuple(words[at : at + size]))
            if topic is not None and at + size <= len(words):
                found.append(Label(topic, places[at], places[at + size - 1]))
                at += size - 1
                break
        at += 1
    return found


class _Runs:
    def __init__(
        self,
        tokens: list[Token],
        language: Language,
        labels: list[Label],
        own: int,
        topic: Topic | None,
        begun: Label | None,
    ) -> None:
        self.tokens = tokens
        self.language = language
        self.labels = labels
        self.own = own
        self.topic = topic
        self.begun = begun

    def of(self, pieces: list[Piece]) -> list[Run]:
        groups: list[list[Piece]] = []
        for piece in pieces:
            if not piece.is_digits:
                continue
            if groups and self._joins(groups[-1][-1], piece):
                groups[-1].append(piece)
            else:
                groups.append([piece])
        return [self._run(group) for group in groups]

    def _joins(self, left: Piece, right: Piece) -> bool:
        """Tell whether two pieces belong to one run."""
        between = self.tokens[left.last + 1 : right.first]
        words = [token for token in between if token.form != "mark"]
        if any(token.form == "mark" and token.text not in _SEPARATORS for token in between):
            return False
        if left.start < self.own <= right.start:  # the border of two utterances, where more may be said
            return not self._has_harmless_label(right.first) and len(words) <= _MAX_FILLERS + 3
        if any(
            label.topic is Topic.HARMLESS and left.last < label.first < right.first for label in self.labels
        ):
            return False
        return len(words) <= _MAX_FILLERS and all(self._is_filler(token) for token in words)

    def _is_filler(self, token: Token) -> bool:
        return token.text in self.language.fillers or token.text in self.language.dots - {"point"}

    def _has_harmless_label(self, token: int) -> bool:
        label = self._label(token)
        return label is not None and label.topic is Topic.HARMLESS

    def _label(self, token: int) -> Label | None:
        """Return the last label before a token, or the first behind it; a harmless one only from near."""
        own = [label for label in self.labels if self.tokens[label.first].start >= self.own]
        before = [label for label in own if label.last < token]
        behind = [label for label in own if label.first > token]
        for label, distance in (
            *((label, token - label.last) for label in before[-1:]),
            *((label, label.first - token) for label in behind[:1]),
        ):
            if distance <= _LABEL_REACH or label.topic is not Topic.HARMLESS:
                return label
        return None

    def _run(self, pieces: list[Piece]) -> Run:
        first, last = pieces[0].first, pieces[-1].last
        label = self.begun if pieces[0].start < self.own else self._label(first)
        rest = self.tokens[last + 1 :]
        return Run(
            tuple(pieces),
            label.topic if label else self.topic,
            label,
            all(token.form == "mark" or self._is_filler(token) for token in rest),
            self._is_amount(pieces),
        )

    def _is_amount(self, pieces: list[Piece]) -> bool:
        words = self.language
        before = self._near(pieces[0].first, -1)
        after = self._near(pieces[-1].last, 1)
        digits = "".join(piece.chars for piece in pieces)
        written = len(pieces) == 1 and len(digits) == 4
        if after in words.units_after or (any(piece.cardinal for piece in pieces) and len(digits) < 9):
            return True
        if len(digits) > 6:
            return False
        if before in words.amount_before | words.time_before | words.months.keys() and not self._single(
            pieces
        ):
            return True
        if (
            (before in words.ordinals or before in words.year_before)
            and len(digits) == 4
            and not self._single(pieces)
        ):
            return True
        is_year = digits[:2] in ("19", "20") and len(digits) == 4 and not self._single(pieces)
        return is_year and (written or len(pieces) == 2)

    @staticmethod
    def _single(pieces: list[Piece]) -> bool:
        return len(pieces) > 2 and all(piece.single for piece in pieces)

    def _near(self, at: int, step: int) -> str:
        """Return the next word to one side."""
        at += step
        if 0 <= at < len(self.tokens):
            return self.tokens[at].text
        return ""
