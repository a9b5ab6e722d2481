"""Check digits, of cards, accounts and national ids. All take digits (or letters) without separators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["IBAN_LENGTHS", "iban", "is_issued", "luhn", "national_ids"]

_ISSUED: Final = (
    # first digits from, to, lengths
    (40, 49, frozenset({13, 16, 19})),
    (51, 55, frozenset({16})),
    (22, 27, frozenset({16})),
    (34, 34, frozenset({15})),
    (37, 37, frozenset({15})),
    (30, 30, frozenset({14, 16})),
    (36, 36, frozenset({14, 15, 16, 17, 18, 19})),
    (38, 39, frozenset({14, 16})),
    (35, 35, frozenset({16, 17, 18, 19})),
    (60, 62, frozenset(range(13, 20))),
    (63, 69, frozenset(range(13, 20))),
    (50, 50, frozenset(range(13, 20))),
    (56, 58, frozenset(range(13, 20))),
    (81, 82, frozenset({16})),
)
"""Who has cards of which length: Visa, Mastercard, Amex, Diners, JCB, Discover, UnionPay, Maestro, RuPay."""

_IBAN: Final = """
AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22
DK:18 DO:28 EE:20 EG:29 ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 HU:28
IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27
MD:24 ME:22 MK:19 MR:27 MT:31 MU:30 NL:18 NO:15 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 RS:22 SA:24
SC:31 SE:24 SI:19 SK:24 SM:27 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29 VA:22 VG:24 XK:20
"""

IBAN_LENGTHS: Final[Mapping[str, int]] = {pair[:2]: int(pair[3:]) for pair in _IBAN.split()}


def luhn(digits: str) -> bool:
    """Check a card number, or a Canadian SIN."""
    total = 0
    for at, char in enumerate(reversed(digits)):
        digit = int(char) * (1 + at % 2)
        total += digit - 9 * (digit > 9)
    return total % 10 == 0


def is_issued(digits: str) -> bool:
    """Tell whether an issuer has cards that begin so and are as long."""
    head = int(digits[:2])
    return any(low <= head <= high and len(digits) in lengths for low, high, lengths in _ISSUED)


def iban(chars: str) -> bool:
    """Check an IBAN: length of its country, and 97."""
    if IBAN_LENGTHS.get(chars[:2]) != len(chars) or not chars[2:4].isdigit():
        return False
    turned = chars[4:] + chars[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def _weighted(digits: str, weights: range) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _nhs(digits: str) -> bool:
    check = (11 - _weighted(digits[:9], range(10, 1, -1)) % 11) % 11
    return len(digits) == 10 and check == int(digits[9])


def _cpf(digits: str) -> bool:
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    first = _weighted(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = _weighted(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return digits[9:] == f"{first}{second}"


def _pesel(digits: str) -> bool:
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
    month = int(digits[2:4] or 0) % 20
    return len(digits) == 11 and 1 <= month <= 12 and (10 - total % 10) % 10 == int(digits[10])


def _bsn(digits: str) -> bool:
    return len(digits) == 9 and (_weighted(digits[:8], range(9, 1, -1)) - int(digits[8])) % 11 == 0


def _steuer(digits: str) -> bool:
    if len(digits) != 11 or digits[0] == "0":
        return False
    product = 10
    for char in digits[:10]:
        total = (int(char) + product) % 10 or 10
        product = 2 * total % 11
    return (11 - product) % 10 == int(digits[10])


def _nir(digits: str) -> bool:
    return len(digits) == 15 and digits[0] in "12" and 97 - int(digits[:13]) % 97 == int(digits[13:])


def _aadhaar(digits: str) -> bool:
    if len(digits) != 12 or digits[0] in "01":
        return False
    check = 0
    for at, char in enumerate(reversed(digits)):
        check = _dihedral(check, _permuted(int(char), at % 8))
    return check == 0


def _dihedral(a: int, b: int) -> int:
    """Multiply in the dihedral group of ten, as Verhoeff does."""
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b - 5) % 5 + 5
    return (a - 5 - b) % 5 + 5 if b < 5 else (a - b) % 5


def _permuted(digit: int, times: int) -> int:
    for _ in range(times):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit


def _ssn(digits: str) -> bool:
    return (
        len(digits) == 9
        and digits[:3] not in ("000", "666")
        and digits[0] != "9"
        and digits[3:5] != "00"
        and digits[5:] != "0000"
    )


def _sin(digits: str) -> bool:
    return len(digits) == 9 and digits[0] not in "08" and luhn(digits)


_IDS: Final[Mapping[str, Callable[[str], bool]]] = {
    "us-ssn": _ssn,
    "ca-sin": _sin,
    "gb-nhs": _nhs,
    "br-cpf": _cpf,
    "pl-pesel": _pesel,
    "nl-bsn": _bsn,
    "de-steuer-id": _steuer,
    "fr-nir": _nir,
    "in-aadhaar": _aadhaar,
}


def national_ids(digits: str) -> list[str]:
    """Return which national ids a number of digits may be."""
    return [name for name, fits in _IDS.items() if fits(digits)]
