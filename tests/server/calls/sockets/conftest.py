"""Calls over real sockets: a small server around `Connection`, and plugins that watch or decide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from types import SimpleNamespace
from typing import Any, TypeVar, cast
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel

from audiohook_fw.auth import Credential, Upgrade
from audiohook_fw.config import Settings
from audiohook_fw.plugin import (
    PluginInfo,
    PluginManager,
    ServerContext,
    SessionHandler,
    hookimpl,
    load_plugins,
)
from audiohook_fw.server.call_socket import CallSocket
from audiohook_fw.server.connection import Connection
from audiohook_fw.server.registry import Registry
from audiohook_fw.server.services import Services
from audiohook_fw.session import BlockingPools
from audiohook_fw.telemetry import Metrics, Tracing

M = TypeVar("M", bound=BaseModel)

ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"


class House:
    """One server: plugins, services, and a port where every connection is let in."""

    def __init__(self, exporter: InMemorySpanExporter, make_caller: Callable[..., Any]) -> None:
        self.settings = Settings()
        self.exporter = exporter
        self._make_caller = make_caller
        self.provider = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(exporter))
        self.metrics = Metrics()
        self.connections: list[Connection] = []
        self.callers: list[Any] = []
        self.failures: list[BaseException] = []
        self.languages: list[str] | None = None  # of a plugin that does nothing else
        self.plugins: PluginManager
        self.services: Services
        self._upgrades: dict[str, Upgrade] = {}
        self._session: aiohttp.ClientSession
        self._runner: web.AppRunner | None = None
        self._port = 0

    def limit(self, **limits: Any) -> None:
        """Change limits, also to such as a configuration would not allow; before `start`."""
        changed = self.settings.limits.model_copy(update=limits)
        self.settings = self.settings.model_copy(update={"limits": changed})

    async def start(self, **plugins: object) -> None:
        if self.languages is not None:
            plugins["speaks"] = Speaks(self.languages)
        options = SimpleNamespace(
            enabled=[], disabled=[], required=[], order=list(plugins), directory=None, modules=[]
        )
        self.plugins = await asyncio.to_thread(
            load_plugins,
            options,
            _section,
            self.settings.limits,
            extra=plugins,
            metrics=self.metrics,
            version="0.1.0",
        )
        assert {p.name for p in self.plugins.plugins} == set(plugins), self.plugins.records
        self.services = Services(
            self.settings,
            self.plugins,
            self.metrics,
            Tracing(self.provider),
            Registry(self.settings.limits.calls),
            BlockingPools(2),
        )
        await self.plugins.ask_languages(cast("ServerContext", None))
        app = web.Application()
        app.router.add_get("/{token}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        upgrade = self._upgrades.pop(request.match_info["token"])
        socket = CallSocket(
            timeout=2.0,
            autoping=False,
            compress=False,
            max_msg_size=self.settings.limits.message_bytes + 1,
        )
        await socket.prepare(request)
        connection = Connection(
            self.services,
            upgrade,
            socket,
            path_suffix="suffix",
            context=self.services.tracing.extract(request.headers),
            transport=request.transport,
        )
        self.connections.append(connection)
        try:
            await connection.start()
        except Exception as error:
            self.failures.append(error)
        return socket

    async def call(
        self,
        *,
        session_id: str = "",
        api_key: str = "key",
        secret: bytes = b"",
        headers: Mapping[str, str] | None = None,
        **credential: Any,
    ) -> Any:
        """Connect; nothing is said yet."""
        secrets = {"secrets": (secret,)} if secret else {"unsigned": True}
        access = Credential(api_key=api_key, name="test", **secrets, **credential)
        session_id = session_id or str(uuid4())
        upgrade = Upgrade(access, ORGANIZATION, session_id, str(uuid4()), None, "127.0.0.1")
        token = str(uuid4())
        self._upgrades[token] = upgrade
        socket = await self._session.ws_connect(
            f"http://127.0.0.1:{self._port}/{token}", max_msg_size=0, headers=headers
        )
        caller = self._make_caller(socket, session_id, access.product == "connector")
        self.callers.append(caller)
        return caller

    async def opened(self, **options: Any) -> Any:
        """Connect and open; the call is accepted."""
        opening = options.pop("open", {})
        caller = await self.call(**options)
        assert (await caller.open(**opening))["type"] == "opened", caller.got
        return caller

    async def idle(self, seconds: float = 300.0) -> None:
        """Wait until every connection has ended."""
        async with asyncio.timeout(seconds):
            await self.services.registry.idle()

    def value(self, name: str, **attributes: str) -> float:
        return self.metrics.value(f"audiohook.{name}", **attributes)

    async def stop(self) -> None:
        if self._runner is None:
            return
        for caller in self.callers:
            await caller.socket.close()
            await caller.reader
        await self.idle()
        await self._session.close()
        await self._runner.cleanup()
        self.services.pools.close()
        self.metrics.shutdown()


def _section(name: str, model: type[M]) -> M:
    return model()


class Speaks:
    """Tells languages, and does nothing else."""

    def __init__(self, languages: list[str]) -> None:
        self.languages = languages

    @hookimpl
    def supported_languages(self) -> list[str]:
        return self.languages


class Ear:
    """Hears everything, inline or in a lane, and notes how each of its calls went."""

    def __init__(
        self, *, lane: bool = False, opened: float = 0.0, closing: float = 0.0, ending: float = 0.0
    ) -> None:
        self.lane = lane
        self.opened = opened
        self.closing = closing
        self.ending = ending
        self.heard = bytearray()
        self.position = 0
        self.log: list[str] = []
        self.decided: list[Any] = []
        self.session: Any = None
        self.on_opened: Any = None

    @hookimpl
    def on_decided(self, decision: Any) -> None:
        self.decided.append(decision)

    @hookimpl
    def create_handler(self, session: Any) -> SessionHandler:
        self.session = session
        return (_Lane if self.lane else _Inline)(self)

    def hear(self, frame: Any) -> None:
        assert frame.position == self.position + frame.gap_before
        self.position = frame.end
        self.heard += frame.payload


class _Inline(SessionHandler):
    def __init__(self, ear: Ear) -> None:
        self.ear = ear

    def on_opened(self) -> None:
        self.ear.log.append("opened")
        if self.ear.on_opened is not None:
            self.ear.on_opened(self.ear.session)

    def on_audio(self, frame: Any) -> None:
        self.ear.hear(frame)

    def on_close(self, reason: Any) -> None:
        self.ear.log.append(f"close {reason}")

    def on_end(self, summary: Any) -> None:
        self.ear.log.append(f"end {summary.reason}")


class _Lane(SessionHandler):
    def __init__(self, ear: Ear) -> None:
        self.ear = ear

    async def on_opened(self) -> None:
        await asyncio.sleep(self.ear.opened)
        self.ear.log.append("opened")

    async def on_audio(self, frame: Any) -> None:
        self.ear.hear(frame)

    async def on_close(self, reason: Any) -> None:
        self.ear.log.append(f"close {reason}")
        await asyncio.sleep(self.ear.closing)

    async def on_end(self, summary: Any) -> None:
        self.ear.log.append(f"end {summary.reason}")
        await asyncio.sleep(self.ear.ending)


class Policy:
    """Decides as told, after a while."""

    def __init__(self, answer: Any = None, seconds: float = 0.0, info: PluginInfo | None = None) -> None:
        self.answer = answer
        self.seconds = seconds
        self.finished = False
        if info is not None:
            self.info = info

    @hookimpl
    async def on_open(self) -> Any:
        await asyncio.sleep(self.seconds)
        self.finished = True
        return self.answer


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def house(exporter: InMemorySpanExporter, make_caller: Any) -> AsyncIterator[House]:
    """A server that is not started yet; at the end nothing of it may be left."""
    loop = asyncio.get_running_loop()
    unhandled: list[Mapping[str, Any]] = []
    loop.set_exception_handler(lambda _, context: unhandled.append(context))
    before = asyncio.all_tasks()
    house = House(exporter, make_caller)
    yield house
    await house.stop()
    for _ in range(3):
        await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() - before if task.get_name().startswith("audiohook-")]
    assert left == []
    assert unhandled == []
    assert house.failures == []


@pytest.fixture
def make_ear() -> type[Ear]:
    """Make plugins that hear everything."""
    return Ear


@pytest.fixture
def make_policy() -> type[Policy]:
    """Make plugins that decide."""
    return Policy


@pytest.fixture
def lived() -> Callable[[str], list[str]]:
    """Return what the log of an ear says of a whole call."""
    return lambda reason: ["opened", f"close {reason}", f"end {reason}"]


@pytest.fixture
def now() -> Callable[[], float]:
    """Read the loop's clock."""
    return lambda: asyncio.get_running_loop().time()
