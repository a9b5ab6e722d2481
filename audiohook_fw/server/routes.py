"""The two applications: what is served on `server.port`, and what on `server.admin_port`."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler

from audiohook_fw.plugin import PluginManager, Route, Running, tells
from audiohook_fw.telemetry import log_context

from .admin import Admin, guard
from .health import Health
from .http_protocol import make_app
from .upgrade import UpgradeHandler

__all__ = ["admin_app", "public_app"]

logger = logging.getLogger(__name__)


def public_app(
    upgrade: UpgradeHandler, health: Health, plugins: PluginManager, routes: Iterable[Route]
) -> web.Application:
    """Return what is served on `server.port`: calls, health and public plugin routes."""
    app = make_app()
    _add_health(app, health)
    _add_plugins(app, plugins, (route for route in routes if route.public))
    # All the rest: it knows its own path, which may hold what aiohttp's router takes for a pattern.
    app.router.add_route("*", "/{path:.*}", upgrade.handle)
    return app


def admin_app(
    admin: Admin, health: Health, plugins: PluginManager, routes: Iterable[Route]
) -> web.Application:
    """Return what is served on `server.admin_port`: health for everybody, the rest behind the token."""
    app = make_app(guard(admin.token, admin.hosts))
    _add_health(app, health)
    admin.add_to(app.router)
    _add_plugins(app, plugins, (route for route in routes if not route.public))
    return app


def _add_health(app: web.Application, health: Health) -> None:
    app.router.add_get("/health/live", health.live)
    app.router.add_get("/health/ready", health.ready)


def _add_plugins(app: web.Application, plugins: PluginManager, routes: Iterable[Route]) -> None:
    for route in routes:
        path = f"/plugins/{route.plugin}{route.path}"
        try:
            app.router.add_route(route.method, path, _guarded(route, plugins))
        except (ValueError, RuntimeError, AssertionError) as error:
            mend = "it is there already" if isinstance(error, RuntimeError) else f"{error}; correct its path"
            logger.error("plugin %s: route %s %s is not served: %s", route.plugin, route.method, path, mend)
            plugins.counters(route.plugin).fault("register_routes")


def _guarded(route: Route, plugins: PluginManager) -> Handler:
    """Return the plugin's handler; what it raises is logged and counted as its fault, and answered by 500."""

    @tells(lambda local: Running(local["route"].plugin, "route"))
    async def handle(request: web.Request) -> web.StreamResponse:
        if plugins.is_silenced(route.plugin):
            raise web.HTTPServiceUnavailable(text="the plugin is in quarantine")
        with log_context(plugin=route.plugin, hook="route"):
            try:
                response = route.handler(request)
                if inspect.isawaitable(response):
                    response = await response
            except (web.HTTPException, ConnectionError, KeyboardInterrupt, GeneratorExit):
                raise
            except BaseException as error:  # `sys.exit()` in a plugin's page must not end the server
                if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                    raise
                plugins.conduct.fault(route.plugin, "route", error)
                raise web.HTTPInternalServerError(text="the plugin failed") from None
        if isinstance(response, web.StreamResponse):
            return response
        plugins.conduct.fault(
            route.plugin, "route", TypeError(f"must return a response, not {type(response).__name__}")
        )
        raise web.HTTPInternalServerError(text="the plugin failed")

    return handle


def _is_cancelled() -> bool:
    """Tell whether somebody cancelled this request; a plugin may also raise the error by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
