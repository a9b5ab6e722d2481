"""Serve `GET /plugins/register_routes/about` on `server.port`, for everybody."""

from __future__ import annotations

from aiohttp import web

from audiohook_fw import HOOK_API_VERSION, Routes, __version__, hookimpl


async def about(request: web.Request) -> web.StreamResponse:
    """Say what runs here."""
    return web.json_response({"version": __version__, "hooks": HOOK_API_VERSION})


@hookimpl
def register_routes(routes: Routes) -> None:
    """Without `public=True` the route would be on the admin port, behind its token."""
    routes.add("GET", "/about", about, public=True)
