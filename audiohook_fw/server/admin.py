"""The admin port: who may use it, and what the core itself shows there."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from audiohook_fw.config import Loaded, show_dict
from audiohook_fw.plugin import PluginManager, PluginRecord
from audiohook_fw.session import Session
from audiohook_fw.telemetry import Metrics

from .health import Health
from .registry import Registry
from .watchdog import Block, Watchdog

__all__ = ["Admin", "guard", "plugin_json", "session_json"]

_HOOKS: Final = 100  # hooks that are shown
_FREE: Final = frozenset({"/health/live", "/health/ready"})


class Admin:
    """What the core shows on the admin port. Nothing of it is personal or secret.

    Args:
        token: the bearer token.
        hosts: names, besides addresses and `localhost`, under which the port may be asked.
        node: name and `version` of the server.
        loaded: the configuration, shown without its secrets.
        on_drain: begins the end of the server; without it there is no `/admin/drain`.
    """

    def __init__(
        self,
        *,
        token: str,
        hosts: Sequence[str],
        node: str,
        version: str,
        loaded: Loaded,
        plugins: PluginManager,
        registry: Registry,
        metrics: Metrics,
        health: Health,
        watchdog: Watchdog,
        on_drain: Callable[[], None] | None = None,
    ) -> None:
        self.token = token
        self.hosts = frozenset(host.lower() for host in (*hosts, "localhost"))
        self._node = node
        self._version = version
        self._loaded = loaded
        self._plugins = plugins
        self._registry = registry
        self._metrics = metrics
        self._health = health
        self._watchdog = watchdog
        self._on_drain = on_drain

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        if self._loaded.settings.telemetry.metrics:
            router.add_get("/metrics", self.metrics)
        router.add_get("/admin/status", self.status)
        router.add_get("/admin/plugins", self.plugins)
        router.add_get("/admin/sessions", self.sessions)
        router.add_get("/admin/hooks", self.hooks)
        router.add_get("/admin/config", self.config)
        if self._on_drain is not None:
            router.add_post("/admin/drain", self.drain)

    async def metrics(self, _: web.Request) -> web.StreamResponse:
        """Answer with all metrics in Prometheus' text format."""
        text, content_type = self._metrics.render()
        return web.Response(body=text, headers={"Content-Type": content_type})

    async def status(self, _: web.Request) -> web.StreamResponse:
        """Answer with what runs here, how it is, and how much it does."""
        return web.json_response(
            {
                "node": self._node,
                "version": self._version,
                "status": self._health.phase,
                "calls": self._registry.calls,
                "connections": len(self._registry.connections),
                "problems": dict(await self._health.problems()),
            }
        )

    async def plugins(self, _: web.Request) -> web.StreamResponse:
        """Answer with every plugin that was found, and what became of it."""
        return web.json_response([plugin_json(record) for record in self._plugins.records])

    async def sessions(self, _: web.Request) -> web.StreamResponse:
        """Answer with the live calls: ids and how they stand."""
        return web.json_response([session_json(session) for session in self._registry.sessions()])

    async def hooks(self, _: web.Request) -> web.StreamResponse:
        """Answer with the hooks that run in lanes, the longest first, and with who blocked the event loop."""
        running = self._watchdog.slow.running(asyncio.get_running_loop().time())
        return web.json_response(
            {
                "running": [asdict(hook) | {"seconds": seconds} for hook, seconds in running[:_HOOKS]],
                "blocks": [block_json(block) for block in self._watchdog.blocks],
            }
        )

    async def config(self, _: web.Request) -> web.StreamResponse:
        """Answer with the configuration the server started with; secrets are hidden."""
        settings = {plugin.name: plugin.settings for plugin in self._plugins.plugins}
        models = {name: type(model) for name, model in settings.items() if model is not None}
        return web.json_response(show_dict(self._loaded, models))

    async def drain(self, _: web.Request) -> web.StreamResponse:
        """Begin to drain, as SIGTERM does."""
        if self._on_drain is not None:
            self._on_drain()
        return web.json_response({"status": "draining"}, status=202)


def guard(token: str, hosts: frozenset[str]) -> Middleware:
    """Return the middleware that lets nothing but health through without the token.

    It also wants a `Host` that is an address or a known name: a web page that rebinds its own name to
    this address cannot forge that header.
    """
    expected = token.encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in _FREE:
            if not _is_known(request.headers.get("Host", ""), hosts):
                raise web.HTTPMisdirectedRequest(text="unknown host")
            scheme, _, given = request.headers.get("Authorization", "").partition(" ")
            matches = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), expected)
            if scheme.lower() != "bearer" or not matches:
                raise web.HTTPUnauthorized(
                    headers={"WWW-Authenticate": "Bearer"}, text="a bearer token is needed"
                )
        return await handler(request)

    return check


def _is_known(host: str, names: frozenset[str]) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    if name.lower() in names:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def plugin_json(record: PluginRecord) -> Mapping[str, Any]:
    """Return a plugin's record as JSON can hold it."""
    fields = asdict(record)
    del fields["info"]
    info = record.info
    return {
        **fields,
        "summary": info.summary,
        "on_failure": info.on_failure,
        "overflow": info.overflow,
    }


def block_json(block: Block) -> Mapping[str, Any]:
    """Return a time in which the event loop stood still as JSON can hold it."""
    ended_at = datetime.fromtimestamp(block.ended_at, UTC).isoformat()
    return asdict(block.by) | {"ended_at": ended_at, "seconds": block.seconds}


def session_json(session: Session) -> Mapping[str, Any]:
    """Return how a call stands as JSON can hold it; ids, no personal data."""
    media = session.media
    return {
        "id": session.id,
        "conversation_id": session.conversation_id,
        "organization_id": session.organization_id,
        "correlation_id": session.correlation_id,
        "key": session.key_name,
        "product": session.product,
        "state": session.state,
        "started_at": session.started_at.isoformat(),
        "position": session.position / media.rate if media is not None else 0.0,
        "media": {"format": media.format, "channels": media.channels, "rate": media.rate} if media else None,
        "server_paused": session.server_paused,
        "client_paused": session.client_paused,
    }
