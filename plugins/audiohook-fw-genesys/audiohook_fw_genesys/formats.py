"""How a list of addresses is printed for firewalls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from .ranges import Range

__all__ = ["Format", "printed"]

_CHAIN: Final = "AUDIOHOOK"


class Format(StrEnum):
    """What is printed."""

    PLAIN = "plain"
    JSON = "json"
    NGINX = "nginx"
    IPTABLES = "iptables"
    AWS_SG = "aws-sg"


def printed(ranges: Iterable[Range], form: Format, *, port: int = 443) -> str:
    """Return the text, without a line end at its end.

    Args:
        ranges: sorted; of several entries with one network the first counts, but for JSON.
        port: of the server, where the format names it.
    """
    entries = list(ranges)
    if form is Format.JSON:
        return json.dumps({"entities": [_entity(entry) for entry in entries]}, indent=2)
    unique = {entry.cidr: entry for entry in reversed(entries)}
    return "\n".join(_LINES[form](list(reversed(unique.values())), port))


def _plain(entries: list[Range], port: int) -> Iterator[str]:
    yield from (entry.cidr for entry in entries)


def _nginx(entries: list[Range], port: int) -> Iterator[str]:
    yield from (f"allow {entry.cidr};" for entry in entries)
    yield "deny all;"


def _iptables(entries: list[Range], port: int) -> Iterator[str]:
    """Write a script that replaces a chain of its own in one step, so that at no moment nobody gets in.

    It does so in both families: one that is left out would be open.
    """
    yield "set -e"
    for command, version in (("iptables-restore", 4), ("ip6tables-restore", 6)):
        yield f"{command} --noflush <<'END'"
        yield "*filter"
        yield f":{_CHAIN} - [0:0]"
        for entry in entries:
            if entry.network.version == version:
                yield f"-A {_CHAIN} -p tcp --dport {port} -s {entry.cidr} -j ACCEPT"
        yield f"-A {_CHAIN} -p tcp --dport {port} -j DROP"
        yield "COMMIT"
        yield "END"


def _aws(entries: list[Range], port: int) -> Iterator[str]:
    """Write what `aws ec2 authorize-security-group-ingress --ip-permissions` takes."""
    permission: dict[str, object] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    for version, key, name in ((4, "IpRanges", "CidrIp"), (6, "Ipv6Ranges", "CidrIpv6")):
        ranges = [
            {name: entry.cidr, "Description": f"Genesys {entry.service} {entry.region}".strip()}
            for entry in entries
            if entry.network.version == version
        ]
        if ranges:
            permission[key] = ranges
    yield json.dumps([permission], indent=2)


_LINES: Final[Mapping[Format, Callable[[list[Range], int], Iterator[str]]]] = {
    Format.PLAIN: _plain,
    Format.NGINX: _nginx,
    Format.IPTABLES: _iptables,
    Format.AWS_SG: _aws,
}


def _entity(entry: Range) -> dict[str, str]:
    facts = {"cidr": entry.cidr, "service": entry.service, "region": entry.region}
    return facts | ({"direction": entry.direction} if entry.direction else {})
