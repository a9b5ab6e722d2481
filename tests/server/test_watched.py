"""What the watchdog finds in a real server: who is in which call, and who must not be called any more."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from aiohttp import web

from audiohook_fw.plugin import Running, SessionHandler, hookimpl


class Slow:
    """Is in `on_opened` for as long as the test likes."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.ended = asyncio.Event(), asyncio.Event(), False

    @hookimpl
    async def on_opened(self) -> None:
        self.begun.set()
        await self.go_on.wait()

    @hookimpl
    def on_end(self) -> None:
        self.ended = True


async def test_hooks_that_run_are_shown_and_reported(
    serve: Any, caller: Any, ask: Any, bearer: Any, eventually: Any
) -> None:
    slow = Slow()
    server = await serve({"slow": slow}, limits={"slow_hook": 0.05})
    line = await caller.open(server)
    await slow.begun.wait()
    _, body, _ = await ask(f"{server.admin_url}/admin/hooks", bearer)
    (shown,) = json.loads(body)["running"]
    assert shown.pop("seconds") > 0
    assert shown == {"plugin": "slow", "hook": "on_opened", "session_id": line.session}
    count = lambda: server.metrics.value("audiohook.hook.slow", plugin="slow", hook="on_opened")  # noqa: E731
    await eventually(lambda: count() == 1)
    slow.go_on.set()
    await line.close()
    await eventually(lambda: slow.ended)
    assert count() == 1


class Talk:
    """Has a handler, a policy and a page, and says where it is."""

    def __init__(self) -> None:
        self.server: Any = None
        self.log: list[Any] = []

    def look(self, what: str) -> None:
        self.log.append((what, self.server.plugins.who_runs(sys._getframe())))

    @hookimpl
    def on_open(self) -> None:
        self.look("on_open")

    @hookimpl
    def create_handler(self) -> SessionHandler:
        return _Talk(self)

    @hookimpl
    def register_routes(self, routes: Any) -> None:
        async def page(_: web.Request) -> web.Response:
            self.look("page")
            return web.Response(text="the page")

        routes.add("GET", "/page", page, public=True)


class _Talk(SessionHandler):
    def __init__(self, plugin: Talk) -> None:
        self.plugin = plugin

    def on_dtmf(self) -> None:
        self.plugin.look("on_dtmf")

    def on_close(self) -> None:
        self.plugin.look("on_close")

    def on_end(self) -> None:
        self.plugin.look("on_end")


async def test_who_blocked_too_often_is_out_of_running_and_new_calls_and_its_pages_are_gone(
    serve: Any, caller: Any, ask: Any, public: Any, bearer: Any, eventually: Any
) -> None:
    talk = Talk()
    server = talk.server = await serve({"talk": talk})
    page = f"{public(server)}/plugins/talk/page"
    line = await caller.open(server)
    await line.send("dtmf", digit="1")
    await eventually(lambda: len(talk.log) == 2)
    assert (await ask(page))[0] == 200
    for _ in range(3):
        server.watchdog._watched.blocked(Running("talk", "route"))
    assert (await ask(page))[0] == 503
    await line.send("dtmf", digit="2")
    await line.close()
    other = await caller.open(server)
    assert other.answer["type"] == "opened"  # its `on_open` would have been ignored, had it failed
    await other.close()
    await eventually(lambda: len(talk.log) == 5)
    assert talk.log == [
        ("on_open", Running("talk", "on_open", line.session)),
        ("on_dtmf", Running("talk", "on_dtmf", line.session)),
        ("page", Running("talk", "route")),
        ("on_close", Running("talk", "on_close", line.session)),
        ("on_end", Running("talk", "on_end", line.session)),
    ]
    assert server.metrics.value("audiohook.quarantines", plugin="talk", scope="process") == 1


async def test_blocks_are_shown(serve: Any, ask: Any, bearer: Any) -> None:
    server = await serve({"talk": Talk()})
    server.watchdog._on_block(1.0, 2.5, Running("talk", "on_open", "s-1"))
    _, body, _ = await ask(f"{server.admin_url}/admin/hooks", bearer)
    (shown,) = json.loads(body)["blocks"]
    assert shown.pop("ended_at").endswith("+00:00")
    assert shown == {"plugin": "talk", "hook": "on_open", "session_id": "s-1", "seconds": 2.5}


async def test_each_server_of_a_process_has_its_own_watchdog_until_it_stops(serve: Any) -> None:
    servers = [await serve() for _ in range(2)]
    assert servers[0].watchdog is not servers[1].watchdog
    for server in servers:
        assert not server.watchdog._stopped.is_set()
        await server.stop()
        assert server.watchdog._stopped.is_set()
