"""`Reading`: a text read once, for all recognisers: tokens, digits, letters, runs, what they are about."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ..finding import UnreadableError
from ..languages import Language, Topic
from .pieces import Piece, pieces_of
from .tokens import Token, tokens_of

__all__ = ["Label", "Reading", "Run", "read"]

_SEPARATORS: Final = frozenset("-–—.,/()+|;…")
_MAX_FILLERS: Final = 5
_LABEL_REACH: Final = 9
"""Tokens between a harmless label and its number."""
_MOST_PIECES: Final = 300
"""Digits, letters and numbers of a text: two minutes of dictating; the time it takes grows with them."""


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
        others: how many words of the utterance are neither digits nor fillers.
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
    others: int = 0

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

    Raises:
        UnreadableError: there are more digits and letters in it than anybody says at once.
    """
    tokens = tokens_of(text)
    pieces = pieces_of(tokens, language)
    if len(pieces) > _MOST_PIECES:
        raise UnreadableError(f"it has more than {_MOST_PIECES} digits and letters")
    labels = _labels(tokens, language)
    runs = _Runs(tokens, language, labels, own, topic, begun).of(pieces)
    others = _others(tokens, pieces, language, own)
    return Reading(text, own, language, tokens, pieces, labels, runs, topic, is_asked, others)


def _others(tokens: list[Token], pieces: list[Piece], language: Language, own: int) -> int:
    used = {at for piece in pieces if piece.is_digits for at in range(piece.first, piece.last + 1)}
    return sum(
        token.form != "mark" and token.start >= own and token.text not in language.fillers
        for at, token in enumerate(tokens)
        if at not in used
    )


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
        self.last_word = max(
            (at for at, token in enumerate(tokens) if token.form != "mark" and not self._is_filler(token)),
            default=-1,
        )
        self.all_starts = [label.first for label in labels]
        self.own_labels = [label for label in labels if tokens[label.first].start >= own]
        self.label_ends = [label.last for label in self.own_labels]
        self.label_starts = [label.first for label in self.own_labels]

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
        if self._has_harmless_between(left.last, right.first):
            return False
        return len(words) <= _MAX_FILLERS and (
            all(self._is_filler(token) for token in words) or self._is_of_groups(words)
        )

    def _has_harmless_between(self, left: int, right: int) -> bool:
        first, end = bisect_right(self.all_starts, left), bisect_left(self.all_starts, right)
        return any(label.topic is Topic.HARMLESS for label in self.labels[first:end])

    def _is_of_groups(self, words: Sequence[Token]) -> bool:
        """Tell whether words tell of the next group of a number: "and the last four are"."""
        language = self.language
        return any(token.text in language.ranks for token in words) and all(
            token.text in language.groups or self._is_filler(token) for token in words
        )

    def _is_filler(self, token: Token) -> bool:
        return token.text in self.language.fillers or token.text in self.language.dots - {"point"}

    def _has_harmless_label(self, token: int) -> bool:
        label = self._label(token)
        return label is not None and label.topic is Topic.HARMLESS

    def _label(self, token: int) -> Label | None:
        """Return the last label before a token, or the first behind it; a harmless one only from near."""
        before = bisect_left(self.label_ends, token)
        behind = bisect_right(self.label_starts, token)
        for label, distance in (
            *((label, token - label.last) for label in self.own_labels[max(0, before - 1) : before]),
            *((label, label.first - token) for label in self.own_labels[behind : behind + 1]),
        ):
            if distance <= _LABEL_REACH or label.topic is not Topic.HARMLESS:
                return label
        return None

    def _run(self, pieces: list[Piece]) -> Run:
        first, last = pieces[0].first, pieces[-1].last
        label = self.begun if pieces[0].start < self.own else self._label(first)
        return Run(
            tuple(pieces),
            label.topic if label else self.topic,
            label,
            last >= self.last_word,
            self._is_amount(pieces),
        )

    def _is_amount(self, pieces: list[Piece]) -> bool:
        words = self.language
        before = self._near(pieces[0].first, -1)
        after = self._near(pieces[-1].last, 1)
        digits = "".join(piece.chars for piece in pieces)
        written = len(pieces) == 1 and len(digits) == 4
        is_count = any(piece.cardinal for piece in pieces) and len(digits) < 9 and digits[0] != "0"
        if after in words.units_after or is_count:
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
