"""A real server in a thread, and the scripted client, in plain tests."""

from __future__ import annotations

import asyncio
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from pydantic import BaseModel, ConfigDict

from audiohook_fw import Accept, Reject, Routes, Session, hookimpl
from audiohook_fw.client import CallReport, Decision, Timeline
from audiohook_fw.errors import PluginConfigError, PluginLoadError
from audiohook_fw.plugin import PluginStatus
from audiohook_fw.testing import CallAudio, ServerThread, play_call


class Gate:
    @hookimpl
    def on_open(self, session: Session) -> Accept | Reject:
        return Accept() if session.participant.dnis == "tel:+1" else Reject()

    @hookimpl
    def register_routes(self, routes: Routes) -> None:
        async def hello(request: Any) -> web.Response:
            return web.Response(text="hello")

        routes.add("GET", "/hello", hello)


def test_a_server_with_just_this_plugin(
    audiohook_server: Callable[..., ServerThread], audiohook_client: Callable[..., CallReport]
) -> None:
    server = audiohook_server(Gate, product="transcription", limits={"calls": 7})
    assert [r.name for r in server.records if r.status is PluginStatus.ACTIVE] == ["gate"]
    report = audiohook_client(server, "pause@0.5, resume@1", dnis="tel:+1", audio=CallAudio.silence(2.0))
    assert report.as_scripted
    assert report.ledger.position == 16_000
    assert audiohook_client(server, dnis="tel:+2").decision is Decision.REJECTED
    deadline = time.monotonic() + 60
    while server.calls and time.monotonic() < deadline:  # the last hooks run on after `closed`
        time.sleep(0.01)
    assert server.calls == 0


class AlertPlugin:
    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")
        level: int = 1

    def __init__(self, settings: Settings) -> None:
        self.level = settings.level

    @hookimpl
    def on_open(self, session: Session) -> Accept:
        return Accept(tags={"level": str(self.level)})


def test_settings_reach_a_plugin_by_its_short_name() -> None:
    with pytest.raises(PluginConfigError, match="louder"):
        ServerThread(AlertPlugin, settings={"alert": {"louder": 1}})


@pytest.mark.parametrize(
    ("plugins", "name", "says"),
    [
        ((Gate, AlertPlugin), "alert_plugin", "there are: gate, alert"),
        ((Gate,), "x", "settings of 'x', but no plugin is named so; there are: gate"),
        ((), "x", "there are: none"),
    ],
)
def test_settings_of_a_plugin_that_is_not_there(plugins: tuple[object, ...], name: str, says: str) -> None:
    with pytest.raises(TypeError, match="no plugin is named so") as caught:
        ServerThread(*plugins, settings={name: {"level": 2}})
    assert str(caught.value).endswith(says)


def test_two_plugins_of_one_name() -> None:
    with pytest.raises(TypeError, match="two plugins are named 'alert'"):
        ServerThread(AlertPlugin, "alert=module:Other")


def test_the_plugin_s_admin_routes() -> None:
    with ServerThread(Gate) as server:
        request = urllib.request.Request(server.admin_url + "/plugins/gate/hello")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(request)
        request.add_header("Authorization", f"Bearer {server.admin_token}")
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == b"hello"


async def test_in_an_async_test_too() -> None:
    with ServerThread(Gate) as server:
        report = play_call(
            server.url, Timeline(), api_key=server.api_key, secret=server.secret, dnis="tel:+1", duration=0.5
        )
        assert report.decision is Decision.ACCEPTED
        assert server.run(asyncio.sleep, 0, "there") == "there"


def test_what_does_not_start_says_so_and_leaves_nothing() -> None:
    class Broken:
        @hookimpl
        def on_startup(self, server: Any) -> None:
            raise LookupError("no disk")

    server = ServerThread(Broken)
    with pytest.raises(RuntimeError, match="not started"):
        server.url  # noqa: B018
    with pytest.raises(PluginLoadError, match="no disk"):
        server.start()
    server.stop()
    server._thread.join(30)
    assert "audiohook-test-server" not in {thread.name for thread in threading.enumerate()}


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="pause"):
        play_call("ws://127.0.0.1:1/", "pause@1, pause@2", api_key="k")
