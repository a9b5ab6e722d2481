"""Find numbers that belong to people: cards, phones, national ids, and long numbers that nobody explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
_LONG: Final = 7
_HARMLESS: Final = 8
"""So many digits of an order number, say, may come in several utterances; more may be a card after all."""
_CHAIN_GAP: Final = 6
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
        found = _of_card_length(run) or _phone(reading, run) or _id(reading, run) or _asked_for(reading, run)
        found = found or _unexplained(reading, run, least, blind=blind)
        if found is not None:
            kind, rule = found
            yield Finding(kind, rule, _opening(reading.text, run.start), run.end)


def _opening(text: str, start: int) -> int:
    """Return where a number begins with its "+" and brackets."""
    while start and text[start - 1] in "+(":
        start -= 1
    return start


# cards ------------------------------------------------------------------------------------------------


def _cards(reading: Reading) -> Iterator[Finding]:
    """Find cards whose check digit and issuer fit, even with a few words between their groups."""
    for chain in _chains(reading.runs):
        pieces = [piece for run in chain for piece in run.pieces]
        at = 0
        while at < len(pieces):
            last = _card_from(pieces, at)
            if last is None:
                at += 1
                continue
            behind = _after_card(chain, pieces, last)
            yield Finding("card", "luhn", pieces[at].start, pieces[behind].end)
            at = behind + 1


def _chains(runs: Sequence[Run]) -> Iterator[list[Run]]:
    chain: list[Run] = []
    for run in runs:
        if run.is_amount and len(run.digits) < _CARD[0]:
            continue
        if chain and run.pieces[0].first - chain[-1].pieces[-1].last > _CHAIN_GAP + 1:
            yield chain
            chain = []
        chain.append(run)
    if chain:
        yield chain


def _card_from(pieces: Sequence[Piece], first: int) -> int | None:
    """Return the last piece of a card that begins with a piece; the longest one."""
    best = None
    for readings in ("chars", "other"):
        digits = ""
        for at in range(first, len(pieces)):
            digits += getattr(pieces[at], readings)
            if len(digits) > _CARD[-1]:
                break
            if len(digits) in _CARD and is_issued(digits) and luhn(digits):
                best = at if best is None else max(at, best)
    return best


def _after_card(chain: Sequence[Run], pieces: Sequence[Piece], last: int) -> int:
    """Return the last piece of the run that a card ends in, unless another card begins in it."""
    run = next(run for run in chain if pieces[last] in run.pieces)
    end = next(at for at, piece in enumerate(pieces) if piece is run.pieces[-1])
    others = [at for at in range(last + 1, end + 1) if _card_from(pieces, at) is not None]
    return others[0] - 1 if others else end


def _of_card_length(run: Run) -> tuple[str, str] | None:
    """Take what is as long as a card for one: a digit may have been misheard."""
    digits = run.digits
    if len(digits) < _CARD[0]:
        return None
    if run.topic is Topic.HARMLESS and run.label is not None:
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
    if topic is None or topic is Topic.HARMLESS or run.is_amount:
        return None
    if topic is Topic.CARD_CODE and digits > _MAY_GO_ON:
        topic = Topic.CARD
    if topic is Topic.EMAIL or topic is Topic.BIRTH_DATE or digits < _LEAST[topic]:
        return None
    if run.label is None and not (run.at_end or digits >= _LONG or is_bare(reading, words=4)):
        return None
    return topic.value, "asked-for"


def is_bare(reading: Reading, *, words: int = 2) -> bool:
    """Tell whether an utterance is little else than digits: so many other words, fillers not counted."""
    return _others(reading) <= words


def _others(reading: Reading) -> int:
    """Count the words of the utterance that are neither digits nor fillers."""
    used = {at for piece in reading.pieces if piece.is_digits for at in range(piece.first, piece.last + 1)}
    return sum(
        token.form != "mark" and token.start >= reading.own and token.text not in reading.language.fillers
        for at, token in enumerate(reading.tokens)
        if at not in used
    )


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
