"""The server as a process: what signals do. Two tests run a process of its own, the others this one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from audiohook_fw.config import Loaded, Settings
from audiohook_fw.errors import ConfigError
from audiohook_fw.plugin import hookimpl, load_plugins
from audiohook_fw.server import AudiohookServer, loop_factory, serve

PROGRAM = """
import asyncio, gc, json, sys
from pathlib import Path
from audiohook_fw.config import load
from audiohook_fw.plugin import hookimpl, load_plugins
from audiohook_fw.server import AudiohookServer, run, serve

def say(**what):
    print(json.dumps(what), flush=True)

class Witness:
    @hookimpl
    async def on_end(self, summary):
        await asyncio.sleep({end})
        say(event="end", reason=summary.reason)
    @hookimpl
    async def on_shutdown(self):
        say(event="shutdown")

def make(on_drain):
    loaded = load(Path(sys.argv[1]), env={{}})
    plugins = load_plugins(loaded.settings.plugins, loaded.plugin_section, loaded.settings.limits,
                           extra={{"witness": Witness()}})
    return AudiohookServer(loaded, plugins, on_drain=on_drain)

def started(server):
    loop = type(asyncio.get_running_loop()).__module__
    say(event="started", port=server.port, loop=loop, frozen=gc.get_freeze_count())

status = run(serve(make, started=started))
say(event="over", frozen=gc.get_freeze_count())
sys.exit(status)
"""

CONFIGURATION = """
[server]
port = 0
admin_port = "off"
balancer_grace = {grace}
reconnect_spread = 0
[plugins]
enabled = []
[[auth.keys]]
name = "main"
api_key = "{key}"
secrets = ["{secret}"]
"""


class Process:
    """A server process and what it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[Any] = []
        self.port = 0

    async def start(self) -> None:
        """Wait until it takes calls."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 20)
        self.said.append(json.loads(line))
        self.port = self.said[0]["port"]

    async def end(self) -> int:
        """Read all that it says; return its exit status."""
        assert self.process.stdout is not None
        rest = await asyncio.wait_for(self.process.stdout.read(), 20)
        self.said += map(json.loads, rest.splitlines())
        return await self.process.wait()


@pytest.fixture
async def spawn(tmp_path: Path, settings: Any) -> AsyncIterator[Any]:
    """Start a server process; if it still runs after the test it is killed."""
    processes: list[Process] = []
    key = settings().auth.keys[0]

    async def start(*, grace: float = 0, end: float = 0) -> Process:
        config = tmp_path / "audiohook.toml"
        text = CONFIGURATION.format(
            grace=grace, key=key.api_key.get_secret_value(), secret=key.secrets[0].get_secret_value()
        )
        await asyncio.to_thread(config.write_text, text)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM.format(end=end),
            str(config),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        processes.append(Process(process))
        await processes[-1].start()
        return processes[-1]

    yield start
    for running in processes:
        if running.process.returncode is None:
            running.process.kill()
            await running.process.communicate()


async def test_sigterm_drains_and_then_ends(spawn: Any, caller: Any, ask: Any, until: Any) -> None:
    process = await spawn(grace=0.5, end=0.1)
    call = await caller.open(process)

    async def is_ready() -> bool:
        return bool((await ask(f"http://127.0.0.1:{process.port}/health/ready"))[0] == 200)

    async def is_not_ready() -> bool:
        return not await is_ready()

    assert await is_ready()
    process.process.send_signal(signal.SIGTERM)
    await until(is_not_ready)
    late = await caller.open(process)
    assert late.answer["type"] == "opened", "calls are still taken during the grace"
    assert (await call.receive())["type"] == "reconnect"
    assert (await late.receive())["type"] == "reconnect"
    later = await caller.open(process)
    assert (later.answer["type"], later.answer["parameters"]["reason"]) == ("disconnect", "error")
    for line in (later, late, call):
        await line.close()
    assert await process.end() == 0
    assert [said["event"] for said in process.said] == ["started", "end", "end", "shutdown", "over"]
    assert process.said[0]["frozen"] > 10_000, "what lasts is kept from the garbage collector"
    assert process.said[-1]["frozen"] == 0
    assert {said["reason"] for said in process.said if said["event"] == "end"} == {"end"}
    fast = loop_factory()
    assert process.said[0]["loop"].split(".")[0] == ("asyncio" if fast is None else "uvloop")


async def test_third_signal_kills(spawn: Any, caller: Any) -> None:
    process = await spawn(end=60)
    call = await caller.open(process)
    process.process.send_signal(signal.SIGTERM)
    assert (await call.receive())["type"] == "reconnect"
    process.process.send_signal(signal.SIGTERM)
    message = await call.socket.receive(timeout=5)
    assert message.type is not aiohttp.WSMsgType.TEXT
    process.process.send_signal(signal.SIGTERM)
    assert await process.end() == -signal.SIGTERM
    assert len(process.said) == 1


# in this process --------------------------------------------------------------------------------


class Here:
    """A server that this process serves, and what its plugin saw."""

    def __init__(self, settings: Settings, token: str) -> None:
        self.settings = settings
        self.events: list[str] = []
        self.startup = 0.0
        self.in_haste = False
        self.server: Any = None
        self.task: asyncio.Task[int] | None = None
        self._token = token
        self._started = asyncio.Event()

    async def start(self) -> Any:
        """Serve; return the server once it takes calls."""
        started = self._started
        self.task = asyncio.create_task(
            serve(self._make, started=lambda _: started.set(), in_haste=lambda: self.in_haste)
        )
        await asyncio.wait_for(self._started.wait(), 5)
        return self.server

    async def end(self) -> int:
        """Return the exit status."""
        assert self.task is not None
        return await asyncio.wait_for(self.task, 10)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process, which serves."""
        assert self.task is not None
        assert not self.task.done()
        os.kill(os.getpid(), number)

    @hookimpl
    async def on_startup(self) -> None:
        self.events.append("startup")
        await asyncio.sleep(self.startup)

    @hookimpl
    async def on_end(self, summary: Any) -> None:
        self.events.append(f"end {summary.reason}")

    @hookimpl
    async def on_shutdown(self) -> None:
        self.events.append("shutdown")

    def _make(self, on_drain: Any) -> AudiohookServer:
        plugins = load_plugins(
            self.settings.plugins.model_copy(update={"enabled": []}),
            Loaded.of(self.settings).plugin_section,
            self.settings.limits,
            extra={"here": self},
        )
        self.server = AudiohookServer(
            self.settings, plugins, admin_token=self._token, on_drain=on_drain, reread=lambda: self.settings
        )
        return self.server


