"""What the server tests share: servers on free loopback ports, callers, raw sockets, virtual time."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from blockbuster import blockbuster_ctx

from audiohook_fw.auth import sign
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import load_plugins
from audiohook_fw.server import AudiohookServer
from audiohook_fw.telemetry import Metrics
from audiohook_fw.testing import VirtualLoop

API_KEY = "a-test-key"
SECRET = b64encode(b"a secret of the tests, 32 bytes.").decode()
ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"
TOKEN = "a-token-for-the-admin-port"
NUMBER = "+49 151 2345678"
VIRTUAL = {"test_drain", "test_credential_cache", "test_health"}


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Virtual time where nothing but time passes; real time where sockets are."""
    if item.path.stem in VIRTUAL:
        return {"virtual": VirtualLoop}
    return {"real": asyncio.SelectorEventLoop}


@pytest.fixture(autouse=True)
def nothing_blocks() -> Iterator[None]:
    """Fail a test in which our code blocks the event loop."""
    # The loop of virtual time is below everything that runs in it, and not what is watched.
    with blockbuster_ctx("audiohook_fw", excluded_modules=["audiohook_fw.testing"]):
        yield


@pytest.fixture
def settings() -> Callable[..., Settings]:
    """Make settings: loopback, free ports, one key, and no long wait; sections are merged in."""

    def make(**sections: Mapping[str, Any]) -> Settings:
        given: dict[str, dict[str, Any]] = {
            "server": {"port": 0, "admin_port": 0, "balancer_grace": 0, "reconnect_spread": 0},
            "auth": {
                "keys": [{"name": "main", "api_key": API_KEY, "secrets": [SECRET]}],
                "failure_delay": 0.01,
            },
            "limits": {"keepalive": 5.0},
        }
        for name, section in sections.items():
            given[name] = given.get(name, {}) | dict(section)
        return Settings.model_validate(given)

    return make


Serve = Callable[..., Awaitable[AudiohookServer]]


@pytest.fixture
async def serve(settings: Callable[..., Settings]) -> AsyncIterator[Serve]:
    """Start servers with plugins at hand; they are stopped after the test."""
    async with AsyncExitStack() as stack:

        async def start(
            plugins: Mapping[str, object] | None = None,
            /,
            given: Settings | None = None,
            options: Mapping[str, Any] | None = None,
            **sections: Mapping[str, Any],
        ) -> AudiohookServer:
            made = given or settings(**sections)
            metrics = Metrics()
            manager = await asyncio.to_thread(
                lambda: load_plugins(
                    made.plugins.model_copy(update={"enabled": []}),
                    Loaded.of(made).plugin_section,
                    made.limits,
                    extra=plugins or {},
                    metrics=metrics,
                )
            )
            stack.callback(metrics.shutdown)
            arguments: dict[str, Any] = {"metrics": metrics, "admin_token": TOKEN} | dict(options or {})
            server = AudiohookServer(made, manager, **arguments)
            return await stack.enter_async_context(server)

        yield start


