"""`Range`: one entry of Genesys' list of addresses, read tolerantly: what is not understood is skipped."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = [
    "Listing",
    "Network",
    "Range",
    "RangesError",
    "chosen_words",
    "misfit",
    "read_file",
    "read_ranges",
    "select",
]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_OUTBOUND: Final = ("", "outbound", "both")
"""Directions, seen from Genesys, that a server must let in; an older shape of the list has none."""
_KNOWN: Final = (*_OUTBOUND, "inbound")
_WIDEST: Final = {4: 8, 6: 16}
"""Prefixes that are shorter let in half the world: nobody's list means that."""
_MAPPED: Final = 96
"""Bits before the IPv4 address in `::ffff:192.0.2.1`."""
_MOST: Final = 20_000
_SHOWN: Final = 5
_FILE: Final = 16 * 1024 * 1024


class RangesError(ValueError):
    """Raised when a list of addresses cannot be used at all; says what is wrong and what is expected."""


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """An entry.

    Attributes:
        cidr: the network in canonical form. service, region, direction: as they are listed, or empty.
    """

    cidr: str
    service: str = ""
    region: str = ""
    direction: str = ""

    @property
    def network(self) -> Network:
        """The network."""
        return ipaddress.ip_network(self.cidr)


@dataclass(frozen=True, slots=True)
class Listing:
    """What was read: the entries that Genesys sends from, and what was skipped, as sentences (a few)."""

    ranges: frozenset[Range]
    skipped: int = 0
    reasons: tuple[str, ...] = field(default=())


def read_ranges(data: object) -> Listing:
    """Read `{"entities": [{"cidr", "service", "region", "direction"}, …]}`, or that list alone.

    Entries for the other direction are left out; unknown directions and what is no network are skipped.

    Raises:
        RangesError: it is neither.
    """
    entities = data.get("entities") if isinstance(data, dict) else data
    if not isinstance(entities, list):
        raise RangesError('this is no list of addresses; expected is {"entities": [{"cidr": "…"}, …]}')
    if len(entities) > _MOST:
        raise RangesError(f"{len(entities)} entries are too many; at most {_MOST} are taken")
    ranges: set[Range] = set()
    reasons: list[str] = []
    for number, entity in enumerate(entities, 1):
        try:
            entry = _read(entity)
        except ValueError as error:
            reasons.append(f"entry {number}: {error}")
        else:
            if entry.direction in _OUTBOUND:
                ranges.add(entry)
    return Listing(frozenset(ranges), len(reasons), tuple(reasons[:_SHOWN]))


def read_file(path: Path) -> Listing:
    """Read a file of that shape. Blocks.

    Raises:
        RangesError: it cannot be read, or is no such list; names the file.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(_FILE + 1)
        if len(text) > _FILE:
            raise RangesError("it is too long")
        return read_ranges(json.loads(text))
    except OSError as error:
        raise RangesError(f"{path}: {error.strerror}") from None
    except RangesError as error:
        raise RangesError(f"{path}: {error}") from None
    except (ValueError, RecursionError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise RangesError(f"{path}{where}: this is no JSON") from None


def select(ranges: Iterable[Range], services: Collection[str], regions: Collection[str]) -> list[Range]:
    """Return the entries of these services and regions, sorted by network; empty means all of them."""
    return sorted(
        (
            entry
            for entry in ranges
            if (not services or entry.service in services) and (not regions or entry.region in regions)
        ),
        key=lambda entry: (entry.network.version, entry.network, entry),
    )


def chosen_words(given: Iterable[str]) -> tuple[str, ...]:
    """Return services or regions as they are compared; with "all" among them none, which means all."""
    words = tuple(_word(word) for word in given)
    return () if "all" in words else words


def misfit(ranges: Collection[Range], services: Collection[str], regions: Collection[str]) -> str:
    """Return a sentence when there are entries, and none is of these services and regions; else nothing."""
    if not ranges or select(ranges, services, regions):
        return ""
    there = ", ".join(sorted({f"{entry.service or '-'} {entry.region or '-'}" for entry in ranges})[:20])
    asked = f"service {' or '.join(services) or 'all'}, region {' or '.join(regions) or 'all'}"
    return f"no address fits {asked}; there are: {there}"


def _read(entity: object) -> Range:
    if not isinstance(entity, dict) or not isinstance(entity.get("cidr"), str):
        raise ValueError("it has no cidr")
    network = _network(entity["cidr"].strip())
    if network.prefixlen < _WIDEST[network.version]:
        raise ValueError(f"{network} is too wide to be meant")
    service, region, direction = (_word(entity.get(key)) for key in ("service", "region", "direction"))
    if direction not in _KNOWN:
        raise ValueError(f"direction {direction!r} is not known")
    return Range(str(network), service, region, direction)


def _network(text: str) -> Network:
    """Read a network; one with host bits is refused, since more may have been written than was meant."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no network") from None
    if "%" in text:
        raise ValueError(f"{text[:60]!r} is no network; write it without its zone")
    address = ipaddress.ip_interface(text).ip
    if address == network.network_address:
        return _plain(network)
    alone = _plain(ipaddress.ip_network(address)).network_address
    raise ValueError(
        f"{text[:60]!r} is no network; write {_plain(network)}, or {alone} for that address alone"
    )


def _plain(network: Network) -> Network:
    """Return a network of IPv4 addresses that is written as IPv6 as what it is: so calls come from it."""
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= _MAPPED:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED))
    return network


def _word(value: object) -> str:
    """Return a service, a region or a direction as it is compared and printed."""
    word = value.strip().lower()[:60] if isinstance(value, str) else ""
    return "".join(character if character.isprintable() else "?" for character in word)
