"""TLS: contexts, handshakes that dawdle, and a certificate that changes under running calls."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from audiohook_fw.errors import ConfigError
from audiohook_fw.server.tls import make_tls


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "certificate.pem", tmp_path / "key.pem"


@pytest.fixture
def issue(authority: trustme.CA, files: tuple[Path, Path]) -> Callable[[], None]:
    """Write a new certificate and its key."""

    def write() -> None:
        issued = authority.issue_cert("127.0.0.1", "localhost")
        files[0].write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        files[1].write_bytes(issued.private_key_pem.bytes())

    write()
    return write


@pytest.fixture
def trust(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
async def secure(serve: Any, files: tuple[Path, Path], issue: Any) -> Any:
    return await serve(
        server={"port": 0, "admin_port": None, "tls_certificate": files[0], "tls_key": files[1]},
        limits={"header_timeout": 0.3},
    )


async def serial(server: Any, trust: ssl.SSLContext, connect: Any) -> int:
    """Return the serial number of the certificate that a new handshake meets."""
    _, writer = await connect(server, ssl=trust)
    return int(writer.get_extra_info("ssl_object").getpeercert()["serialNumber"], 16)


async def test_calls_over_tls(secure: Any, trust: ssl.SSLContext, caller: Any) -> None:
    assert secure.url.startswith("wss://127.0.0.1:")
    call = await caller.open(secure, scheme="wss", ssl=trust)
    assert call.answer["type"] == "opened"
    await call.close()


async def test_reload_changes_the_certificate_and_no_call_notices(
    secure: Any, trust: ssl.SSLContext, caller: Any, connect: Any, issue: Any
) -> None:
    call = await caller.open(secure, scheme="wss", ssl=trust)
    before = await serial(secure, trust, connect)
    issue()
    assert await serial(secure, trust, connect) == before
    await secure.reload()
    assert await serial(secure, trust, connect) != before
    await call.send("ping")
    assert (await call.receive())["type"] == "pong"


async def test_certificate_that_is_no_good_leaves_the_old_one(
    secure: Any, trust: ssl.SSLContext, connect: Any, files: Any, issue: Any
) -> None:
    before = await serial(secure, trust, connect)
    old_key = files[1].read_bytes()
    issue()
    files[1].write_bytes(old_key)
    with pytest.raises(ConfigError, match=r"^server\.tls_certificate: .*do not fit"):
        await secure.reload()
    assert await serial(secure, trust, connect) == before


async def test_plain_requests_and_handshakes_that_dawdle_are_cut(
    secure: Any, connect: Any, eventually: Any
) -> None:
    plain, writer = await connect(secure)
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    silent, _ = await connect(secure)
    for reader in (plain, silent):
        assert b"HTTP" not in await asyncio.wait_for(reader.read(), 5)
    await eventually(lambda: secure._public.connections == 0)


async def test_dawdling_handshakes_count_as_connections(
    serve: Any, files: Any, issue: Any, connect: Any, eventually: Any
) -> None:
    server = await serve(
        server={"port": 0, "admin_port": None, "tls_certificate": files[0], "tls_key": files[1]},
        limits={"connections": 1},
    )
    await connect(server)
    await eventually(lambda: server._public.connections == 1)
    reader, _ = await connect(server)
    assert await asyncio.wait_for(reader.read(), 5) == b""


def test_context_is_modern(settings: Any, files: Any, issue: Any) -> None:
    context = make_tls(settings(server={"tls_certificate": files[0], "tls_key": files[1]}).server)
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_without_a_certificate_there_is_no_tls(settings: Any) -> None:
    assert make_tls(settings().server) is None


def test_key_may_stand_in_the_certificate_file(settings: Any, files: Any, issue: Any) -> None:
    files[0].write_bytes(files[1].read_bytes() + files[0].read_bytes())
    assert make_tls(settings(server={"tls_certificate": files[0]}).server) is not None


@pytest.mark.parametrize("missing", [0, 1])
def test_missing_file_is_named(settings: Any, files: Any, issue: Any, missing: int) -> None:
    files[missing].unlink()
    given = settings(server={"tls_certificate": files[0], "tls_key": files[1]}).server
    name = ("tls_certificate", "tls_key")[missing]
    with pytest.raises(
        ConfigError, match=rf"^server\.{name}: cannot read .*{files[missing].name}: No such file"
    ):
        make_tls(given)


def test_key_with_a_password_is_refused_and_nobody_is_asked_for_it(
    settings: Any, files: Any, issue: Any
) -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(files[1].read_bytes(), None)
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"a password"),
        )
    )
    with pytest.raises(ConfigError, match="without a password"):
        make_tls(settings(server={"tls_certificate": files[0], "tls_key": files[1]}).server)


def test_nonsense_is_refused(settings: Any, files: Any) -> None:
    for file in files:
        file.write_text("nonsense")
    with pytest.raises(ConfigError, match="no PEM files"):
        make_tls(settings(server={"tls_certificate": files[0], "tls_key": files[1]}).server)
