"""`serve` ends soon after it was told to, whatever plugins leave behind."""

from __future__ import annotations

import signal
import threading

import pytest

from audiohook_fw.cli.ending import bound_exit

KEY = '[[auth.keys]]\nname = "planted"\napi_key = "planted-api-key"\nsecrets = ["cGxhbnRlZC1zZWNyZXQ="]\n'
LIMITS = "[limits]\nstartup_timeout = 0.5\nshutdown_timeout = 0.5\n"

FOREVER = """
async def forever():
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            pass
"""
LEFT = {
    "task": FOREVER + "async def leave(): kept.append(asyncio.create_task(forever()))",
    "start-up": FOREVER + "leave = forever",
    "generator": """
async def endless():
    try:
        yield 1
    finally:
        await asyncio.sleep(1000)
async def leave():
    kept.append(endless())
    await kept[0].__anext__()
""",
    "executor": "async def leave(): kept.append(asyncio.ensure_future(asyncio.to_thread(time.sleep, 1000)))",
    "thread": "def leave(): threading.Thread(target=time.sleep, args=(1000,)).start()",
    "pool": "def leave(): ThreadPoolExecutor(1).submit(time.sleep, 1000)",
}
PLUGIN = """
import asyncio, threading, time
from concurrent.futures import ThreadPoolExecutor
from audiohook_fw import hookimpl

kept = []
{leave}
@hookimpl
async def on_startup():
    await asyncio.sleep(0)
    if asyncio.iscoroutine(left := leave()):
        await left
"""


@pytest.fixture
def serving(serve, place, no_grace):
    """Start a server with a plugin of this source; return it once it serves."""

    def go(source: str):
        (place / "audiohook.toml").write_text(KEY + LIMITS, encoding="utf-8")
        (place / "mine").mkdir()
        (place / "mine" / "careless.py").write_text(source, encoding="utf-8")
        server = serve("--port", "0", "--plugins-dir", "mine", "-p", "no:recorder")
        server.wait_for("plugins: .*careless")
        return server

    return go


@pytest.mark.parametrize("left", LEFT)
def test_what_a_plugin_leaves_behind_does_not_keep_the_process(serving, left):
    server = serving(PLUGIN.format(leave=LEFT[left]))
    assert server.end(signal.SIGTERM) == 0
    assert any("stopped" in line for line in server.lines)


def test_an_idle_pool_ends_by_itself_and_the_interpreter_as_it_should(serving):
    leave = """
import atexit
def leave():
    kept.append(ThreadPoolExecutor(1))
    kept[0].submit(print, "worked", flush=True)
    atexit.register(print, "ended in order", flush=True)
"""
    server = serving(PLUGIN.format(leave=leave))
    assert server.end(signal.SIGTERM) == 0
    assert [line for line in server.lines if line in ("worked", "ended in order")] == [
        "worked",
        "ended in order",
    ]


def test_a_server_that_cannot_start_ends_too(serving, serve, place):
    serving(PLUGIN.format(leave=LEFT["thread"] + "\nkept.append(leave())"))
    server = serve("--port", "0", "--plugins-dir", "mine", "-p", "no:recorder", "--host", "192.0.2.1")
    assert server.end(None) == 2


def test_a_task_that_raises_system_exit_does_not_end_the_server(serving):
    leave = (
        "async def leave(): kept.append(asyncio.create_task(stop()))\nasync def stop(): raise SystemExit(3)"
    )
    server = serving(PLUGIN.format(leave=leave))
    assert server.end(signal.SIGTERM) == 0
    assert sum("a task raised SystemExit" in line for line in server.lines) == 1


def test_threads_that_ran_before_are_nobodys_business():
    """Were they, this process would end two seconds later."""
    wanted = threading.Event()
    earlier = threading.Thread(target=wanted.wait)
    earlier.start()
    try:
        bound_exit(0, threading.enumerate())
        assert "audiohook-exit" not in [thread.name for thread in threading.enumerate()]
    finally:
        wanted.set()
        earlier.join()
