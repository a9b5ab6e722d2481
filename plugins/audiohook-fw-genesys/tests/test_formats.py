"""What is printed for firewalls."""

from __future__ import annotations

import json

from audiohook_fw_genesys.formats import Format, printed
from audiohook_fw_genesys.ranges import Range, read_ranges, select

ENTRIES = select(
    [
        Range("192.0.2.10/32", "audiohook", "eu-central-1", "outbound"),
        Range("192.0.2.10/32", "byot-stt", "eu-central-1"),
        Range("198.51.100.0/28", "audiohook", "us-east-1", "both"),
        Range("2001:db8::/48", "audiohook", "us-east-1", "both"),
    ],
    (),
    (),
)


def test_plain() -> None:
    assert printed(ENTRIES, Format.PLAIN) == "192.0.2.10/32\n198.51.100.0/28\n2001:db8::/48"


def test_nginx() -> None:
    assert printed(ENTRIES, Format.NGINX).splitlines() == [
        "allow 192.0.2.10/32;",
        "allow 198.51.100.0/28;",
        "allow 2001:db8::/48;",
        "deny all;",
    ]


def test_iptables() -> None:
    assert printed(ENTRIES, Format.IPTABLES, port=8443).splitlines() == [
        "iptables -N AUDIOHOOK 2>/dev/null || iptables -F AUDIOHOOK",
        "iptables -A AUDIOHOOK -p tcp --dport 8443 -s 192.0.2.10/32 -j ACCEPT",
        "iptables -A AUDIOHOOK -p tcp --dport 8443 -s 198.51.100.0/28 -j ACCEPT",
        "iptables -A AUDIOHOOK -p tcp --dport 8443 -j DROP",
        "ip6tables -N AUDIOHOOK 2>/dev/null || ip6tables -F AUDIOHOOK",
        "ip6tables -A AUDIOHOOK -p tcp --dport 8443 -s 2001:db8::/48 -j ACCEPT",
        "ip6tables -A AUDIOHOOK -p tcp --dport 8443 -j DROP",
    ]


def test_aws() -> None:
    (permission,) = json.loads(printed(ENTRIES, Format.AWS_SG))
    assert permission == {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "IpRanges": [
            {"CidrIp": "192.0.2.10/32", "Description": "Genesys audiohook eu-central-1"},
            {"CidrIp": "198.51.100.0/28", "Description": "Genesys audiohook us-east-1"},
        ],
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/48", "Description": "Genesys audiohook us-east-1"}],
    }


def test_json_is_a_ranges_file() -> None:
    assert read_ranges(json.loads(printed(ENTRIES, Format.JSON))).ranges == set(ENTRIES)
