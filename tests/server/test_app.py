"""The server as a whole: the order of its start and end, reload, and several in one process."""

from __future__ import annotations

import asyncio
import gc
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from audiohook_fw.config import Settings
from audiohook_fw.errors import ConfigError, PluginLoadError
from audiohook_fw.plugin import PluginManager, hookimpl
from audiohook_fw.server import AudiohookServer, Phase


class Diary:
    """Writes down what happens, and whether the port was open then."""

    def __init__(self, *, fails: bool = False) -> None:
        self.events: list[str] = []
        self.fails = fails
        self.server: Any = None

    @hookimpl
    async def on_startup(self, server: Any) -> None:
        self.server = server
        self.events.append(f"startup on {server.node}")
        if self.fails:
            raise RuntimeError("no database")

    @hookimpl
    async def on_shutdown(self) -> None:
        self.events.append("shutdown")

    @hookimpl
    def register_routes(self) -> None:
        self.events.append("routes")

    @hookimpl
    async def supported_languages(self) -> list[str]:
        self.events.append("languages")
        return ["de-DE", "en-US"]

    @hookimpl
    async def on_opened(self, session: Any) -> None:
        self.events.append("opened")

    @hookimpl
    async def on_end(self, session: Any) -> None:
        await asyncio.sleep(0.01)
        self.events.append("end")


async def test_life_in_order(serve: Any, caller: Any, eventually: Any) -> None:
    diary = Diary()
    server = await serve({"diary": diary}, server={"port": 0, "admin_port": 0, "node": "node-7"})
    assert server.health.phase is Phase.READY
    call = await caller.open(server)
    await eventually(lambda: "opened" in diary.events)
    assert [session.id for session in diary.server.sessions] == [call.session]
    await server.stop()
    assert server.health.phase is Phase.STOPPED
    assert diary.events == ["startup on node-7", "languages", "routes", "opened", "end", "shutdown"]
    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.connect(server)
    await server.stop()
    assert diary.events.count("shutdown") == 1


async def test_ports_are_real_ones_after_the_start(serve: Any) -> None:
    server = await serve()
    assert server.port not in (0, server.admin_port)
    assert server.url == f"ws://127.0.0.1:{server.port}/audiohook/ws"
    assert server.admin_url == f"http://127.0.0.1:{server.admin_port}"


@pytest.mark.parametrize(
    ("host", "reachable"),
    [("0.0.0.0", "127.0.0.1"), ("", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("node", "node")],
)
async def test_url_is_one_that_can_be_reached_from_here(settings: Any, host: str, reachable: str) -> None:
    given = settings(server={"host": host, "port": 8080, "admin_port": None})
    server = AudiohookServer(given, PluginManager([], [], given.limits))
    assert server.url == f"ws://{reachable}:8080/audiohook/ws"
    assert server.admin_url is None
    assert repr(server) == "<AudiohookServer starting 0 calls>"


async def test_two_servers_in_one_process_know_nothing_of_each_other(serve: Any, caller: Any) -> None:
    first, second = await serve(), await serve()
    await caller.open(first)
    assert (first.registry.calls, second.registry.calls) == (1, 0)
    assert second.metrics.value("audiohook.upgrades", result="accepted", reason="") == 0
    await first.stop()
    call = await caller.open(second)
    assert call.answer["type"] == "opened"


async def test_required_plugin_that_fails_undoes_the_start(serve: Any) -> None:
    first, second = Diary(), Diary(fails=True)
    with pytest.raises(PluginLoadError, match="second"):
        await serve(
            {"first": first, "second": second}, plugins={"required": ["second"], "order": ["first", "second"]}
        )
    assert first.events[-1] == "shutdown"


async def test_optional_plugin_that_fails_is_left_out(serve: Any, caller: Any) -> None:
    diary = Diary(fails=True)
    server = await serve({"diary": diary})
    call = await caller.open(server)
    assert call.answer["type"] == "opened"
    assert "opened" not in diary.events


async def test_start_that_fails_late_closes_what_was_open(serve: Any, caller: Any) -> None:
    server = await serve()
    diary = Diary()
    with pytest.raises(ConfigError, match=r"^server\.admin_port: "):
        await serve({"diary": diary}, server={"port": 0, "admin_port": server.admin_port})
    assert diary.events[-1] == "shutdown"
    gc.collect()  # an unclosed socket would be a warning, which is an error here


async def test_stop_with_drain_lets_the_call_run_out(serve: Any, caller: Any) -> None:
    server = await serve()
    call = await caller.open(server)
    stopping = asyncio.create_task(server.stop(drain=True))
    assert (await call.receive())["type"] == "reconnect"
    assert server.health.phase is Phase.DRAINING
    await call.send("ping")
    assert (await call.receive())["type"] == "pong"
    await call.close()
    await stopping
    assert server.health.phase is Phase.STOPPED


async def test_while_draining_calls_are_sent_to_other_servers_and_health_says_so(
    serve: Any, caller: Any, ask: Any, public: Any, eventually: Any
) -> None:
    server = await serve()
    running = await caller.open(server)
    draining = asyncio.create_task(server.drain())
    await eventually(lambda: server.registry.draining)
    refused = await caller.open(server)
    assert (refused.answer["type"], refused.answer["parameters"]["reason"]) == ("disconnect", "error")
    assert (await ask(f"{public(server)}/health/ready"))[0] == 503
    assert (await ask(f"{public(server)}/health/live"))[0] == 200
    await refused.close()
    assert (await running.receive())["type"] == "reconnect"
    await running.close()
    assert await draining is True


async def test_deadline_disconnects_and_the_client_closes_as_usual(serve: Any, caller: Any) -> None:
    diary = Diary()
    server = await serve(
        {"diary": diary},
        server={
            "port": 0,
            "admin_port": 0,
            "balancer_grace": 0,
            "reconnect_spread": 0,
            "drain_deadline": 0.1,
        },
    )
    call = await caller.open(server)
    draining = asyncio.create_task(server.drain())
    assert (await call.receive())["type"] == "reconnect"
    told = await call.receive()
    assert (told["type"], told["parameters"]["reason"]) == ("disconnect", "error")
    await call.close()
    assert await draining is False
    assert diary.events[-1] == "end"


async def test_who_connects_as_a_drained_server_stops_is_sent_away(serve: Any, caller: Any) -> None:
    server = await serve()
    await server.drain()
    session = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
    socket = await caller.connect(server, session=session)
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0)
    answer = await caller.say_open(socket, session)
    assert (answer.answer["type"], answer.answer["parameters"]["reason"]) == ("disconnect", "error")
    await answer.close()
    await stopping


