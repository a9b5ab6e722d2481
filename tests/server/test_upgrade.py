"""From GET to a running call, over real sockets; and what those see who may not."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
import uuid
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from audiohook_fw.auth import Credential
from audiohook_fw.plugin import SessionHandler, hookimpl
from audiohook_fw.server.upgrade import RefusalSlots
from audiohook_fw.telemetry import Tracing

WRONG = "d3Jvbmcgc2VjcmV0"


class Watcher:
    """Notes what becomes of calls."""

    def __init__(self) -> None:
        self.suffixes: list[str] = []
        self.ended: list[str] = []

    @hookimpl
    def on_open(self, session: Any) -> None:
        self.suffixes.append(session.path_suffix)

    @hookimpl
    async def on_end(self, session: Any, summary: Any) -> None:
        await asyncio.sleep(0.02)
        self.ended.append(summary.reason)


async def status_of(caller: Any, server: Any, path: str = "/audiohook/ws", **given: Any) -> int:
    try:
        socket = await caller.connect(server, path, **given)
    except aiohttp.WSServerHandshakeError as error:
        return error.status
    await socket.close()
    return 101


# refusal ----------------------------------------------------------------------------------------


async def test_refusal_is_401_after_the_delay_and_tells_nothing(
    serve: Any, caller: Any, ask: Any, public: Any
) -> None:
    server = await serve(auth={"failure_delay": 0.15})
    bodies = set()
    wrong_ones = [
        {"secret": WRONG},
        {"secret": None},
        {"key": "nobody-knows-it"},
        {"session": "no uuid"},
    ]
    for wrong in wrong_ones:
        began = time.monotonic()
        headers = caller.headers(server, **wrong)
        status, body, answered = await ask(public(server) + "/audiohook/ws", headers)
        assert time.monotonic() - began >= 0.145
        assert status == 401
        bodies.add((body, tuple(sorted(set(answered) - {"Date"}))))
    assert bodies == {(b"", ("Connection", "Content-Length", "Server"))}
    reasons = ("signature_wrong", "request_not_signed", "unknown_key", "header_malformed")
    for reason in reasons:
        assert server.metrics.value("audiohook.upgrades", result="refused", reason=reason) == 1


async def test_delay_counts_from_the_arrival_not_from_the_check(serve: Any, caller: Any) -> None:
    class Slow:
        @hookimpl
        async def find_credential(self, api_key: str) -> Credential | None:
            await asyncio.sleep(0.2)
            return None

    server = await serve({"slow": Slow()}, auth={"failure_delay": 0.2, "credential_cache": 0})
    began = time.monotonic()
    assert await status_of(caller, server, key="unknown") == 401
    assert 0.19 <= time.monotonic() - began < 0.39


async def test_when_the_slots_are_full_nobody_answers_and_valid_upgrades_do_not_wait(
    serve: Any, caller: Any, connect: Any, eventually: Any
) -> None:
    server = await serve(auth={"failure_delay": 10, "failure_slots": 3})
    request = b"GET /audiohook/ws HTTP/1.1\r\nHost: x\r\n\r\n"
    waiting = [await connect(server) for _ in range(3)]
    for _, writer in waiting:
        writer.write(request)
    refused = lambda: server.metrics.value("audiohook.upgrades", result="refused", reason="header_missing")  # noqa: E731
    await eventually(lambda: refused() == 3)
    reader, writer = await connect(server)
    writer.write(request)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 5)
    began = time.monotonic()
    assert await status_of(caller, server) == 101
    assert time.monotonic() - began < 5, "less than the delay of those who wait"
    for reader, _ in waiting:
        reader.feed_eof()
        assert await reader.read() == b"", "they still wait"


async def test_slots_are_free_again_after_the_delay() -> None:
    slots = RefusalSlots(1, 0.05)
    now = asyncio.get_running_loop().time()
    first = asyncio.create_task(slots.wait(now))
    await asyncio.sleep(0)
    assert await slots.wait(now) is False
    assert await first is True
    assert await slots.wait(now) is True
    cancelled = asyncio.create_task(slots.wait(asyncio.get_running_loop().time()))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.wait({cancelled})
    assert await slots.wait(now) is True


async def test_reasons_are_logged_without_what_was_sent(
    serve: Any, caller: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = await serve()
    await status_of(caller, server, key="planted-key", secret=WRONG)
    assert "unknown_key" in caplog.text
    assert "planted-key" not in caplog.text


def resident() -> int:
    """Return how many bytes of memory this process uses."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_ten_thousand_bad_signatures_cost_no_memory_and_no_call(serve: Any, caller: Any) -> None:
    server = await serve(auth={"failure_delay": 0, "failure_slots": 10})
    call = await caller.open(server)
    template = caller.headers(server, key="a-test-key", secret=WRONG)

    async def attack(count: int) -> int:
        refused = 0
        for _ in range(count):
            headers = template | {"Audiohook-Session-Id": str(uuid.uuid4())}
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"GET /audiohook/ws HTTP/1.1\r\n{lines}\r\n".encode())
            refused += (await reader.read()).startswith(b"HTTP/1.1 401 ")
            writer.close()
        return refused

    async def wave(count: int) -> int:
        return sum(await asyncio.gather(*(attack(count // 10) for _ in range(10))))

    assert await wave(5_000) == 5_000
    before = resident()
    await call.send("ping")
    assert (await call.receive())["type"] == "pong"
    assert await wave(5_000) == 5_000
    assert resident() - before < 5_000_000
    await call.send("ping")
    assert (await call.receive())["type"] == "pong"
    await call.close()
    refused = server.metrics.value("audiohook.upgrades", result="refused", reason="signature_wrong")
    assert refused == 10_000


# routes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "suffix"),
    [
        ("/audiohook/ws", ""),
        ("/audiohook/ws/", ""),
        ("/audiohook/ws/bot-7", "bot-7"),
        ("/audiohook/ws/a/b%20c", "a/b c"),
        ("/audiohook/ws/bot?x=1", "bot"),
    ],
)
async def test_path_is_a_prefix_and_what_follows_reaches_plugins(
    serve: Any, caller: Any, path: str, suffix: str
) -> None:
    watcher = Watcher()
    server = await serve({"watcher": watcher})
    call = await caller.open(server, path)
    assert call.answer["type"] == "opened"
    assert watcher.suffixes == [suffix]


@pytest.mark.parametrize("path", ["/", "/audiohook", "/audiohook/wss", "/Audiohook/ws", "/health/lively"])
async def test_other_paths_are_unknown_at_once(serve: Any, ask: Any, public: Any, path: str) -> None:
    server = await serve(auth={"failure_delay": 10})
    status, _, _ = await ask(public(server) + path)
    assert status == 404
    assert not server.registry.connections


@pytest.mark.parametrize("prefix", ["/", "/{name}/µ", "/trailing/"])
async def test_odd_prefixes_are_taken_literally(serve: Any, caller: Any, prefix: str) -> None:
    from yarl import URL

    server = await serve(server={"port": 0, "admin_port": None, "path": prefix})
    raw = URL.build(path=prefix.rstrip("/") + "/bot").raw_path
    assert await status_of(caller, server, raw) == 101


async def test_authentic_request_that_is_no_websocket_is_told_so(
    serve: Any, caller: Any, ask: Any, public: Any
) -> None:
    server = await serve()
    url = public(server) + "/audiohook/ws"
    status, _, headers = await ask(url, caller.headers(server))
    assert (status, headers["Upgrade"], headers["Sec-WebSocket-Version"]) == (426, "websocket", "13")
    status, _, _ = await ask(url, {"Upgrade": "websocket", "Connection": "upgrade"} | caller.headers(server))
    assert status == 426
    status, _, _ = await ask(url, method="POST")
    assert status == 405


async def test_behind_a_proxy_that_changes_host_and_path(serve: Any, caller: Any) -> None:
    server = await serve(
        server={
            "port": 0,
            "admin_port": 0,
            "public_authorities": ["audio.example.com"],
            "public_path_prefix": "/edge",
        }
    )
    headers = caller.headers(server, "/edge/audiohook/ws", host="audio.example.com")
    headers["Host"] = "10.0.0.7:8080"
    socket = await caller.http.ws_connect(server.url, headers=headers)
    await socket.close()


async def test_no_subprotocol_and_no_compression_is_agreed(serve: Any, caller: Any) -> None:
    server = await serve()
    socket = await caller.http.ws_connect(
        server.url, headers=caller.headers(server), protocols=("audiohook",), compress=15
    )
    assert (socket.protocol, socket.compress) == (None, 0)
    await socket.close()


# the call ---------------------------------------------------------------------------------------


async def test_call_ends_as_it_should_when_the_client_just_goes(
    serve: Any, caller: Any, eventually: Any
) -> None:
    watcher = Watcher()
    server = await serve({"watcher": watcher})
    call = await caller.open(server)
    assert server.metrics.value("audiohook.upgrades", result="accepted", reason="") == 1
    call.socket._response.connection.transport.abort()
    await eventually(lambda: watcher.ended)
    await server.registry.idle()
    assert watcher.ended == ["lost"]


async def test_call_ends_as_it_should_when_aiohttp_gives_up_the_handler(
    serve: Any, caller: Any, eventually: Any
) -> None:
    watcher = Watcher()
    server = await serve({"watcher": watcher})
    await caller.open(server)
    (handler,) = server._public._open
    handler._task_handler.cancel()
    handler.transport.abort()
    await eventually(lambda: watcher.ended)
    assert watcher.ended == ["lost"]


async def test_handler_that_a_plugin_makes_gets_its_end_once(serve: Any, caller: Any) -> None:
    ends: list[str] = []

    class Plugin:
        @hookimpl
        def create_handler(self, session: Any) -> SessionHandler:
            class Handler(SessionHandler):
                async def on_end(self, summary: Any) -> None:
                    ends.append(session.id)

            return Handler()

    server = await serve({"plugin": Plugin()})
    calls = [await caller.open(server) for _ in range(3)]
    await calls[0].close()
    calls[1].socket._response.connection.transport.abort()
    await server.stop()
    assert sorted(ends) == sorted(call.session for call in calls)


async def test_trace_context_of_the_request_is_the_parent(serve: Any, caller: Any) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    server = await serve(options={"tracing": Tracing(provider)})
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    call = await caller.open(server, traceparent=f"00-{trace}-{parent}-01")
    await call.close()
    await server.registry.idle()
    (span,) = [span for span in exporter.get_finished_spans() if span.name == "audiohook.session"]
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (trace, parent)
