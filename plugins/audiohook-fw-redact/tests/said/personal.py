"""Personal data with right check digits, as it is said and as it is written."""

from __future__ import annotations

import random
from collections.abc import Callable

from .numbers import DAY_WORDS, DIGIT_WORDS, MONTHS, digits_of, letters, spoken, two

Make = Callable[[random.Random], tuple[str, str]]


def card(rng: random.Random) -> tuple[str, str]:
    """A card of a known issuer, with its check digit, written or said."""
    head, size = rng.choice(
        [("4", 16), ("4", 16), ("52", 16), ("55", 16), ("2720", 16), ("37", 15), ("6011", 16)]
    )
    body = head + "".join(str(rng.randint(0, 9)) for _ in range(size - len(head) - 1))
    total = 0
    for place, char in enumerate(reversed(body)):
        number = int(char) * (2 if place % 2 == 0 else 1)
        total += number if number < 10 else number - 9
    whole = body + str(-total % 10)
    cuts = (4, 10) if size == 15 else (4, 8, 12)
    groups = [whole[a:b] for a, b in zip((0, *cuts), (*cuts, None), strict=True)]
    how = rng.randint(0, 7)
    if how == 6:
        return _chunks(rng, whole), whole
    if how == 7:
        return " ".join(rng.choice([group, spoken(rng, group)]) for group in groups), whole
    if how == 0:
        return rng.choice([" ", "-"]).join(groups), whole
    if how == 1:
        return whole, whole
    if how == 2:
        return ", ".join(spoken(rng, group) for group in groups), whole
    return spoken(rng, whole), whole


def _chunks(rng: random.Random, digits: str) -> str:
    """Write digits in groups of any size, as an engine does that goes by pauses."""
    parts, at = [], 0
    while at < len(digits):
        size = rng.randint(1, 6)
        parts.append(digits[at : at + size])
        at += size
    return rng.choice([" ", ", ", "-", ". "]).join(parts)


def phone(rng: random.Random) -> tuple[str, str]:
    """A phone number of North America or Britain."""
    area, exchange, line = rng.randint(201, 989), rng.randint(201, 989), f"{rng.randint(0, 9999):04}"
    if rng.random() < 0.25:
        number = f"07{digits_of(rng, 9)}"
        return rng.choice([f"{number[:5]} {number[5:]}", number, spoken(rng, number)]), number
    number = f"{area}{exchange}{line}"
    return rng.choice(
        [
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"+1 {area} {exchange} {line}",
            f"{area}.{exchange}.{line}",
            spoken(rng, number),
            spoken(rng, number),
            f"{spoken(rng, str(area))}, {spoken(rng, str(exchange))}, {spoken(rng, line)}",
        ]
    ), number


PEOPLE = ["anna", "jsmith", "maria", "peter", "lindqvist", "oconnor", "walt", "priya", "chen", "fatima"]
HOSTS = [
    ("gmail", "com"),
    ("hotmail", "com"),
    ("yahoo", "co.uk"),
    ("example", "org"),
    ("acme-tools", "net"),
    ("proton", "me"),
    ("uni-bonn", "de"),
]


def email(rng: random.Random) -> tuple[str, str]:
    """A mail address, written or said."""
    first, last = rng.sample(PEOPLE, 2)
    mark = rng.choice([".", "_", "-", ""])
    number = str(rng.randint(1, 99)) if rng.random() < 0.4 else ""
    host, end = rng.choice(HOSTS)
    address = f"{first}{mark}{last if mark else ''}{number}@{host}.{end}"
    if rng.random() < 0.3:
        return address, address
    names = {".": "dot", "_": "underscore", "-": rng.choice(["dash", "hyphen"])}
    local = [rng.choice([first, " ".join(first)]) if len(first) < 6 else first]
    if mark:
        local += [names[mark], last]
    if number:
        local.append(
            " ".join(DIGIT_WORDS[int(c)] for c in number) if rng.random() < 0.5 else two(int(number))
        )
    said_host = host.replace("-", " dash ")
    dot = rng.choice(["dot", "dot", "period"])
    if host in ("gmail", "hotmail") and rng.random() < 0.3:
        return (
            f"{' '.join(local)} at {rng.choice(['g mail', host] if host == 'gmail' else [host])} com",
            address,
        )
    return f"{' '.join(local)} at {said_host} {dot} {end.replace('.', f' {dot} ')}", address


def national_id(rng: random.Random) -> tuple[str, str]:
    """A US social security number or a British national insurance number."""
    if rng.random() < 0.3:
        number = f"{rng.choice('ABCEHJ')}{rng.choice('ABCEHJ')}{digits_of(rng, 6)}{rng.choice('ABCD')}"
        spaced = f"{number[:2]} {number[2:4]} {number[4:6]} {number[6:8]} {number[8]}"
        return rng.choice([number, spaced, letters(rng, number)]), number
    parts = f"{rng.randint(100, 665)}", f"{rng.randint(1, 99):02}", f"{rng.randint(1, 9999):04}"
    number = "".join(parts)
    return rng.choice(
        ["-".join(parts), spoken(rng, number), ", ".join(spoken(rng, p) for p in parts)]
    ), number


def iban(rng: random.Random) -> tuple[str, str]:
    """A British, German, Dutch or French account."""
    country, body = rng.choice(
        [
            ("GB", rng.choice(["NWBK", "BARC", "LOYD"]) + digits_of(rng, 14)),
            ("DE", digits_of(rng, 18)),
            ("NL", rng.choice(["ABNA", "INGB"]) + digits_of(rng, 10)),
            ("FR", digits_of(rng, 23)),
        ]
    )
    plain = "".join(str(ord(c) - 55) if c.isalpha() else c for c in f"{body}{country}00")
    number = f"{country}{98 - int(plain) % 97:02}{body}"
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    return rng.choice([number, grouped, letters(rng, number)]), number


def birth_date(rng: random.Random) -> tuple[str, str]:
    """A date of birth."""
    year, month, day = rng.randint(1935, 2006), rng.randint(1, 12), rng.randint(1, 28)
    name = MONTHS[month - 1]
    said_year = (
        f"{two(year // 100)} {('oh ' if year % 100 < 10 else '') + two(year % 100)}"
        if year < 2000
        else f"two thousand {two(year % 100)}"
    )
    form = rng.choice(
        [
            f"{month:02}/{day:02}/{year}",
            f"{day}.{month}.{year}",
            f"{year}-{month:02}-{day:02}",
            f"{name} {day}, {year}",
            f"{day} {name} {year}",
            f"{name} {DAY_WORDS[day]} {said_year}",
            f"the {DAY_WORDS[day]} of {name} {said_year}",
            f"{name} {DAY_WORDS[day]}, {said_year}",
        ]
    )
    return form, f"{year}-{month}-{day}"


PERSONAL: dict[str, Make] = {
    "card": card,
    "phone": phone,
    "email": email,
    "card ": card,
    "national_id": national_id,
    "iban": iban,
    "birth_date": birth_date,
}
