"""The admin port: who may use it, and what it shows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from audiohook_fw.plugin import PluginInfo, PluginRecord, PluginStatus, hookimpl
from audiohook_fw.server import plugin_json

PATHS = (
    "/metrics",
    "/admin/status",
    "/admin/plugins",
    "/admin/sessions",
    "/admin/hooks",
    "/admin/config",
    "/plugins/own/page",
)


class Own:
    """Has a page on the admin port."""

    info = PluginInfo(summary="has a page")

    @hookimpl
    def register_routes(self, routes: Any) -> None:
        async def page(_: web.Request) -> web.Response:
            return web.Response(text="the page")

        routes.add("GET", "/page", page)


async def test_everything_but_health_needs_the_token(serve: Any, ask: Any, bearer: Any) -> None:
    server = await serve({"own": Own()})
    for path in PATHS:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": bearer["Authorization"][7:]},
        ):
            status, body, answered = await ask(server.admin_url + path, headers)
            assert (status, answered["WWW-Authenticate"]) == (401, "Bearer"), path
            assert b"audiohook" not in body
        assert (await ask(server.admin_url + path, bearer))[0] == 200, path
    for path in ("/health/live", "/health/ready"):
        assert (await ask(server.admin_url + path))[0] == 200


async def test_unknown_paths_need_the_token_too(serve: Any, ask: Any, bearer: Any) -> None:
    server = await serve()
    assert (await ask(f"{server.admin_url}/nothing"))[0] == 401
    assert (await ask(f"{server.admin_url}/nothing", bearer))[0] == 404


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:{port}", True),
        ("localhost:{port}", True),
        ("LOCALHOST", True),
        ("[::1]:{port}", True),
        ("192.0.2.1", True),
        ("node-7:{port}", True),
        ("evil.example.com:{port}", False),
        ("127.0.0.1.evil.example.com", False),
        ("", False),
    ],
)
async def test_name_that_a_web_page_rebound_is_refused(
    serve: Any, ask: Any, bearer: Any, host: str, allowed: bool
) -> None:
    server = await serve(server={"port": 0, "admin_port": 0, "node": "node-7"})
    headers = bearer | {"Host": host.format(port=server.admin_port)}
    status, _, _ = await ask(f"{server.admin_url}/admin/status", headers)
    assert status == (200 if allowed else 421)


async def test_nothing_of_it_is_on_the_public_port(serve: Any, ask: Any, public: Any, bearer: Any) -> None:
    server = await serve({"own": Own()})
    for path in PATHS:
        assert (await ask(public(server) + path, bearer))[0] == 404


async def test_calls_are_not_served_on_the_admin_port(serve: Any, ask: Any, caller: Any, bearer: Any) -> None:
    server = await serve()
    headers = caller.headers(server) | bearer
    assert (await ask(f"{server.admin_url}/audiohook/ws", headers))[0] == 404


async def test_status_counts_what_is_there(serve: Any, ask: Any, caller: Any, bearer: Any) -> None:
    class Ill:
        @hookimpl
        def check_health(self) -> str:
            return "the disk is full"

    server = await serve({"ill": Ill()}, server={"port": 0, "admin_port": 0, "node": "node-7"})
    await caller.open(server)
    _, body, _ = await ask(f"{server.admin_url}/admin/status", bearer)
    status = json.loads(body)
    assert status.pop("version")
    assert status == {
        "node": "node-7",
        "status": "ready",
        "calls": 1,
        "connections": 1,
        "problems": {"ill": "the disk is full"},
    }
    assert (await ask(f"{server.admin_url}/health/ready"))[0] == 503


async def test_sessions_are_listed_without_personal_data(
    serve: Any, ask: Any, caller: Any, bearer: Any, secret_names: Any
) -> None:
    server = await serve()
    call = await caller.open(server)
    _, body, _ = await ask(f"{server.admin_url}/admin/sessions", bearer)
    (session,) = json.loads(body)
    assert session["id"] == call.session
    assert session["key"] == "main"
    assert session["state"] == "open"
    assert session["media"] == {"format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
    assert session["position"] == 0.0
    assert not [text for text in (*secret_names, "Ada", "+1 800") if text in body.decode()]


async def test_configuration_is_shown_without_secrets(
    serve: Any, ask: Any, bearer: Any, secret_names: Any
) -> None:
    server = await serve()
    _, body, _ = await ask(f"{server.admin_url}/admin/config", bearer)
    shown = json.loads(body)
    assert shown["auth"]["keys"][0]["name"] == "main"
    assert not [text for text in secret_names if text in body.decode()]


async def test_plugins_are_listed(serve: Any, ask: Any, bearer: Any) -> None:
    server = await serve({"own": Own()})
    _, body, _ = await ask(f"{server.admin_url}/admin/plugins", bearer)
    (own,) = [plugin for plugin in json.loads(body) if plugin["name"] == "own"]
    assert own["status"] == "active"
    assert own["summary"] == "has a page"
    assert own["hooks"] == {"register_routes": "process"}


def test_record_can_be_written_as_json() -> None:
    record = PluginRecord("x", status=PluginStatus.FAILED, error="needs a database")
    shown = json.loads(json.dumps(plugin_json(record)))
    assert (shown["status"], shown["error"], shown["order"]) == ("failed", "needs a database", -1)


async def test_metrics_are_those_of_the_server(serve: Any, ask: Any, caller: Any, bearer: Any) -> None:
    server = await serve()
    await caller.open(server)
    _, body, headers = await ask(f"{server.admin_url}/metrics", bearer)
    assert headers["Content-Type"].startswith("text/plain")
    lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
    assert 'audiohook_upgrades_total{reason="",result="accepted"} 1.0' in lines
    assert "audiohook_sessions_active 1.0" in lines
    assert "audiohook_connections 1.0" in lines
    assert "audiohook_draining 0.0" in lines


async def test_metrics_can_be_switched_off(serve: Any, ask: Any, bearer: Any) -> None:
    server = await serve(telemetry={"metrics": False})
    assert (await ask(f"{server.admin_url}/metrics", bearer))[0] == 404


async def test_drain_is_passed_on(serve: Any, ask: Any, bearer: Any) -> None:
    asked: list[str] = []
    server = await serve(options={"on_drain": lambda: asked.append("drain")})
    assert (await ask(f"{server.admin_url}/admin/drain", bearer))[0] == 405
    assert (await ask(f"{server.admin_url}/admin/drain", {}, "POST"))[0] == 401
    assert asked == []
    assert (await ask(f"{server.admin_url}/admin/drain", bearer, "POST"))[0] == 202
    assert asked == ["drain"]


async def test_without_somebody_to_ask_there_is_no_drain(serve: Any, ask: Any, bearer: Any) -> None:
    server = await serve()
    assert (await ask(f"{server.admin_url}/admin/drain", bearer, "POST"))[0] == 404
