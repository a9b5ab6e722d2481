"""Who may connect, over real sockets: peers, proxies, and what clients claim in `X-Forwarded-For`."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from audiohook_fw_genesys import Genesys

from audiohook_fw.client import CallReport, Decision
from audiohook_fw.testing import CallAudio, FakePlatform, PlatformFault, ServerThread, play_call

GENESYS: Final = "192.0.2.10"
STRANGER: Final = "203.0.113.66"
PROXY: Final = "127.0.0.9"


class Proxy:
    """Passes bytes to a server, from an address of its own, with header lines added to the request."""

    def __init__(self, server: ServerThread, source: str, *lines: str) -> None:
        self._target = ("127.0.0.1", int(server.url.rpartition(":")[2].partition("/")[0]))
        self._source = source
        self._lines = "".join(f"{line}\r\n" for line in lines).encode()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = server.url.replace(f":{self._target[1]}", f":{self._socket.getsockname()[1]}")
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                server = socket.create_connection(self._target, source_address=(self._source, 0))
                for pair in ((client, server, self._lines), (server, client, b"")):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, lines: bytes) -> None:
        with source, suppress(OSError):
            while data := source.recv(65_536):
                if lines and b"\r\n" in data:
                    first, _, rest = data.partition(b"\r\n")
                    data, lines = first + b"\r\n" + lines + rest, b""
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def ranges(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Settings that let in only these addresses."""

    def make(*cidrs: str, mode: str = "enforce") -> dict[str, Any]:
        path = tmp_path / "ranges.json"
        path.write_text(json.dumps([{"cidr": cidr, "service": "audiohook"} for cidr in cidrs]))
        return {"genesys": {"addresses": mode, "ranges_file": str(path)}}

    return make


@pytest.fixture
def through(audiohook_server: Callable[..., ServerThread]) -> Iterator[Callable[..., CallReport]]:
    """Play a call through a proxy that says these header lines, and return its report."""
    made: list[Proxy] = []

    def make(settings: dict[str, Any], *lines: str, source: str = PROXY, trusted: str = PROXY) -> CallReport:
        server = audiohook_server(
            Genesys, settings=settings, server={"trusted_proxies": [trusted]}, auth={"failure_delay": 0.0}
        )
        made.append(Proxy(server, source, *lines))
        options = {"api_key": server.api_key, "secret": server.secret, "audio": CallAudio.silence(0.2)}
        return play_call(made[-1].url, **options)

    yield make
    for proxy in made:
        proxy.close()


def test_the_peer_counts(
    audiohook_server: Callable[..., ServerThread], ranges: Callable[..., dict[str, Any]]
) -> None:
    for cidr, decision in (("127.0.0.0/8", Decision.ACCEPTED), (GENESYS, Decision.FAILED)):
        server = audiohook_server(Genesys, settings=ranges(cidr), auth={"failure_delay": 0.0})
        assert play_call(server, audio=CallAudio.silence(0.2)).decision is decision


FORWARDED: Final = [
    # What a proxy that is trusted says of its peer counts,
    ([f"X-Forwarded-For: {GENESYS}"], PROXY, Decision.ACCEPTED),
    ([f"X-Forwarded-For: {STRANGER}"], PROXY, Decision.FAILED),
    # but not what that peer said itself: the proxy appends to the line, or adds one.
    ([f"X-Forwarded-For: {GENESYS}, {STRANGER}"], PROXY, Decision.FAILED),
    ([f"X-Forwarded-For: {GENESYS}", f"X-Forwarded-For: {STRANGER}"], PROXY, Decision.FAILED),
    ([f"X-Forwarded-For: {STRANGER}, {GENESYS}"], PROXY, Decision.ACCEPTED),
    (["X-Forwarded-For: nonsense"], PROXY, Decision.FAILED),
    # Nobody else is believed, whatever the header is called.
    ([f"X-Forwarded-For: {GENESYS}"], "127.0.0.8", Decision.FAILED),
    ([f"X-Real-IP: {GENESYS}"], "127.0.0.8", Decision.FAILED),
    ([f"Forwarded: for={GENESYS}"], PROXY, Decision.FAILED),
]


@pytest.mark.parametrize(("lines", "source", "decision"), FORWARDED)
def test_what_is_said_in_headers(
    through: Callable[..., CallReport],
    ranges: Callable[..., dict[str, Any]],
    lines: list[str],
    source: str,
    decision: Decision,
) -> None:
    assert through(ranges(f"{GENESYS}/32"), *lines, source=source).decision is decision


def test_log_only_refuses_nobody(
    through: Callable[..., CallReport],
    ranges: Callable[..., dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    report = through(ranges(GENESYS, mode="log-only"), f"X-Forwarded-For: {STRANGER}")
    assert report.decision is Decision.ACCEPTED
    assert f"a connection from {STRANGER} would be refused: not one of Genesys' addresses" in caplog.text


def _metrics(server: ServerThread) -> str:
    request = urllib.request.Request(f"{server.admin_url}/metrics")
    request.add_header("Authorization", f"Bearer {server.admin_token}")
    with urllib.request.urlopen(request) as answer:
        return str(answer.read().decode())


def _ready(server: ServerThread) -> int:
    try:
        with urllib.request.urlopen(f"{server.http_url}/health/ready") as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_metrics_and_readiness(
    audiohook_server: Callable[..., ServerThread],
    audiohook_platform: Callable[..., FakePlatform],
    tmp_path: Path,
) -> None:
    """All of it at once, on real sockets and in real time: the list of the platform, a look-up, an outage."""
    platform = audiohook_platform(
        default_queue="Sales",
        ranges=[{"cidr": "127.0.0.1/32", "service": "audiohook", "region": "x", "direction": "both"}],
    )
    settings = {**platform.settings, "addresses": "enforce", "ranges_store": str(tmp_path / "store.json")}
    settings |= {"breaker_failures": 1, "timeout": 30}
    server = audiohook_server(Genesys, settings={"genesys": settings}, auth={"failure_delay": 0.0})
    while not platform.count("ipranges"):
        threading.Event().wait(0.01)
    while _ready(server) != 200:  # as soon as the answer is read
        threading.Event().wait(0.01)
    assert play_call(server, audio=CallAudio.silence(0.2)).decision is Decision.ACCEPTED
    while not platform.count("conversation"):
        threading.Event().wait(0.01)
    text = _metrics(server)
    for line in (
        'genesys_requests_total{kind="ipranges",outcome="ok"} 1.0',
        'genesys_addresses_total{result="allowed"} 1.0',
        "genesys_breaker_open 0.0",
        "genesys_ranges 1.0",
        "genesys_ranges_age_seconds ",
    ):
        assert line in text
    platform.misbehave(PlatformFault(status=503))
    assert play_call(server, audio=CallAudio.silence(0.2)).decision is Decision.ACCEPTED
    while _ready(server) != 503:
        threading.Event().wait(0.01)
    assert "genesys_breaker_open 1.0" in _metrics(server)