async def test_who_is_slow_to_ask_a_drained_server_is_upgraded_all_the_same(
    serve: Any, caller: Any, connect: Any
) -> None:
    server = await serve()
    await server.drain()
    reader, writer = await connect(server)
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0.5)
    headers = caller.headers(server, "/audiohook/ws", session="30b0e395-84d3-4570-ac13-9a62d8f514c0")
    lines = ["GET /audiohook/ws HTTP/1.1", "Connection: Upgrade"]
    lines += [
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    assert b" 101 " in await reader.readline()
    writer.close()
    await stopping


async def test_call_whose_end_hangs_is_left_behind(serve: Any, caller: Any) -> None:
    class Hangs:
        @hookimpl
        async def on_end(self, session: Any) -> None:
            await asyncio.sleep(60)

    server = await serve({"hangs": Hangs()})
    await caller.open(server)
    began = asyncio.get_running_loop().time()
    await server.stop(patience=0.05)
    assert asyncio.get_running_loop().time() - began < 5
    assert server.health.phase is Phase.STOPPED


async def test_token_file_is_made_and_used(serve: Any, ask: Any, free_path: Path) -> None:
    server = await serve(
        server={"port": 0, "admin_port": 0, "admin_token_file": free_path}, options={"admin_token": None}
    )
    headers = {"Authorization": f"Bearer {(await asyncio.to_thread(free_path.read_text)).strip()}"}
    assert (await ask(f"{server.admin_url}/admin/status", headers))[0] == 200
    assert server.admin_token_file == free_path


async def test_without_admin_port_no_token_is_needed(serve: Any, free_path: Path) -> None:
    server = await serve(
        server={"port": 0, "admin_port": None, "admin_token_file": free_path}, options={"admin_token": None}
    )
    assert server.admin_port is None
    assert not await asyncio.to_thread(free_path.exists)


# reload -----------------------------------------------------------------------------------------


async def upgrades(caller: Any, server: Any, **given: Any) -> bool:
    try:
        await (await caller.connect(server, **given)).close()
    except aiohttp.WSServerHandshakeError:
        return False
    return True


async def test_reload_takes_other_keys_and_leaves_calls_alone(serve: Any, caller: Any, settings: Any) -> None:
    now: list[Settings] = []
    server = await serve(options={"reread": lambda: now[-1]})
    call = await caller.open(server)
    now.append(settings(auth={"keys": [{"api_key": "new-key", "unsigned": True}]}))
    await server.reload()
    assert not await upgrades(caller, server)
    assert await upgrades(caller, server, key="new-key", secret=None)
    await call.send("ping")
    assert (await call.receive())["type"] == "pong"


async def test_reload_that_fails_changes_nothing(
    serve: Any, caller: Any, settings: Any, tmp_path: Path
) -> None:
    broken = settings(
        server={"tls_certificate": tmp_path / "missing.pem"},
        auth={"keys": [{"api_key": "new", "unsigned": True}]},
    )
    server = await serve(options={"reread": lambda: broken})
    with pytest.raises(ConfigError, match="tls_certificate"):
        await server.reload()
    assert await upgrades(caller, server)
    assert not await upgrades(caller, server, key="new", secret=None)


async def test_configuration_that_cannot_be_read_changes_nothing(serve: Any, caller: Any) -> None:
    def fail() -> Settings:
        raise ConfigError("auth.keys", "is no list")

    server = await serve(options={"reread": fail})
    with pytest.raises(ConfigError):
        await server.reload()
    assert await upgrades(caller, server)


async def test_reload_does_not_switch_tls_on(serve: Any, caller: Any, settings: Any, tmp_path: Path) -> None:
    import trustme

    issued = trustme.CA().issue_cert("127.0.0.1")
    path = tmp_path / "both.pem"
    path.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    server = await serve(options={"reread": lambda: settings(server={"tls_certificate": path})})
    await server.reload()
    assert server._public.tls is None
    assert await upgrades(caller, server)
    assert not isinstance(server._public.tls, ssl.SSLContext)
