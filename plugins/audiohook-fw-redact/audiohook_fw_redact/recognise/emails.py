"""Find mail addresses, written and spoken: "john dot smith at gmail dot com"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..finding import Finding
from ..languages import Topic
from .pieces import Piece
from .reading import Reading

__all__ = ["find_emails"]

_WRITTEN: Final = re.compile(r"[\w.+%'-]{1,64}\s?@\s?[\w-]{1,63}(?:\s?\.\s?[\w-]{2,24}){1,4}")
_BRACKETED: Final = re.compile(
    r"[\w.+%'-]{1,64}\s?[(\[{<]\s?(?:at|@)\s?[)\]}>]\s?[\w.-]{1,63}"
    r"(?:\s?[(\[{<]\s?(?:dot|\.)\s?[)\]}>]\s?[\w-]{2,24}){0,4}",
    re.IGNORECASE,
)
"""john(at)gmail(dot)com"""
_HALF: Final = re.compile(r"[\w.+%'-]{1,64}@[\w.-]*")
_TLD_WORDS: Final = """
com net org edu gov mil int info biz name co uk us ca au de at ch fr es it nl be eu ie se no dk fi
pl pt io me tv ai app dev in jp br mx nz za cz hu ro gr ru online shop store email tech
"""
_TLDS: Final = frozenset(_TLD_WORDS.split())
_MAX_HOST: Final = 4
"""Words before a "dot"; letters that are spelled count as one."""
_MAX_SPELLED: Final = 40
_MAX_LOCAL: Final = 14
_SHORT: Final = 5
_MAX_ANSWER: Final = 3
_COMMON: Final = frozenset({"com", "net", "org"})
_SURE: Final = frozenset({"dot", "underscore"})


def find_emails(reading: Reading, *, interim: bool = False) -> Iterator[Finding]:
    """Find mail addresses; in an interim also what may become one."""
    for pattern in (_WRITTEN, _BRACKETED, _HALF):
        for match in pattern.finditer(reading.text):
            yield Finding("email", "written", match.start(), match.end())
    yield from _Spoken(reading).find(interim=interim)


class _Spoken:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.tokens = reading.tokens
        self.words = reading.language
        self.by_last: dict[int, Piece] = {piece.last: piece for piece in reading.pieces}
        self.about = reading.is_about(Topic.EMAIL)

    def find(self, *, interim: bool) -> Iterator[Finding]:
        found = False
        for at, token in enumerate(self.tokens):
            if token.text in self.words.at or token.text == "@":
                end = self._host(at + 1)
                if end is not None and not self._is_about_a_site(at):
                    found = True
                    yield self._finding("spoken", self._local(at), end)
        if not found and (self.about or interim or self._is_short()):
            yield from self._half(interim=interim)

    def _is_about_a_site(self, at: int) -> bool:
        """Tell whether it is where somebody looked or bought, and no mail was talked about."""
        if self.about or self._text(at) == "@":
            return False
        return self._text(at - 1) in self.words.lookers

    def _is_short(self) -> bool:
        """Tell whether an utterance is little more than words joined by "dot" that name no host."""
        own = [token for token in self.tokens if token.start >= self.reading.own and token.form == "word"]
        last = own[-1].text if own else ""
        return 2 + (last not in self.words.dots) <= len(own) <= _SHORT and last not in _TLDS

    def _finding(self, rule: str, first: int, last: int) -> Finding:
        return Finding("email", rule, self.tokens[first].start, self.tokens[last].end)

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _is_dot(self, at: int) -> bool:
        return self._text(at) in self.words.dots or self._text(at) == "."

    def _host(self, at: int) -> int | None:
        """Return the last token of a host that begins with a token: "g mail dot com", "gmail com"."""
        if self._text(at) == "sign":
            at += 1
        best = None
        dots = words = 0
        for nth in range(at, min(at + _MAX_SPELLED, len(self.tokens))):
            text = self._text(nth)
            words += not (len(text) == 1 and len(self._text(nth - 1)) == 1 and nth > at)
            if words > _MAX_HOST + 4:
                break
            if self._is_dot(nth) and nth > at:
                dots += 1
            elif self._ends_host(at, nth, best):
                best = nth
            elif (
                (best is not None and not self._is_dot(nth - 1) and len(text) > 1)
                or text in self.words.at
                or (words > _MAX_HOST and not dots)
                or (self.tokens[nth].form == "mark" and text not in "-_")
            ):
                break
        return best

    def _ends_host(self, at: int, nth: int, best: int | None) -> bool:
        text = self._text(nth)
        known = self._joined(at, nth - 1) in self.words.mail_hosts
        known = known or (self.about and text in _COMMON)
        if text in _TLDS and nth > at and (self._is_dot(nth - 1) or known):
            return True
        if self._is_spelled_end(nth):
            return True
        if self._is_unknown_end(at, nth):
            return True
        return best is None and self._joined(at, nth) in self.words.mail_hosts

    def _is_spelled_end(self, nth: int) -> bool:
        """Tell whether a host ends in letters: "dot u k", "dot c o m"."""
        sizes = (size for size in (2, 3) if all(len(self._text(nth - back)) == 1 for back in range(size)))
        return any(self._is_dot(nth - size) and self._joined(nth - size + 1, nth) in _TLDS for size in sizes)

    def _is_unknown_end(self, at: int, nth: int) -> bool:
        """Tell whether a host ends in a word of which nobody knows that hosts end so: "dot museum"."""
        text = self._text(nth)
        is_word = self.tokens[nth].form == "word" and len(text) > 1
        known = {*self.words.units, *self.words.teens, *self.words.tens, *self.words.fillers, *self.words.at}
        if nth <= at + 1 or self._text(nth - 1) != "dot" or not is_word or text in known:
            return False
        behind = range(nth + 1, min(nth + _MAX_SPELLED, len(self.tokens)))  # "write me at ann dot lee at …"
        return not any(self._text(after) in self.words.at for after in behind)

    def _joined(self, first: int, last: int) -> str:
        return "".join(self._text(at) for at in range(first, last + 1))

    def _local(self, at: int) -> int:
        """Return the first token of the part before "at", going back to a word that cannot be of it."""
        first = at
        nth = at - 1
        while nth >= 0 and at - nth <= _MAX_LOCAL:
            text = self._text(nth)
            piece = self.by_last.get(nth)
            joins = self._is_joiner(nth)
            if piece is not None and (piece.is_digits or len(text) == 1 or piece.first < piece.last):
                nth = piece.first
            elif (aside := self._aside(nth)) > 0:
                nth -= aside
                continue
            elif text == "," and self._is_spelled(nth - 1):
                pass
            elif not joins and (text in self.words.mail_stops or text in (",", "?", "!", ":", ";")):
                break
            if not (self.tokens[nth].form == "mark" and text == "." and first == at):
                first = nth
            nth -= 1
        return first

    def _aside(self, last: int) -> int:
        """Return of how many words an aside is that ends with a token: "all one word"."""
        for size in (3, 2, 1):
            if (
                size <= last
                and tuple(self._text(last - size + 1 + i) for i in range(size)) in self.words.mail_asides
            ):
                return size
        return 0

    def _is_spelled(self, last: int) -> bool:
        """Tell whether a letter ends with a token."""
        piece = self.by_last.get(last)
        return (
            piece is not None and not piece.is_digits and (piece.first < last or len(self._text(last)) == 1)
        )

    def _is_joiner(self, at: int) -> bool:
        return self._text(at) in self.words.joiners or self._text(at) in self.words.dots

    def _half(self, *, interim: bool) -> Iterator[Finding]:
        """Find the first half of an address: words joined by "dot" and alike, or spelled, at the end."""
        sure = self.about or interim
        joints = [
            at
            for at in range(
                1, len(self.tokens) - (not sure and self._text(len(self.tokens) - 1) not in _SURE)
            )
            if (self._is_joiner(at) if sure else self._text(at) in _SURE) and not self._is_number(at)
        ]
        spelled = [
            piece.first
            for before, piece in zip(self.reading.pieces, self.reading.pieces[1:], strict=False)
            if not piece.is_digits and piece.first == before.last + 1 and len(self._text(piece.first)) == 1
        ]
        places = [
            at for at in (*joints, *(spelled if sure else ())) if self.tokens[at].start >= self.reading.own
        ]
        first = self._local(min(places)) if places else -1
        if places and (sure or first < min(places)):
            yield self._finding("half", first, len(self.tokens) - 1)
        elif self.reading.topic is Topic.EMAIL and self.reading.is_asked and not self.reading.labels:
            yield from self._answer()

    def _is_number(self, at: int) -> bool:
        left, right = self.by_last.get(at - 1), self._text(at + 1)
        return left is not None and left.is_digits and (right in self.words.units or right.isdigit())

    def _answer(self) -> Iterator[Finding]:
        """Take one or two words that answer the question for the address."""
        own = [at for at, token in enumerate(self.tokens) if token.start >= self.reading.own]
        known = self.words.mail_stops | self.words.fillers
        words = [at for at in own if self.tokens[at].form != "mark"]
        while words and self._text(words[-1]) in self.words.at:
            words.pop()
        said = [at for at in words if self._text(at) not in known]
        names = [at for at in said if at not in self.by_last or not self.by_last[at].is_digits]
        if said and len(names) <= _MAX_ANSWER and said[-1] == words[-1]:
            yield self._finding("answer", said[0], said[-1])
