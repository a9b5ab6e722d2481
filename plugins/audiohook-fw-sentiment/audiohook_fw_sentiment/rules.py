"""VADER's rules: how words before a word strengthen, weaken or turn what it weighs.

After vaderSentiment 3.3.2 (MIT, C.J. Hutto), for speech: words alone count, not capitals or punctuation.
Scores are the same for texts of small letters without punctuation, but for one defect that is mended here:
words of one weight around a "but" were taken for each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["compound"]

_BOOST: Final = 0.293
_TURN: Final = -0.74
_FADING: Final = (1.0, 0.95, 0.9)
"""How much of a booster is left at one, two and three words before."""

_NEGATING: Final = (
    "aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't couldn't daren't didn't doesn't "
    "dont hadnt hasnt havent isnt mightnt mustnt neither don't hadn't hasn't haven't isn't mightn't mustn't "
    "neednt needn't never none nope nor not nothing nowhere oughtnt shant shouldnt uhuh wasnt werent "
    "oughtn't shan't shouldn't uh-uh wasn't weren't without wont wouldnt won't wouldn't rarely seldom "
    "despite"
)
_STRENGTHENING: Final = (
    "absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous "
    "enormously entirely especially exceptional exceptionally extreme extremely fabulously flipping "
    "flippin frackin fracking fricking frickin frigging friggin fully fuckin fucking fuggin fugging "
    "greatly hella highly hugely incredible incredibly intensely major majorly more most particularly "
    "purely quite really remarkably so substantially thoroughly total totally tremendous tremendously "
    "uber unbelievably unusually utter utterly very"
)
_WEAKENING: Final = (
    "almost barely hardly kinda kindof kind-of less little marginal marginally occasional occasionally "
    "partly scarce scarcely slight slightly somewhat sorta sortof sort-of"
)
_NEGATIONS: Final = frozenset(_NEGATING.split())
_BOOSTERS: Final[Mapping[str, float]] = {
    **dict.fromkeys(_STRENGTHENING.split(), _BOOST),
    **dict.fromkeys(_WEAKENING.split(), -_BOOST),
}
_WEAK_PHRASES: Final = frozenset({"just enough", "kind of", "sort of"})
_IDIOMS: Final[Mapping[str, float]] = {
    "the shit": 3,
    "the bomb": 3,
    "bad ass": 1.5,
    "bus stop": 0.0,
    "yeah right": -2,
    "kiss of death": -1.5,
    "to die for": 3,
    "beating heart": 3.5,
}


def compound(terms: Sequence[str], weights: Mapping[str, float]) -> float:
    """Return the mood of an utterance, from -1 to 1; its terms in small letters."""
    found = [_weight(terms, place, weights) for place in range(len(terms))]
    if "but" in terms:
        turn = terms.index("but")
        found = [weight * (0.5 if at < turn else 1.5 if at > turn else 1) for at, weight in enumerate(found)]
    total = sum(found)
    return total / math.sqrt(total * total + 15)


def _weight(terms: Sequence[str], at: int, weights: Mapping[str, float]) -> float:
    term = terms[at]
    weight = weights.get(term)
    if weight is None or term in _BOOSTERS or (term == "kind" and terms[at + 1 : at + 2] == ["of"]):
        return 0.0
    if term == "no" and at + 1 < len(terms) and terms[at + 1] in weights:
        weight = 0.0
    if _is_denied(terms, at):
        weight = weights[term] * _TURN
    for back in range(min(at, 3)):
        before = terms[at - back - 1]
        if before in weights:
            continue
        if boost := _BOOSTERS.get(before):
            weight += (-boost if weight < 0 else boost) * _FADING[back]
        weight *= _turned(terms, at, back)
        if back == 2:
            weight = _idiom(terms, at, weight)
    return weight * _least(terms, at, weights)


def _is_denied(terms: Sequence[str], at: int) -> bool:
    before = [terms[at - back] if at >= back else "" for back in (1, 2, 3)]
    return "no" in before[:2] or (before[2] == "no" and before[0] in ("or", "nor"))


def _turned(terms: Sequence[str], at: int, back: int) -> float:
    """Return the factor by which a word so many places before turns or strengthens."""
    word = terms[at - back - 1]
    between = terms[at - back : at]
    so = any(near in ("so", "this") for near in between)
    if back and so and (word == "never" or (back == 2 and between[-1] in ("so", "this"))):
        return 1.25
    if back and word == "without" and "doubt" in between:
        return 1.0
    return _TURN if word in _NEGATIONS or "n't" in word else 1.0


def _idiom(terms: Sequence[str], at: int, weight: float) -> float:
    three, two, one, this = terms[at - 3 : at + 1]
    for phrase in (
        f"{one} {this}",
        f"{two} {one} {this}",
        f"{two} {one}",
        f"{three} {two} {one}",
        f"{three} {two}",
    ):
        if phrase in _IDIOMS:
            weight = _IDIOMS[phrase]
            break
    for length in (2, 3):
        weight = _IDIOMS.get(" ".join(terms[at : at + length]), weight)
    weak = sum(phrase in _WEAK_PHRASES for phrase in (f"{three} {two}", f"{two} {one}"))
    return weight - weak * _BOOST


def _least(terms: Sequence[str], at: int, weights: Mapping[str, float]) -> float:
    if not at or terms[at - 1] != "least" or "least" in weights:
        return 1.0
    return 1.0 if at > 1 and terms[at - 2] in ("at", "very") else _TURN