@pytest.fixture
async def here(settings: Any, bearer: Any, nothing_blocks: Any) -> AsyncIterator[Any]:
    """A server in this process, not started; it is ended after the test."""
    made: list[Here] = []

    def make(**sections: Any) -> Here:
        made.append(Here(settings(**sections), bearer["Authorization"].partition(" ")[2]))
        return made[-1]

    yield make
    for one in made:
        if one.task is not None and not one.task.done():
            one.signal(signal.SIGTERM)
            await asyncio.sleep(0.01)
            if not one.task.done():
                one.signal(signal.SIGTERM)
            await one.end()


@pytest.fixture
def nothing_blocks() -> None:
    """`serve` makes the server in its own loop, before there is a call that reading files could delay."""


async def test_second_signal_forces_and_the_call_still_has_its_end(here: Any, caller: Any) -> None:
    process = here()
    call = await caller.open(await process.start())
    process.signal(signal.SIGTERM)
    assert (await call.receive())["type"] == "reconnect"
    process.signal(signal.SIGINT)
    assert await process.end() == 1
    assert process.events == ["startup", "end lost", "shutdown"]


async def test_deadline_ends_what_does_not_end_by_itself(here: Any, caller: Any) -> None:
    process = here(
        server={
            "port": 0,
            "admin_port": None,
            "reconnect_spread": 0,
            "balancer_grace": 0,
            "drain_deadline": 0.1,
        }
    )
    call = await caller.open(await process.start())
    process.signal(signal.SIGTERM)
    assert (await call.receive())["type"] == "reconnect"
    assert (await call.receive())["type"] == "disconnect"
    await call.close()
    assert await process.end() == 0
    assert process.events == ["startup", "end end", "shutdown"]


