"""Where a request comes from, and whether that place may call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

__all__ = ["AddressPolicy"]

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")


class AddressPolicy:
    """The source allowlist, and the proxies whose `X-Forwarded-For` is believed.

    IPv4-mapped IPv6 addresses and networks count as the IPv4 ones they stand for.

    Args:
        allowed: networks that may connect (CIDR text, a bare address, or `ipaddress` networks);
            none means that the allowlist is off.
        trusted_proxies: networks whose `X-Forwarded-For` is believed.

    Raises:
        ValueError: when a text is no network; names the text.
    """

    __slots__ = ("_allowed", "_proxies")

    def __init__(
        self, allowed: Iterable[str | _Network] = (), trusted_proxies: Iterable[str | _Network] = ()
    ) -> None:
        self._allowed = tuple(map(_read_network, allowed))
        self._proxies = tuple(map(_read_network, trusted_proxies))

    def client_address(self, peer: str, forwarded: Sequence[str] = ()) -> str:
        """Return the client's address in canonical form, or `""` when it cannot be known.

        Read from the right, `X-Forwarded-For` is believed as long as trusted proxies wrote it:
        the client is the first hop that is not such a proxy, or the leftmost hop if all are.
        What stands further left was sent by that client itself and proves nothing.

        Args:
            peer: address of the TCP peer.
            forwarded: the `X-Forwarded-For` lines in order of arrival.
        """
        address = _read_address(peer)
        hops = [hop for line in forwarded for hop in line.split(",")]
        while hops and address is not None and _within(address, self._proxies):
            address = _read_address(hops.pop())
        return "" if address is None else str(address)

    def allows(self, address: str) -> bool:
        """Tell whether that address may connect; an unknown one may not while the list is on."""
        if not self._allowed:
            return True
        parsed = _read_address(address)
        return parsed is not None and _within(parsed, self._allowed)


def _within(address: _Address, networks: Iterable[_Network]) -> bool:
    return any(address in network for network in networks)


def _read_address(text: str) -> _Address | None:
    """Read an address as peers and proxies write it: bare, `[v6]:port`, `v4:port`, with a zone."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _read_network(network: str | _Network) -> _Network:
    parsed = ip_network(network, strict=False)
    if isinstance(parsed, IPv6Network) and parsed.subnet_of(_MAPPED):
        mapped = parsed.network_address.ipv4_mapped
        return IPv4Network((int(mapped or 0), parsed.prefixlen - _MAPPED.prefixlen))
    return parsed
