"""`ServerThread`: a real server on loopback, in a thread of its own, so that plain tests can use it."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar

from audiohook_fw.auth import decode_secret
from audiohook_fw.config import Loaded, Settings, new_key
from audiohook_fw.plugin import PluginRecord, load_plugins
from audiohook_fw.server import AudiohookServer
from audiohook_fw.stage import named, options_for

__all__ = ["ServerThread"]

T = TypeVar("T")

_PATIENCE: Final = 60.0  # real seconds for the server to start or to stop


class ServerThread:
    """A server with only the plugins named, on free ports of this machine; reads no files, no environment.

    Use it as a context manager, or call `start` and `stop`; the fixture does so.

    Args:
        plugins: classes, modules and instances, or what `-p` takes; each must load and start.
        settings: the plugins' sections, by name (a class `Alert` or `AlertPlugin` is named `alert`).
        product: of the one API key: `monitor`, `transcription` or `connector`.
        sections: the core's own settings: `limits={"calls": 1}`, `auth={…}`, `server={…}`, `telemetry={…}`.

    Raises:
        PluginLoadError, PluginConfigError: a plugin does not load, or its settings are wrong.
        TypeError: there are settings of a plugin that is not there, or two plugins have one name.

    Attributes:
        api_key: the key that may open calls.
        secret: its client secret, decoded.
        admin_token: for the admin port and the plugins' admin routes.
    """

    def __init__(
        self,
        *plugins: object,
        settings: Mapping[str, Mapping[str, object]] | None = None,
        product: Literal["monitor", "transcription", "connector"] = "monitor",
        **sections: Mapping[str, object],
    ) -> None:
        self.api_key, secret = new_key()
        self.secret: Final = decode_secret(secret)
        self.admin_token: Final = secrets.token_hex(16)
        self._loaded = Loaded.of(_settings(sections, self.api_key, secret, product), settings)
        options, objects = options_for(named(plugins, settings or {}))
        self._plugins = load_plugins(
            options, self._loaded.plugin_section, self._loaded.settings.limits, extra=objects
        )
        self._ready: Future[AudiohookServer] = Future()
        self._thread = threading.Thread(target=self._run, name="audiohook-test-server", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the thread, and return once calls are taken; raises what the server raises."""
        self._thread.start()
        self._ready.result(_PATIENCE)

    def stop(self) -> None:
        """Stop the server: calls that are left are cut, and end. Again does nothing.

        Raises:
            TimeoutError: the server does not stop, since something blocks it.
        """
        if not self._thread.is_alive():
            return
        with suppress(RuntimeError):  # the loop is closed: it did not start, and is about to end
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            raise TimeoutError("the server does not stop; does a plugin block its event loop?")

    @property
    def url(self) -> str:
        """The WebSocket's address."""
        return self._server.url

    @property
    def http_url(self) -> str:
        """The address of health and of public plugin routes, without a path."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def admin_url(self) -> str:
        """The admin port's address."""
        return str(self._server.admin_url)

    @property
    def calls(self) -> int:
        """How many calls are live."""
        return self._server.registry.calls

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """What became of the plugins."""
        return self._plugins.records

    def run(self, function: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
        """Run an async function in the server's loop, and return its result."""
        return asyncio.run_coroutine_threadsafe(function(*args), self._loop).result(_PATIENCE)

    @property
    def _server(self) -> AudiohookServer:
        if not self._ready.done():
            raise RuntimeError("the server is not started")
        return self._ready.result()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with AudiohookServer(self._loaded, self._plugins, admin_token=self.admin_token) as server:
            self._ready.set_result(server)
            await self._stop.wait()
        server.metrics.shutdown()


def _settings(
    sections: Mapping[str, Mapping[str, object]], api_key: str, secret: str, product: str
) -> Settings:
    key = {"name": "test", "api_key": api_key, "secrets": [secret], "product": product}
    given: dict[str, dict[str, object]] = {
        "server": {"port": 0, "admin_port": 0, "balancer_grace": 0},
        "auth": {"keys": [key]},
    }
    for name, section in sections.items():
        given[name] = given.get(name, {}) | dict(section)
    return Settings.model_validate(given)
