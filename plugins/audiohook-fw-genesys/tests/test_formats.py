"""What is printed for firewalls."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

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


TABLES = {
    "iptables-restore": """\
*filter
:AUDIOHOOK - [0:0]
-A AUDIOHOOK -p tcp --dport 8443 -s 192.0.2.10/32 -j ACCEPT
-A AUDIOHOOK -p tcp --dport 8443 -s 198.51.100.0/28 -j ACCEPT
-A AUDIOHOOK -p tcp --dport 8443 -j DROP
COMMIT
""",
    "ip6tables-restore": """\
*filter
:AUDIOHOOK - [0:0]
-A AUDIOHOOK -p tcp --dport 8443 -s 2001:db8::/48 -j ACCEPT
-A AUDIOHOOK -p tcp --dport 8443 -j DROP
COMMIT
""",
}
"""What each command is to read: all of a chain in one transaction, and no other chain is touched."""


def _run(script: str, tmp_path: Path, *, status: int = 0) -> int:
    """Run a script with commands of the names of `TABLES` that write down what they were told."""
    for name in TABLES:
        command = tmp_path / name
        command.write_text(f'#!/bin/sh\necho "$@" >{name}.told\ncat >{name}.read\nexit {status}\n')
        command.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    return subprocess.run(["sh"], input=script, text=True, cwd=tmp_path, env={"PATH": path}).returncode


def test_iptables(tmp_path: Path) -> None:
    assert _run(printed(ENTRIES, Format.IPTABLES, port=8443), tmp_path) == 0
    for name, table in TABLES.items():
        assert (tmp_path / f"{name}.read").read_text() == table
        assert (tmp_path / f"{name}.told").read_text() == "--noflush\n"


def test_iptables_that_refuses_is_told(tmp_path: Path) -> None:
    assert _run(printed(ENTRIES, Format.IPTABLES), tmp_path, status=2) == 2
    assert not (tmp_path / "ip6tables-restore.read").exists()


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
