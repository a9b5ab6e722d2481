"""`AudiohookServer`: all parts of one server, put together, started and stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final, Self

from audiohook_fw.config import Loaded, Settings, default_admin_token_file
from audiohook_fw.plugin import PluginManager, Route, ServerContext
from audiohook_fw.session import BlockingPools
from audiohook_fw.telemetry import Metrics, Tracing

from .admin import Admin
from .admin_token import read_or_make_token
from .admission import Admission, read_keys
from .drain import drain
from .health import Health, Phase
from .listener import Listener
from .registry import Registry
from .routes import admin_app, public_app
from .services import Services
from .tls import make_tls
from .upgrade import UpgradeHandler
from .watchdog import Watchdog
from .watched import Watched

__all__ = ["AudiohookServer"]

logger = logging.getLogger(__name__)

_VERSION: Final = version("audiohook-fw")
_ADMIN_CONNECTIONS: Final = (
    100  # of people and scrapers; apart from `limits.connections`, so calls cannot lock them out
)
_HEALTH_TIMEOUT: Final = 2.0  # seconds for all `check_health` together
_MARGIN: Final = 1.0  # seconds on top of `limits.end_deadline`
_LATE: Final = 3.0  # seconds to send away who came right before a drained server closed its port
_LOOK: Final = 0.05  # seconds between two looks whether there are any


class AudiohookServer:
    """One AudioHook server. Several may live in one process.

    Use it as an async context manager, or call `start` and `stop`. Made and used in one event loop.

    Args:
        configuration: as `config.load` returns it, or settings made by hand.
        plugins: loaded, not started.
        metrics: where to count; its own by default.
        tracing: where spans go; the process-wide provider by default.
        reread: reads the configuration again for `reload`; blocks, so it is called in a thread.
        admin_token: of the admin port; without it the one in `server.admin_token_file`.
        on_drain: called when somebody asks `/admin/drain`; without it there is no such route.
        clock: wall time in Unix seconds, to check signatures against.

    Attributes:
        settings: as it started; `reload` changes only keys and certificate.
        registry: live connections and calls.
        health: what it says about itself.
        watchdog: what watches the event loop while the server runs.
        plugins, metrics: as given.
    """

    def __init__(
        self,
        configuration: Loaded | Settings,
        plugins: PluginManager,
        *,
        metrics: Metrics | None = None,
        tracing: Tracing | None = None,
        reread: Callable[[], Loaded | Settings] | None = None,
        admin_token: str | None = None,
        on_drain: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._loaded = configuration if isinstance(configuration, Loaded) else Loaded.of(configuration)
        self.settings: Final = self._loaded.settings
        self.plugins: Final = plugins
        self.metrics: Final = metrics or Metrics()
        self.registry: Final = Registry(self.settings.limits.calls)
        self.node: Final = self.settings.server.node or socket.gethostname()
        self._context = ServerContext(
            version=_VERSION,
            node=self.node,
            sessions=self.registry.sessions,
            meter=self.metrics.meter,
            announce=plugins.announce,
            is_heard=plugins.is_heard,
            is_emitted=plugins.is_emitted,
        )
        limits = self.settings.limits
        self.watchdog: Final = Watchdog(
            Watched(plugins, self.registry),
            self.metrics,
            block_timeout=limits.block_timeout,
            slow_hook=limits.slow_hook,
        )
        self.health: Final = Health(
            lambda: plugins.check_health(self._context, timeout=_HEALTH_TIMEOUT),
            is_stuck=lambda: self.watchdog.is_stuck,
        )
        self._services = Services(
            self.settings,
            plugins,
            self.metrics,
            tracing or Tracing(personal_data=self.settings.telemetry.personal_data),
            self.registry,
            BlockingPools(limits.pool_threads, queue=limits.pool_queue),
        )
        self._admission = Admission(self.settings, plugins, clock=clock)
        self._reread = reread
        self._admin_token = admin_token
        self._on_drain = on_drain
        self._public: Listener | None = None
        self._admin: Listener | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._drained = False
        self._upgrades: UpgradeHandler | None = None
        self._show()

    def __repr__(self) -> str:
        return f"<AudiohookServer {self.health.phase} {self.registry.calls} calls>"

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, without draining."""
        await self.stop()

    # where it is --------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The port for calls; once started, the real one."""
        return self._public.port if self._public else self.settings.server.port

    @property
    def admin_port(self) -> int | None:
        """The admin port; once started, the real one. `None` when there is none."""
        return self._admin.port if self._admin else self.settings.server.admin_port

    @property
    def url(self) -> str:
        """The WebSocket's URL as seen from this machine."""
        server = self.settings.server
        scheme = "wss" if server.tls_certificate else "ws"
        return f"{scheme}://{_reachable(server.host)}:{self.port}{server.path}"

    @property
    def admin_url(self) -> str | None:
        """The admin port's URL as seen from this machine; `None` when there is none."""
        port = self.admin_port
        return None if port is None else f"http://{_reachable(self.settings.server.admin_host)}:{port}"

    @property
    def admin_token_file(self) -> Path:
        """Where the admin token lies, unless one was given."""
        return self.settings.server.admin_token_file or default_admin_token_file(os.environ)

    # its life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start plugins, then listen; after it calls are taken.

        Raises:
            ConfigError: certificate, key, token file or an address is no good.
            PluginLoadError: a required plugin failed.
            In both cases, and when cancelled, everything that had begun is undone.
        """
        try:
            await self._start()
        except BaseException:
            await self._stop(0.0)
            raise
        self.health.phase = Phase.READY
        logger.info("calls are taken at %s", self.url)
        if self._admin is not None:
            token = "given by the program" if self._admin_token else f"in {self.admin_token_file}"
            logger.info("admin port at %s, its token is %s", self.admin_url, token)

    async def drain(self, *, grace: float | None = None, deadline: float | None = None) -> bool:
        """Let the calls run out; `stop` is still to be called.

        Args:
            grace: seconds for which new calls are still taken; `server.balancer_grace` by default.
            deadline: seconds after which calls are disconnected; `server.drain_deadline` by default.

        Returns:
            Whether all calls ended before the drain deadline.
        """
        self.health.phase = Phase.DRAINING
        grace = self.settings.server.balancer_grace if grace is None else grace
        drained = await drain(self.registry, self.settings, grace=grace, deadline=deadline)
        self._drained = True
        return drained

    async def stop(self, *, drain: bool = False, patience: float | None = None) -> None:
        """Cut what is left, let calls end, shut plugins down and close the ports. Again does nothing more.

        Args:
            drain: let the calls run out before.
            patience: seconds that calls which were cut have for their end; enough by default.
        """
        if drain and self._stopping is None:
            await self.drain()
        if patience is None:
            patience = self.settings.limits.end_deadline + _MARGIN
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(
                self._stop(patience), name="audiohook-stop"
            )
        await asyncio.shield(self._stopping)

    async def reload(self) -> None:
        """Read keys and TLS files again; all of it is taken or, on an error, nothing. No call is touched.

        Raises:
            ConfigError: or a group of them; what was valid before stays.
        """
        read = await asyncio.to_thread(self._reread) if self._reread else self._loaded
        settings = read.settings if isinstance(read, Loaded) else read
        credentials = read_keys(settings.auth.keys)
        tls = await asyncio.to_thread(make_tls, settings.server)
        self._admission.replace_keys(credentials)
        if self._public is not None:
            if (tls is None) is (self._public.tls is None):
                self._public.tls = tls
            else:
                logger.warning("TLS is switched on or off by a restart only")
        logger.info("reloaded: %d keys%s", len(credentials), ", the certificate" if tls else "")

    # inside -------------------------------------------------------------------------------------

    async def _start(self) -> None:
        self.watchdog.start()  # before any plugin runs
        server = self.settings.server
        tls = await asyncio.to_thread(make_tls, server)
        has_admin = server.admin_port is not None
        if has_admin and self._admin_token is None:
            token = await asyncio.to_thread(read_or_make_token, self.admin_token_file)
        else:
            token = self._admin_token or ""
        await self.plugins.startup(self._context)
        await self.plugins.ask_languages(self._context)
        routes = self.plugins.register_routes()
        self._upgrades = upgrade = UpgradeHandler(self._services, self._admission)
        self._public = Listener(
            public_app(upgrade, self.health, self.plugins, routes),
            host=server.host,
            port=server.port,
            settings=("server.host", "server.port"),
            limits=self.settings.limits,
            connections=self.settings.limits.connections,
            tls=tls,
            on_refused=self._count_refused,
        )
        await self._public.start()
        if server.admin_port is not None:
            self._admin = self._make_admin(server.admin_port, token, routes)
            await self._admin.start()

    def _make_admin(self, port: int, token: str, routes: tuple[Route, ...]) -> Listener:
        host = self.settings.server.admin_host
        admin = Admin(
            token=token,
            hosts=(host, self.node),
            node=self.node,
            version=self._context.version,
            loaded=self._loaded,
            plugins=self.plugins,
            registry=self.registry,
            metrics=self.metrics,
            health=self.health,
            watchdog=self.watchdog,
            on_drain=self._on_drain,
        )
        return Listener(
            admin_app(admin, self.health, self.plugins, routes),
            host=host,
            port=port,
            settings=("server.admin_host", "server.admin_port"),
            limits=self.settings.limits,
            connections=_ADMIN_CONNECTIONS,
        )

    async def _stop(self, patience: float) -> None:
        self.health.phase = Phase.STOPPED
        self.registry.draining = True
        if self._public is not None:
            await self._public.stop_accepting()
            if self._drained:
                await self._send_away(self._public)
        connections = self.registry.connections
        for connection in connections:
            await connection.abort()
        if connections:
            await _within(patience, self.registry.idle())
        await self.plugins.shutdown(self._context)
        self._services.pools.close()
        for listener in (self._public, self._admin):
            if listener is not None:
                await listener.close()
        self.watchdog.stop()
        logger.info("stopped")

    async def _send_away(self, listener: Listener) -> None:
        """Let those who came last get their `disconnect`: a client that is cut off would not come again."""
        upgrades, quiet = self._upgrades, 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_LATE):
                while quiet < 2:  # between an upgrade and the registry there is a turn of the loop
                    await asyncio.sleep(_LOOK)
                    busy = listener.arriving or (upgrades is not None and upgrades.upgrading)
                    quiet = 0 if busy else quiet + 1
                await self.registry.idle()

    def _count_refused(self) -> None:
        self.metrics.counter("audiohook.upgrades", result="refused", reason="too_many_connections").value += 1

    def _show(self) -> None:
        gauges: Mapping[str, Callable[[], float]] = {
            "audiohook.connections": lambda: self._public.connections if self._public else 0,
            "audiohook.sessions.active": lambda: self.registry.calls,
            "audiohook.draining": lambda: self.health.phase is Phase.DRAINING,
        }
        for name, read in gauges.items():
            self.metrics.gauge(name, read)


async def _within(seconds: float, waiting: Coroutine[None, None, None]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        logger.error("calls have not ended after %g s; they are left behind", seconds)


def _reachable(host: str) -> str:
    """Return an address that reaches a listener on this host setting, ready for a URL."""
    if host in ("", "0.0.0.0", "::"):
        return "127.0.0.1" if host != "::" else "[::1]"
    return f"[{host}]" if ":" in host else host
