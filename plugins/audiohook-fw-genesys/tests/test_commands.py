"""`audiohook-fw genesys …`, as a process of its own: a file, a fake platform, one that is down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.testing import FakePlatform, PlatformFault

FAQ = {
    "entities": [
        {"cidr": "192.0.2.17/32", "service": "audiohook", "region": "us-east-1"},
        {"cidr": "192.0.2.18/32", "service": "audiohook", "region": "eu-central-1"},
        {"cidr": "192.0.2.19/32", "service": "byot-stt", "region": "eu-central-1"},
        {"cidr": "192.0.2.20/32", "service": "audiohook", "region": "x", "direction": "inbound"},
        {"cidr": "nonsense", "service": "audiohook"},
    ]
}


@pytest.fixture
def genesys(tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Run the command, with settings of the plugin."""

    def run(*arguments: str, **settings: str) -> tuple[int, str, str]:
        variables = {k: v for k, v in os.environ.items() if not k.startswith(("AUDIOHOOK_", "XDG_"))}
        names = {f"AUDIOHOOK_PLUGINS__GENESYS__{name.upper()}": value for name, value in settings.items()}
        done = subprocess.run(
            [sys.executable, "-m", "audiohook_fw", "genesys", *arguments],
            cwd=tmp_path,
            env={**variables, **names, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=100,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_file(genesys: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "faq.json").write_text(json.dumps(FAQ))
    file = ("ranges", "--file", "faq.json")
    assert genesys(*file) == (
        0,
        "192.0.2.17/32\n192.0.2.18/32\n",
        "1 entries are skipped: entry 5: 'nonsense' is no network\n",
    )
    assert genesys(*file, "--region", "eu-central-1")[1] == "192.0.2.18/32\n"
    assert (
        genesys(*file, "--service", "all", "--region", "eu-central-1")[1] == "192.0.2.18/32\n192.0.2.19/32\n"
    )
    assert genesys(*file, ranges_services='["all"]', ranges_regions='["EU-Central-1"]')[1].count("\n") == 2
    assert genesys(*file, "--format", "nginx")[1].endswith("deny all;\n")
    assert '"FromPort": 8443' in genesys(*file, "--format", "aws-sg", "--port", "8443")[1]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--file", "none.json"), "error: none.json: No such file or directory\n"),
        (
            ("--file", "faq.json", "--service", "smtp"),
            "error: no address fits service smtp, region all; there are: audiohook eu-central-1, "
            "audiohook us-east-1, byot-stt eu-central-1\n",
        ),
        ((), "error: nobody tells the addresses: give --file, or set domain, client_id and client_secret"),
    ],
)
def test_what_is_wrong(
    genesys: Callable[..., Any], tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    (tmp_path / "faq.json").write_text(json.dumps({"entities": FAQ["entities"][:3]}))
    status, out, err = genesys("ranges", *arguments)
    assert (status, out) == (1, "")
    assert problem in err


def test_the_platform_and_then_what_it_told_the_server(
    genesys: Callable[..., Any], audiohook_platform: Callable[..., FakePlatform], tmp_path: Path
) -> None:
    from audiohook_fw_genesys.address_book import AddressBook
    from audiohook_fw_genesys.ranges import Range

    platform = audiohook_platform()
    assert genesys("ranges", **platform.settings) == (0, "192.0.2.10/32\n192.0.2.11/32\n", "")
    platform.misbehave(PlatformFault(status=503))
    status, out, err = genesys("ranges", **platform.settings)
    assert (status, out) == (1, "")
    assert "the login answers 503; and there is no genesys-ranges.json from before" in err
    book = AddressBook(platform.url, 0.0)
    book.update({Range("192.0.2.99/32", "audiohook")}, 1.0)
    book.save(tmp_path / "genesys-ranges.json")
    status, out, err = genesys("ranges", **platform.settings)
    assert (status, out) == (0, "192.0.2.99/32\n")
    assert "these are the addresses of genesys-ranges.json" in err


def test_it_prints_what_the_server_lets_in_whether_genesys_answers_or_not(
    genesys: Callable[..., Any], audiohook_platform: Callable[..., FakePlatform], tmp_path: Path
) -> None:
    from audiohook_fw_genesys.address_book import AddressBook
    from audiohook_fw_genesys.ranges import Range

    platform, day, now = audiohook_platform(), 86_400.0, time.time()
    old, lately = Range("192.0.2.98/32", "audiohook"), Range("192.0.2.99/32", "audiohook")
    book = AddressBook(platform.url, 30 * day)
    book.update({old, lately}, now - 40 * day)
    book.update({lately}, now - 20 * day)
    book.update({Range("192.0.2.10/32", "audiohook")}, now - 10 * day)
    book.save(tmp_path / "genesys-ranges.json")
    stored = (tmp_path / "genesys-ranges.json").read_bytes()
    told = "192.0.2.10/32\n192.0.2.11/32\n"
    settings = {**platform.settings, "ranges_services": '["all"]'}
    status, out, err = genesys("ranges", "--service", "audiohook", **settings, ranges_grace_days="15")
    assert (status, out, err) == (0, f"{told}192.0.2.99/32\n", "")
    status, out, err = genesys("ranges", "--service", "audiohook", **settings, ranges_grace_days="5")
    assert (status, out, err) == (0, told, "")
    platform.ranges.clear()
    status, out, err = genesys("ranges", **platform.settings)
    assert (status, out) == (0, "192.0.2.10/32\n192.0.2.98/32\n192.0.2.99/32\n")  # as the server goes on
    assert "Genesys' list is empty; these are the addresses of genesys-ranges.json" in err
    assert (tmp_path / "genesys-ranges.json").read_bytes() == stored
    (tmp_path / "genesys-ranges.json").write_text("{")
    status, out, err = genesys("ranges", **platform.settings)
    assert (status, out) == (1, "")
    assert "Genesys' list is empty; and genesys-ranges.json cannot be read" in err


def test_the_queue_of_a_conversation(
    genesys: Callable[..., Any], audiohook_platform: Callable[..., FakePlatform]
) -> None:
    platform = audiohook_platform(queue_names=False)
    conversation = platform.add_conversation(queue="Sales", agent="ann")
    conversation.hold()
    status, out, err = genesys("queue", conversation.id, **platform.settings)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"queue: Sales {conversation.queue_id}",
        "agent: ann",
        "on hold: yes",
        "secure pause: no",
        "ended: no",
    ]
    assert "Genesys knows no such conversation" in genesys("queue", "../x", **platform.settings)[2]
    status, _, err = genesys(
        "queue", conversation.id, **{**platform.settings, "client_secret": "wrong-marker"}
    )
    assert status == 1
    assert err == "error: the login answers 401; check client_id, client_secret and domain\n"
    missing = "error: set client_id, client_secret in [plugins.genesys]\n"
    assert genesys("queue", conversation.id, domain="mypurecloud.de") == (1, "", missing)