@dataclass
class Caller:
    """Opens connections and calls, as a client does."""

    http: aiohttp.ClientSession
    sockets: list[aiohttp.ClientWebSocketResponse] = field(default_factory=list)

    def headers(
        self,
        server: AudiohookServer,
        path: str = "/audiohook/ws",
        *,
        host: str = "",
        key: str = API_KEY,
        secret: str | None = SECRET,
        session: str = "",
        **extra: str,
    ) -> dict[str, str]:
        """Return the headers of an upgrade request, signed unless there is no secret."""
        headers = {
            "Host": host or f"127.0.0.1:{server.port}",
            "Audiohook-Organization-Id": ORGANIZATION,
            "Audiohook-Session-Id": session or str(uuid.uuid4()),
            "Audiohook-Correlation-Id": str(uuid.uuid4()),
            "X-API-KEY": key,
            **{name.replace("_", "-"): value for name, value in extra.items()},
        }
        if secret is not None:
            headers |= sign(
                target=path,
                authority=headers["Host"],
                headers=headers,
                secret=b64decode(secret),
                key_id=key,
                nonce=uuid.uuid4().hex,
                created=int(time.time()),
            )
        return headers

    async def connect(
        self,
        server: AudiohookServer,
        path: str = "/audiohook/ws",
        *,
        scheme: str = "ws",
        ssl: Any = True,
        **given: Any,
    ) -> aiohttp.ClientWebSocketResponse:
        """Upgrade; raises `aiohttp.WSServerHandshakeError` when refused."""
        url = f"{scheme}://127.0.0.1:{server.port}{path}"
        socket = await self.http.ws_connect(url, headers=self.headers(server, path, **given), ssl=ssl)
        self.sockets.append(socket)
        return socket

    async def open(self, server: AudiohookServer, path: str = "/audiohook/ws", **given: Any) -> Line:
        """Upgrade and open a call; returns when it is answered."""
        session = str(uuid.uuid4())
        return await self.say_open(await self.connect(server, path, session=session, **given), session)

    async def say_open(self, socket: aiohttp.ClientWebSocketResponse, session: str) -> Line:
        """Open a call on a connection; returns when it is answered."""
        line = Line(socket, session)
        await line.send(
            "open",
            organizationId=ORGANIZATION,
            conversationId=str(uuid.uuid4()),
            participant={"id": str(uuid.uuid4()), "ani": NUMBER, "aniName": "Ada", "dnis": "+1 800"},
            media=[{"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}],
        )
        line.answer = await line.receive()
        return line


@dataclass
class Line:
    """One call, message by message."""

    socket: aiohttp.ClientWebSocketResponse
    session: str
    seq: int = 0
    heard: int = 0
    answer: Mapping[str, Any] = field(default_factory=dict)

    async def send(self, kind: str, **parameters: Any) -> None:
        self.seq += 1
        await self.socket.send_json(
            {
                "version": "2",
                "id": self.session,
                "type": kind,
                "seq": self.seq,
                "serverseq": self.heard,
                "position": "PT0S",
                "parameters": parameters,
            }
        )

    async def receive(self) -> Mapping[str, Any]:
        message = json.loads(await self.socket.receive_str(timeout=5))
        self.heard = message["seq"]
        return dict(message)

    async def close(self) -> None:
        """End the call as a client does."""
        await self.send("close", reason="end")
        while (await self.receive())["type"] != "closed":
            pass
        await self.socket.close()


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        caller = Caller(http)
        yield caller
        for socket in caller.sockets:
            await socket.close()


@pytest.fixture
async def connect() -> AsyncIterator[
    Callable[..., Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
]:
    """Open bare connections; they are closed after the test."""
    writers: list[asyncio.StreamWriter] = []

    async def open_connection(
        server: AudiohookServer, host: str = "127.0.0.1", **given: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(host, server.port, **given)
        writers.append(writer)
        return reader, writer

    yield open_connection
    for writer in writers:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


Get = Callable[..., Awaitable[tuple[int, bytes, Mapping[str, str]]]]


@pytest.fixture
def ask(caller: Caller) -> Get:
    """Send one request; return status, body and headers of the answer."""

    async def send(
        url: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> tuple[int, bytes, Mapping[str, str]]:
        async with caller.http.request(method, url, headers=headers) as response:
            return response.status, await response.read(), response.headers

    return send


@pytest.fixture
def public() -> Callable[[AudiohookServer], str]:
    """Return the HTTP URL of the public port."""
    return lambda server: f"http://127.0.0.1:{server.port}"


@pytest.fixture
def bearer() -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Wait until something is true; fail after 5 s."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def until() -> Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]:
    """Ask again and again until the answer is yes; fail after 10 s."""

    async def wait(condition: Callable[[], Awaitable[object]]) -> None:
        async with asyncio.timeout(10):
            while not await condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def secret_names() -> tuple[str, ...]:
    """Texts that must never be seen."""
    return (API_KEY, SECRET, NUMBER, TOKEN)


@pytest.fixture
def free_path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audiohook-fw" / "admin-token"
