"""`Networks`: many networks, most of them single addresses, of which one is found without looking at all."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from .ranges import Network

__all__ = ["Networks"]


class Networks:
    """A fixed set of networks; finding an address costs a look-up for each length of prefix in it."""

    __slots__ = ("_by_length",)

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._by_length: dict[tuple[int, int], set[int]] = {}
        for network in networks:
            shift = network.max_prefixlen - network.prefixlen
            key = (network.version, shift)
            self._by_length.setdefault(key, set()).add(int(network.network_address) >> shift)

    def __len__(self) -> int:
        return sum(map(len, self._by_length.values()))

    def __contains__(self, address: object) -> bool:
        """Tell whether an address, as text, is in one of them; what is no address is in none."""
        try:
            parsed = ipaddress.ip_address(str(address))
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        number = int(parsed)
        return any(
            version == parsed.version and number >> shift in networks
            for (version, shift), networks in self._by_length.items()
        )
