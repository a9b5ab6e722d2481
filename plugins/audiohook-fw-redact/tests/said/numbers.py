"""How numbers and letters are said and written down."""

from __future__ import annotations

import random

DIGIT_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEEN_WORDS = {
    10: "ten",
    11: "eleven",
    12: "twelve",
    13: "thirteen",
    14: "fourteen",
    15: "fifteen",
    16: "sixteen",
    17: "seventeen",
    18: "eighteen",
    19: "nineteen",
}
TEN_WORDS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
ALPHABET = {
    "A": "alpha",
    "B": "bravo",
    "C": "charlie",
    "D": "delta",
    "E": "echo",
    "F": "foxtrot",
    "G": "golf",
    "H": "hotel",
    "I": "india",
    "J": "juliet",
    "K": "kilo",
    "L": "lima",
    "M": "mike",
    "N": "november",
    "O": "oscar",
    "P": "papa",
    "Q": "quebec",
    "R": "romeo",
    "S": "sierra",
    "T": "tango",
    "U": "uniform",
    "V": "victor",
    "W": "whiskey",
    "X": "xray",
    "Y": "yankee",
    "Z": "zulu",
}
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAY_WORDS = [
    "",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty first",
    "twenty second",
    "twenty third",
    "twenty fourth",
    "twenty fifth",
    "twenty sixth",
    "twenty seventh",
    "twenty eighth",
]


def two(number: int) -> str:
    """Say a number below 100."""
    if number < 10:
        return DIGIT_WORDS[number]
    if number < 20:
        return TEEN_WORDS[number]
    ten, unit = divmod(number, 10)
    return TEN_WORDS[ten] + (f" {DIGIT_WORDS[unit]}" if unit else "")


def spoken(rng: random.Random, digits: str) -> str:
    """Say digits one by one, with "double", "oh", fillers, pairs and the mistakes of speech recognition."""
    zero = rng.choice(["zero", "oh", "o"])
    style = rng.choice(["plain", "plain", "double", "mixed", "pairs", "homophones", "fillers"])
    words: list[str] = []
    at = 0
    while at < len(digits):
        char = digits[at]
        same = 2 if digits[at : at + 2] == char * 2 else 1
        if style == "double" and digits[at : at + 3] == char * 3:
            words.append(f"triple {_digit(char, zero)}")
            at += 3
        elif style == "double" and same == 2:
            words.append(f"double {_digit(char, zero)}")
            at += 2
        elif style == "pairs" and digits[at : at + 2] >= "10" and at + 1 < len(digits):
            words.append(two(int(digits[at : at + 2])))
            at += 2
        else:
            words.append(char if style == "mixed" and rng.random() < 0.4 else _digit(char, zero))
            at += 1
    if style == "homophones":
        _mishear(rng, words)
    if style == "fillers":
        for place in sorted(rng.sample(range(1, len(words)), min(2, len(words) - 1)), reverse=True):
            words.insert(place, rng.choice(["uh", "um", "okay", "and then", "then", "er"]))
    return " ".join(words)


def _digit(char: str, zero: str) -> str:
    return zero if char == "0" else DIGIT_WORDS[int(char)]


def _mishear(rng: random.Random, words: list[str]) -> None:
    """Write "for" and "to" for digits amid others, as an engine does that knows no numbers."""
    sounds = {"four": "for", "two": rng.choice(["to", "too"]), "eight": "ate", "one": "won"}
    places = [at for at in range(2, len(words) - 2) if words[at] in sounds]
    for at in rng.sample(places, min(2, len(places))):
        if all(words[beside] not in sounds.values() for beside in (at - 1, at + 1)):
            words[at] = sounds[words[at]]


def letters(rng: random.Random, text: str) -> str:
    """Spell letters and say digits."""
    style = rng.choice(["plain", "alphabet", "as in"])
    parts = []
    for char in text.upper():
        if char.isdigit():
            parts.append(DIGIT_WORDS[int(char)])
        elif style == "alphabet":
            parts.append(ALPHABET[char])
        elif style == "as in" and rng.random() < 0.4:
            parts.append(f"{char} {rng.choice(['as in', 'for'])} {ALPHABET[char]}")
        else:
            parts.append(char)
    return " ".join(parts)


def digits_of(rng: random.Random, count: int) -> str:
    """Return random digits, no zero first."""
    return str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(count - 1))
