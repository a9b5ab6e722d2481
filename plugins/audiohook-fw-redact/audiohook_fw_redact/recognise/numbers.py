"""Find numbers that belong to people: cards, phones, national ids, and long numbers that nobody explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ..finding import Finding
from ..languages import Topic
from .checks import is_issued, luhn, national_ids
from .pieces import Piece
from .reading import Reading, Run

__all__ = ["find_numbers", "is_bare"]

_MAY_GO_ON: Final = 4
"""So many digits at the end of an utterance may be the beginning of a card."""

_PAIRS_GO_ON: Final = 6
"""The same for numbers said in pairs, as times and years are."""
_CARD: Final = range(13, 20)
_MAX_SPELLINGS: Final = 128
"""Ways to read the pairs of a card: "eighty seven" may be 87, or 80 and 7."""
_LONG: Final = 7
_HARMLESS: Final = 8
"""So many digits of an order number, say, may come in several utterances; more may be a card after all."""
_CHAIN_GAP: Final = 12
"""Tokens between the groups of a card whose check digit fits."""
_SCATTER_GAP: Final = 9
"""The same for one whose check digit does not."""
_LETTERED: Final = frozenset({"national_id", "iban"})
_MAX_LETTERS: Final = 6
_ANSWER: Final = {Topic.CARD: 2, Topic.CARD_CODE: 1}
"""The same of an answer to the question for it that is little else than digits."""
_LEAST: Final = {Topic.CARD: 4, Topic.PHONE: 4, Topic.NATIONAL_ID: 4, Topic.IBAN: 4, Topic.CARD_CODE: 3}


def find_numbers(reading: Reading, *, interim: bool = False, blind: bool = False) -> Iterator[Finding]:
    """Find numbers.

    Args:
        interim: more of the utterance is to come, so two digits at its end may go on, too.
        blind: what was said before is not known, so any digits may be the end of something.
    """
    yield from _cards(reading)
    least = 2 if interim else _MAY_GO_ON
    for run in reading.runs:
        found = (
            _of_card_length(reading, run)
            or _phone(reading, run)
            or _id(reading, run)
            or _asked_for(reading, run)
        )
        found = found or _unexplained(reading, run, least, blind=blind)
        if found is not None:
            kind, rule = found
            yield _whole(reading.text, _with_letters(reading, run, Finding(kind, rule, run.start, run.end)))
    yield from _scattered(reading)


def _whole(text: str, finding: Finding) -> Finding:
    """Return a finding with what is written together with it: "+", brackets, the letters of a code."""
    start, end = finding.start, finding.end
    while start and (text[start - 1] in "+(" or text[start - 1].isalnum()):
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return replace(finding, start=start, end=end)


def _with_letters(reading: Reading, run: Run, finding: Finding) -> Finding:
    """Return an id that was asked for with the letters that were spelled before and behind it."""
    if finding.kind not in _LETTERED:
        return finding
    said = {at for label in reading.labels for at in range(label.first, label.last + 1)}
    by_last = {p.last: p for p in reading.pieces if not p.is_digits and p.last not in said}
    by_first = {piece.first: piece for piece in by_last.values()}
    first, last, letters = run.pieces[0].first, run.pieces[-1].last, 0
    while (piece := by_first.get(last + 1)) is not None and letters < _MAX_LETTERS:
        last, letters = piece.last, letters + 1
    is_spelled = letters == 1
    while (piece := by_last.get(first - 1)) is not None and letters < 2 * _MAX_LETTERS:
        first, letters = piece.first, letters + 1
    if is_spelled and first == run.pieces[0].first and first and len(reading.tokens[first - 1].text) == 2:
        first -= 1  # "ah 12 34 56 c"
    start = max(reading.tokens[first].start, min(reading.own, finding.start))
    return replace(finding, start=start, end=reading.tokens[last].end)


# cards ------------------------------------------------------------------------------------------------


def _cards(reading: Reading) -> Iterator[Finding]:
    """Find cards whose check digit and issuer fit, even with a few words between their groups."""
    for chain in _chains(reading.runs, _CHAIN_GAP):
        pieces = [piece for run in chain for piece in run.pieces]
        ends: list[int] = []
        for run in chain:
            ends += [len(ends) + len(run.pieces) - 1] * len(run.pieces)
        at = 0
        while at < len(pieces):
            last = _card_from(pieces, at)
            if last is None:
                at += 1
                continue
            behind = _after_card(ends, pieces, last)
            yield _whole(reading.text, Finding("card", "luhn", pieces[at].start, pieces[behind].end))
            at = behind + 1


def _scattered(reading: Reading) -> Iterator[Finding]:
    """Find as many digits as a card has, in groups with talk between them, whatever they are called."""
    runs = [run for run in reading.runs if run.is_single and not (run.topic is Topic.HARMLESS and run.label)]
    for chain in _chains(runs, _SCATTER_GAP):
        if len(chain) > 1 and sum(len(run.digits) for run in chain) >= _CARD[0]:
            for run in chain:
                yield Finding("card", "scattered", run.start, run.end)


def _chains(runs: Sequence[Run], gap: int) -> Iterator[list[Run]]:
    chain: list[Run] = []
    for run in runs:
        if run.is_amount and len(run.digits) < _CARD[0]:
            continue
        if chain and run.pieces[0].first - chain[-1].pieces[-1].last > gap + 1:
            yield chain
            chain = []
        chain.append(run)
    if chain:
        yield chain


def _card_from(pieces: Sequence[Piece], first: int) -> int | None:
    """Return the last piece of a card that begins with a piece; the longest one."""
    best = None
    spellings = [""]
    for at in range(first, len(pieces)):
        piece = pieces[at]
        both = piece.other not in ("", piece.chars) and len(spellings) < _MAX_SPELLINGS
        ways = (piece.chars, piece.other) if both else (piece.chars,)
        spellings = [spelling + way for spelling in spellings for way in ways]
        spellings = [spelling for spelling in spellings if len(spelling) <= _CARD[-1]]
        if not spellings:
            break
        if any(len(s) in _CARD and is_issued(s) and luhn(s) for s in spellings):
            best = at
    return best


def _after_card(ends: Sequence[int], pieces: Sequence[Piece], last: int) -> int:
    """Return the last piece of the run that a card ends in, unless another card begins in it.

    Args:
        ends: for each piece the last one of its run.
    """
    behind = range(last + 1, ends[last] + 1)
    return next((at - 1 for at in behind if _card_from(pieces, at) is not None), ends[last])


def _of_card_length(reading: Reading, run: Run) -> tuple[str, str] | None:
    """Take what is as long as a card for one: a digit may have been misheard."""
    digits = run.digits
    if len(digits) < _CARD[0]:
        return None
    label = run.label if run.topic is Topic.HARMLESS else None
    if label is not None and reading.tokens[label.first].text not in reading.language.prices:
        return None
    if len(digits) in _CARD and luhn(digits):
        return "card", "luhn"
    return ("iban" if run.topic is Topic.IBAN else "card"), "card-length"


# phones -----------------------------------------------------------------------------------------------


def _phone(reading: Reading, run: Run) -> tuple[str, str] | None:
    digits = run.digits
    if not _LONG <= len(digits) <= 15 or run.topic in (Topic.NATIONAL_ID, Topic.IBAN, Topic.BIRTH_DATE):
        return None
    if run.is_amount or (run.topic is Topic.HARMLESS and run.label is not None):
        return None
    if reading.text[: run.start].rstrip("(").endswith("+"):
        return "phone", "international"
    if _is_north_american(digits) or (len(digits) in (10, 11) and digits[0] == "0" and digits[1] in "1237"):
        return "phone", "national"
    lengths = [len(piece.chars) for piece in run.pieces]
    if lengths == [3, 4] and reading.text[run.pieces[0].end] in "-.":
        return "phone", "local"
    return ("phone", "asked-for") if run.topic is Topic.PHONE else None


def _is_north_american(digits: str) -> bool:
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    return len(digits) == 10 and digits[0] not in "01" and digits[3] not in "01"


# national ids -----------------------------------------------------------------------------------------


def _id(reading: Reading, run: Run) -> tuple[str, str] | None:
    digits = run.digits
    if not 9 <= len(digits) <= 15 or run.is_amount or (run.topic is Topic.HARMLESS and run.label):
        return None
    names = national_ids(digits)
    if run.topic is Topic.NATIONAL_ID:
        return "national_id", names[0] if names else "asked-for"
    lengths = [len(piece.chars) for piece in run.pieces]
    if "us-ssn" in names and lengths == [3, 2, 4]:
        return "national_id", "us-ssn"
    checked = [name for name in names if name != "us-ssn"]
    return ("national_id", checked[0]) if checked and run.topic is None else None


# by what is said around them --------------------------------------------------------------------------


def _asked_for(reading: Reading, run: Run) -> tuple[str, str] | None:
    """Take numbers that are announced as personal."""
    digits, topic = len(run.digits), run.topic
    answers = reading.is_asked and run.label is None and is_bare(reading, words=4)
    if answers and topic in (Topic.CARD, Topic.CARD_CODE) and not run.is_amount:
        least = _ANSWER[topic]
        return (topic.value, "asked-for") if digits >= least else None
    if topic is None or topic is Topic.HARMLESS or run.is_amount:
        return None
    if topic is Topic.CARD_CODE and digits > _MAY_GO_ON:
        topic = Topic.CARD
    if topic is Topic.EMAIL or topic is Topic.BIRTH_DATE or digits < _LEAST[topic]:
        return None
    is_answer = reading.is_asked and topic is Topic.CARD
    if run.label is None and not (is_answer or run.at_end or digits >= _LONG or is_bare(reading, words=4)):
        return None
    return topic.value, "asked-for"


def is_bare(reading: Reading, *, words: int = 2) -> bool:
    """Tell whether an utterance is little else than digits: so many other words, fillers not counted."""
    return reading.others <= words


def _unexplained(reading: Reading, run: Run, least: int, *, blind: bool) -> tuple[str, str] | None:
    """Take digits that nobody explains when they are many, or may go on in the next utterance."""
    digits = len(run.digits)
    harmless = run.topic is Topic.HARMLESS
    if run.start < reading.own < run.end:
        enough = _HARMLESS + 1 if harmless else _MAY_GO_ON if run.is_loose else _PAIRS_GO_ON
        return ("number", "goes-on") if digits >= enough else None
    if harmless and least < _MAY_GO_ON <= digits and run.at_end and not run.is_amount:
        return "number", "may-go-on"  # an interim: "pay with four three seven four" may become a card
    if run.is_amount or harmless or run.topic is Topic.BIRTH_DATE:
        return None
    if digits >= _LONG and (run.is_single or digits > 8):
        return "number", "long"
    if blind and run.is_single and is_bare(reading):
        return "number", "unknown-before"
    may_go_on = run.at_end and digits >= least and (run.is_single or digits > 5 or least < _MAY_GO_ON)
    return ("number", "may-go-on") if may_go_on else None