async def test_in_haste_a_call_gets_its_end_at_once(here: Any, caller: Any) -> None:
    process = here(server={"port": 0, "admin_port": None, "balancer_grace": 60, "drain_deadline": 600})
    call = await caller.open(await process.start())
    process.in_haste = True
    process.signal(signal.SIGTERM)
    assert (await call.receive())["type"] == "disconnect"
    await call.close()
    assert await process.end() == 0
    assert process.events == ["startup", "end end", "shutdown"]


async def test_interrupt_without_a_call_ends_at_once(here: Any) -> None:
    process = here(server={"port": 0, "admin_port": 0, "balancer_grace": 60})
    await process.start()
    process.signal(signal.SIGINT)
    assert await process.end() == 0
    assert process.events == ["startup", "shutdown"]


async def test_interrupt_with_a_call_drains(here: Any, caller: Any) -> None:
    process = here()
    call = await caller.open(await process.start())
    process.signal(signal.SIGINT)
    assert (await call.receive())["type"] == "reconnect"
    await call.close()
    assert await process.end() == 0


async def test_termination_waits_for_the_balancer_even_without_a_call(here: Any, caller: Any) -> None:
    process = here(server={"port": 0, "admin_port": None, "balancer_grace": 60, "reconnect_spread": 0})
    server = await process.start()
    process.signal(signal.SIGTERM)
    await asyncio.sleep(0.01)
    call = await caller.open(server)
    assert call.answer["type"] == "opened"
    process.signal(signal.SIGTERM)
    assert await process.end() == 1


async def test_signal_during_the_start_ends_it(here: Any, eventually: Any) -> None:
    process = here()
    process.startup = 60
    starting = asyncio.create_task(process.start())
    await eventually(lambda: process.events)
    process.signal(signal.SIGTERM)
    assert await process.end() == 0
    assert process.events[0] == "startup"
    starting.cancel()


async def test_drain_can_be_asked_for_over_http_and_twice_does_no_harm(
    here: Any, caller: Any, ask: Any, bearer: Any
) -> None:
    process = here()
    server = await process.start()
    call = await caller.open(server)
    for _ in range(2):
        assert (await ask(f"{server.admin_url}/admin/drain", bearer, "POST"))[0] == 202
    assert (await call.receive())["type"] == "reconnect"
    await call.close()
    assert await process.end() == 0


async def test_hangup_reloads_keys_and_an_error_changes_nothing(
    here: Any,
    caller: Any,
    until: Any,
    settings: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    eventually: Any,
) -> None:
    process = here()
    server = await process.start()
    call = await caller.open(server)

    async def accepts(**given: Any) -> bool:
        try:
            await (await caller.connect(server, **given)).close()
        except aiohttp.WSServerHandshakeError:
            return False
        return True

    async def accepts_new_key() -> bool:
        return await accepts(key="second-key", secret=None)

    assert not await accepts_new_key()
    keys = [*process.settings.model_dump()["auth"]["keys"], {"api_key": "second-key", "unsigned": True}]
    process.settings = settings(auth={"keys": keys})
    process.signal(signal.SIGHUP)
    await until(accepts_new_key)
    process.settings = settings(server={"tls_certificate": tmp_path / "missing"}, auth={"keys": []})
    process.signal(signal.SIGHUP)
    await eventually(lambda: "not reloaded: server.tls_certificate: cannot read" in caplog.text)
    assert await accepts()
    assert await accepts_new_key()
    await call.send("ping")
    assert (await call.receive())["type"] == "pong"


async def test_error_at_the_start_is_raised_and_signals_are_given_back() -> None:
    async def fail() -> None:
        raise ConfigError("server.port", "is taken")

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ConfigError, match="is taken"):
        await serve(lambda _: SimpleNamespace(start=fail))  # type: ignore[arg-type,return-value]
    assert signal.getsignal(signal.SIGTERM) is before
