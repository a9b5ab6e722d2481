"""The port: how many connections, how long for their headers, and what they learn."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from contextlib import ExitStack
from typing import Any

import pytest

from audiohook_fw.errors import ConfigError

REQUEST = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def is_cut(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionResetError:
        return True


async def drip(writer: asyncio.StreamWriter, data: bytes, pause: float) -> int:
    """Write byte by byte until the connection is cut; return how many went out."""
    for sent, byte in enumerate(data):
        if writer.is_closing():
            return sent
        writer.write(bytes([byte]))
        await asyncio.sleep(pause)
    return len(data)


async def test_headers_that_drip_are_cut_though_bytes_keep_coming(
    serve: Any, connect: Any, caller: Any
) -> None:
    server = await serve(limits={"header_timeout": 0.2, "keepalive": 5})
    call = await caller.open(server)
    reader, writer = await connect(server)
    dripping = asyncio.create_task(drip(writer, b"GET / HTTP/1.1\r\n" + b"X-Drip: 1\r\n" * 1_000, 0.01))
    began = time.monotonic()
    assert await is_cut(reader)
    assert time.monotonic() - began >= 0.19
    assert await asyncio.wait_for(dripping, 5) < 1_000
    await call.send("ping")
    assert (await call.receive())["type"] == "pong"


async def test_connection_that_says_nothing_is_cut(serve: Any, connect: Any) -> None:
    server = await serve(limits={"header_timeout": 0.05})
    reader, _ = await connect(server)
    assert await is_cut(reader)


async def test_header_timer_ends_with_the_first_request(serve: Any, connect: Any, caller: Any) -> None:
    server = await serve(limits={"header_timeout": 0.05})
    call = await caller.open(server)
    reader, writer = await connect(server)
    writer.write(REQUEST)
    assert await reader.readuntil(b"}") != b""
    await asyncio.sleep(0.15)
    await call.send("ping")
    assert (await call.receive())["type"] == "pong"
    writer.write(REQUEST)
    assert b"200 OK" in await reader.readuntil(b"}")


async def test_idle_and_dripping_keep_alive_connections_are_cut(serve: Any, connect: Any) -> None:
    server = await serve(limits={"header_timeout": 0.05, "keepalive": 0.15})
    reader, writer = await connect(server)
    writer.write(REQUEST)
    await reader.readuntil(b"}")
    dripping = asyncio.create_task(drip(writer, REQUEST * 20, 0.01))
    assert await is_cut(reader)
    assert await asyncio.wait_for(dripping, 5) < len(REQUEST)


async def test_connections_over_the_bound_are_closed_at_once(
    serve: Any, connect: Any, ask: Any, eventually: Any
) -> None:
    server = await serve(limits={"connections": 2})
    first, _ = await connect(server), await connect(server)
    await eventually(lambda: server._public.connections == 2)
    reader, _ = await connect(server)
    assert await is_cut(reader)
    refused = server.metrics.value("audiohook.upgrades", result="refused", reason="too_many_connections")
    assert refused == 1
    status, _, _ = await ask(f"{server.admin_url}/health/live")
    assert status == 200, "the admin port has connections of its own"
    first[1].close()
    await eventually(lambda: server._public.connections == 1)
    reader, writer = await connect(server)
    writer.write(REQUEST)
    assert b"200 OK" in await reader.readuntil(b"}")


async def test_a_burst_of_connections_is_served(serve: Any, connect: Any) -> None:
    server = await serve()

    async def request() -> bytes:
        reader, writer = await connect(server)
        writer.write(REQUEST)
        answer = await reader.readuntil(b"}")
        writer.close()
        return answer

    answers = await asyncio.gather(*(request() for _ in range(200)))
    assert all(b"200 OK" in answer for answer in answers)


async def test_port_in_use_is_one_clear_error(serve: Any, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as caught:
            await serve(server={"port": port})
        assert str(caught.value) == (
            f"server.port: cannot listen on 127.0.0.1:{port}: address already in use; "
            "choose another port, or end what uses it"
        )
        with pytest.raises(ConfigError, match=r"^server\.admin_port: "):
            await serve(server={"port": 0, "admin_port": port})


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "nonsense host"])
async def test_host_that_is_not_ours_is_named_by_its_setting(serve: Any, host: str) -> None:
    for setting in ("host", "admin_host"):
        with pytest.raises(ConfigError, match=rf"^server\.{setting}: cannot listen on {host}:0: ") as caught:
            await serve(server={setting: host, "port": 0, "admin_port": 0})
        assert str(caught.value).endswith("; give an address of this machine, such as 127.0.0.1")


async def test_port_that_is_not_allowed_is_named_with_what_is(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> socket.socket:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(ConfigError, match=r"^server\.port: .*: permission denied; choose a port above 1023$"):
        await serve(server={"port": 443, "admin_port": None})


async def test_name_with_two_addresses_has_one_port(
    serve: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    async def both(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, 0)) for host in ("127.0.0.1", "127.0.0.2")]

    monkeypatch.setattr(loop, "getaddrinfo", both)
    server = await serve(server={"port": 0, "admin_port": None})
    monkeypatch.undo()
    for host in ("127.0.0.1", "127.0.0.2"):
        reader, writer = await connect(server, host)
        writer.write(REQUEST)
        assert b"200 OK" in await reader.readuntil(b"}")


async def test_nothing_tells_versions(serve: Any, ask: Any, public: Any) -> None:
    server = await serve()
    for path in ("/health/live", "/nothing", "/audiohook/ws"):
        _, _, headers = await ask(public(server) + path)
        assert headers["Server"] == "audiohook-fw"


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-API-KEY : planted-secret\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n"
        + b"".join(b"X-%d: planted-secret\r\n" % n for n in range(100))
        + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"planted-secret" * 1_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03planted-secret",
    ],
)
async def test_malformed_requests_are_answered_without_an_echo(
    serve: Any, connect: Any, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = await serve()
    reader, writer = await connect(server)
    writer.write(request_)
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert b"planted-secret" not in answer
    assert b"aiohttp" not in answer
    assert "planted-secret" not in caplog.text


async def test_body_that_never_comes_does_not_hold_the_connection(serve: Any, connect: Any) -> None:
    server = await serve()
    reader, writer = await connect(server)
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    assert b"200 OK" in await asyncio.wait_for(reader.read(), 5)


async def test_stopped_port_takes_no_new_connection_and_keeps_the_old(
    serve: Any, connect: Any, caller: Any
) -> None:
    server = await serve()
    call = await caller.open(server)
    await server._public.stop_accepting()
    with pytest.raises(ConnectionRefusedError):
        await connect(server)
    await call.send("ping")
    assert (await call.receive())["type"] == "pong"


async def test_who_connected_before_the_port_stopped_is_served(serve: Any) -> None:
    server = await serve()
    with ExitStack() as stack:
        early = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(5)]
        for one in early:  # the server had no turn yet: they wait in the kernel's queue
            one.sendall(REQUEST)
            one.settimeout(5)
        await server._public.stop_accepting()
        for one in early:
            assert b"200 OK" in await asyncio.to_thread(one.recv, 4096)
