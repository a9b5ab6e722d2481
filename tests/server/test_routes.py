"""Routes of plugins: where they are served, and what happens when they fail."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from audiohook_fw.plugin import hookimpl


class Pages:
    """Serves what a test gives it: (method, path, handler, public)."""

    def __init__(self, *pages: tuple[str, str, Any, bool]) -> None:
        self.pages = pages

    @hookimpl
    def register_routes(self, routes: Any) -> None:
        for method, path, handler, public in self.pages:
            routes.add(method, path, handler, public=public)


async def hello(request: web.Request) -> web.Response:
    return web.Response(text=f"hello {request.match_info.get('name', 'world')}")


async def test_public_and_admin_routes_are_each_on_their_port(
    serve: Any, ask: Any, public: Any, bearer: Any
) -> None:
    server = await serve({"one": Pages(("GET", "/in", hello, False), ("GET", "/out/{name}", hello, True))})
    assert await body_of(ask, f"{public(server)}/plugins/one/out/Ada") == (200, b"hello Ada")
    assert (await ask(f"{public(server)}/plugins/one/in"))[0] == 404
    assert await body_of(ask, f"{server.admin_url}/plugins/one/in", bearer) == (200, b"hello world")
    assert (await ask(f"{server.admin_url}/plugins/one/out/Ada", bearer))[0] == 404


async def test_each_plugin_has_its_own_place(serve: Any, ask: Any, public: Any) -> None:
    server = await serve(
        {"one": Pages(("POST", "/x", hello, True)), "two": Pages(("GET", "/x", hello, True))}
    )
    assert (await ask(f"{public(server)}/plugins/one/x", method="POST"))[0] == 200
    assert (await ask(f"{public(server)}/plugins/one/x"))[0] == 404
    assert (await ask(f"{public(server)}/plugins/two/x"))[0] == 200


async def raises(_: web.Request) -> web.Response:
    raise RuntimeError("a secret of the plugin")


async def returns_text(_: web.Request) -> Any:
    return "text"


def is_plain(_: web.Request) -> Any:
    return web.Response(text="plain")


async def refuses(_: web.Request) -> web.Response:
    raise web.HTTPConflict(text="not now")


async def exits(_: web.Request) -> web.Response:
    sys.exit("a secret of the plugin")


def exits_at_once(_: web.Request) -> web.Response:
    sys.exit(3)


async def waits_for_what_was_cancelled(_: web.Request) -> web.Response:
    task = asyncio.create_task(asyncio.sleep(1000))
    task.cancel()
    await task
    return web.Response()


@pytest.mark.parametrize(
    "handler", [raises, returns_text, exits, exits_at_once, waits_for_what_was_cancelled]
)
async def test_route_that_fails_is_the_plugins_fault_and_tells_nothing(
    serve: Any, ask: Any, public: Any, handler: Any
) -> None:
    server = await serve({"bad": Pages(("GET", "/x", handler, True), ("GET", "/fine", hello, True))})
    status, body, _ = await ask(f"{public(server)}/plugins/bad/x")
    assert status == 500
    assert b"secret" not in body
    assert server.metrics.value("audiohook.hook.faults", plugin="bad", hook="route") == 1
    assert (await ask(f"{public(server)}/plugins/bad/fine"))[0] == 200


async def test_a_request_that_is_cut_off_is_nobodys_fault(serve: Any, ask: Any, public: Any) -> None:
    begun, ended = asyncio.Event(), []

    async def waits(_: web.Request) -> web.Response:
        begun.set()
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append("cancelled")
        return web.Response()

    server = await serve({"slow": Pages(("GET", "/x", waits, True))})
    asking = asyncio.create_task(ask(f"{public(server)}/plugins/slow/x"))
    await begun.wait()
    await server.stop()
    await asyncio.wait({asking})
    assert isinstance(asking.exception(), aiohttp.ClientError)
    assert ended == ["cancelled"]
    assert server.metrics.value("audiohook.hook.faults", plugin="slow", hook="route") == 0


async def test_plain_functions_and_http_errors_are_answers(serve: Any, ask: Any, public: Any) -> None:
    server = await serve({"one": Pages(("GET", "/plain", is_plain, True), ("GET", "/busy", refuses, True))})
    assert await body_of(ask, f"{public(server)}/plugins/one/plain") == (200, b"plain")
    assert await body_of(ask, f"{public(server)}/plugins/one/busy") == (409, b"not now")
    assert server.metrics.value("audiohook.hook.faults", plugin="one", hook="route") == 0


@pytest.mark.parametrize("path", ["/{broken", "/{a}/{a}", "/{a:(}"])
async def test_impossible_route_costs_only_itself(serve: Any, ask: Any, public: Any, path: str) -> None:
    server = await serve({"odd": Pages(("GET", path, hello, True), ("GET", "/fine", hello, True))})
    assert (await ask(f"{public(server)}/plugins/odd/fine"))[0] == 200
    assert server.metrics.value("audiohook.hook.faults", plugin="odd", hook="register_routes") == 1


async def test_route_given_twice_is_served_once(serve: Any, ask: Any, public: Any) -> None:
    server = await serve({"odd": Pages(("GET", "/x", hello, True), ("GET", "/x", refuses, True))})
    assert (await ask(f"{public(server)}/plugins/odd/x"))[0] == 200
    assert server.metrics.value("audiohook.hook.faults", plugin="odd", hook="register_routes") == 1


async def body_of(ask: Any, url: str, headers: Any = None) -> tuple[int, bytes]:
    status, body, _ = await ask(url, headers)
    return status, body
