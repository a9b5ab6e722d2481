"""Who runs, for every way in which a plugin's code is called: read off the stack while it runs."""

from __future__ import annotations

import asyncio
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

from audiohook_fw.errors import PluginError
from audiohook_fw.plugin import (
    NOBODY,
    CloseReason,
    PluginInfo,
    Reject,
    Running,
    ServerContext,
    SessionHandler,
    SpeechStarted,
    Transcript,
    hookimpl,
    tells,
    who_runs,
)

TEXT = Transcript(channel="external", text="hello", start=0, length=1, is_final=True)
SERVER = ServerContext(version="0.1.0", node="test")
HOOKS = ("on_opened", "on_audio", "on_pause", "on_event", "on_close", "on_end")


class Watcher:
    """Plugins call it; it notes what is read off the stack they are on."""

    def __init__(self) -> None:
        self.seen: list[Running] = []

    def __call__(self, *_: object) -> None:
        self.seen.append(who_runs(sys._getframe()))

    async def wait(self, *_: object) -> None:
        self()
        await asyncio.sleep(0)
        self()


@pytest.fixture
def watch() -> Watcher:
    return Watcher()


def handler(watch: Watcher, colour: str) -> type[SessionHandler]:
    """Make a handler that is watched in its hooks, inline or in a lane."""

    methods: dict[str, Any] = {}
    for hook, argument in zip(HOOKS, ("", "frame", "origin", "event", "reason", "summary"), strict=True):
        made = "async def" if colour == "lane" else "def"
        call = "await watch.wait()" if colour == "lane" else "watch()"
        scope: dict[str, Any] = {"watch": watch}
        exec(f"{made} {hook}(self{', ' + argument if argument else ''}):\n    {call}", scope)
        methods[hook] = scope[hook]
    return type("Watched", (SessionHandler,), methods)


@pytest.mark.parametrize("colour", ["inline", "lane"])
async def test_event_hooks(bench: Any, watch: Watcher, colour: str) -> None:
    kind = handler(watch, colour)

    class Plugin:
        @hookimpl
        def create_handler(self) -> SessionHandler:
            watch()
            return kind()

    dispatch = bench.accepted(vad=Plugin())
    dispatch.control("on_opened")
    dispatch.audio(bench.frame())
    dispatch.control("on_pause", None)
    dispatch.emit(TEXT, "")
    await bench.finish()
    times = 2 if colour == "lane" else 1
    hooks = ["create_handler", *(hook for hook in HOOKS for _ in range(times))]
    assert watch.seen == [Running("vad", hook, "s-1") for hook in hooks]


@pytest.mark.parametrize("colour", ["plain", "async"])
async def test_decisions(bench: Any, watch: Watcher, colour: str) -> None:
    class Plain:
        @hookimpl
        def on_open(self) -> None:
            watch()

        @hookimpl
        def select_media(self) -> None:
            watch()

        @hookimpl
        def on_decided(self) -> None:
            watch()

    class Async(Plain):
        @hookimpl
        async def on_open(self) -> None:
            await watch.wait()

    dispatch = bench.call(policy=Plain() if colour == "plain" else Async())
    await dispatch.decide(2.0)
    dispatch.select_media([bench.media])
    await dispatch.reject(Reject(), timeout=1.0)
    hooks = ["on_open"] * (1 if colour == "plain" else 2) + ["select_media", "on_decided"]
    assert watch.seen == [Running("policy", hook, "s-1") for hook in hooks]


async def test_filters_and_the_innermost_of_several_plugins(bench: Any, watch: Watcher) -> None:
    class Emitter:
        @hookimpl
        def on_audio(self, session: Any) -> None:
            session.emit(TEXT)
            watch()

    class Filter:
        @hookimpl
        def filter_event(self, event: Any) -> Any:
            watch()
            return event

    class Consumer:
        @hookimpl
        def on_event(self) -> None:
            watch()

    dispatch = bench.accepted(emitter=Emitter(), filter=Filter(), consumer=Consumer())
    dispatch.audio(bench.frame(0))
    assert watch.seen == [
        Running("filter", "filter_event", "s-1"),
        Running("consumer", "on_event", "s-1"),
        Running("emitter", "on_audio", "s-1"),
    ]


async def test_an_events_own_code_is_the_emitters(bench: Any, watch: Watcher) -> None:
    class Odd(Transcript, event_type="test.odd"):
        def is_interim(self) -> bool:
            watch()
            return False

    class Emitter:
        @hookimpl
        def on_opened(self) -> None:
            pass

    dispatch = bench.accepted(emitter=Emitter())
    dispatch.emit(Odd(**vars(TEXT)), "emitter")
    assert watch.seen == [Running("emitter", "on_event", "s-1")]


async def test_process_and_connection_hooks(bench: Any, watch: Watcher) -> None:
    class Plugin:
        @hookimpl
        async def on_startup(self) -> None:
            await watch.wait()

        @hookimpl
        def on_shutdown(self) -> None:
            watch()

        @hookimpl
        def register_routes(self) -> None:
            watch()

        @hookimpl
        def register_commands(self) -> None:
            watch()

        @hookimpl
        def check_health(self) -> None:
            watch()

        @hookimpl
        def supported_languages(self) -> None:
            watch()

        @hookimpl
        def on_erase(self) -> None:
            watch()

        @hookimpl
        def on_announced(self) -> None:
            watch()

        @hookimpl
        def check_address(self) -> None:
            watch()

        @hookimpl
        def find_credential(self) -> None:
            watch()

    manager = bench.load(site=Plugin())
    await manager.startup(SERVER)
    manager.register_routes()
    manager.register_commands()
    await manager.check_health(SERVER, timeout=1)
    await manager.ask_languages(SERVER)
    await manager.erase("id", 1)
    await manager.announce(SpeechStarted(channel="external", start=0), 1)
    await manager.check_address("127.0.0.1", {})
    await manager.find_credential("key", "organization", timeout=1)
    await manager.shutdown(SERVER)
    hooks = ["on_startup", "on_startup", "register_routes", "register_commands", "check_health"]
    hooks += [
        "supported_languages",
        "on_erase",
        "on_announced",
        "check_address",
        "find_credential",
        "on_shutdown",
    ]
    assert watch.seen == [Running("site", hook) for hook in hooks]


def planted(name: str, code: str) -> types.ModuleType:
    module = types.ModuleType(name)
    exec(code, module.__dict__)
    return module


async def test_a_task_of_a_plugins_own_is_known_by_its_module() -> None:
    module = planted("acme_talk.worker", "async def work(look):\n    return look()")
    seen = []
    look = lambda: seen.append(who_runs(sys._getframe(), modules))  # noqa: E731
    modules = [("other", "elsewhere.plugin"), ("talk", "acme_talk.plugin")]
    await asyncio.create_task(module.work(look))
    assert seen == [Running("talk", "task")]


@pytest.mark.parametrize(
    ("module", "plugin"), [("acme.vad", "vad"), ("acme.asr", "asr"), ("acme.shared", "asr"), ("acmes", "")]
)
def test_of_plugins_in_one_package_the_one_with_that_module(module: str, plugin: str) -> None:
    frame = planted(module, "import sys\ndef look():\n    return sys._getframe()").look()
    running = who_runs(frame, [("asr", "acme.asr"), ("vad", "acme.vad")])
    assert running == (Running(plugin, "task") if plugin else NOBODY)


def test_nobody_runs_on_other_stacks() -> None:
    assert not who_runs(sys._getframe())
    assert who_runs(None) == NOBODY


def test_who_has_not_come_to_a_plugin_yet_is_passed_over() -> None:
    @tells(lambda local: Running(local["name"], "outer"))
    def outer(call: Callable[[], Running]) -> Running:
        name = "plugin"  # noqa: F841 - read off the stack
        return call()

    @tells(lambda local: Running(local["name"], "inner"))
    def inner() -> Running:
        found = who_runs(sys._getframe())
        name = "late"  # noqa: F841 - read off the stack
        return found

    assert outer(inner) == Running("plugin", "outer")


async def test_a_log_that_blocks_is_not_the_plugins_doing(
    bench: Any, watch: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Plugin:
        @hookimpl
        def on_opened(self) -> None:
            raise ValueError

    dispatch = bench.accepted(bad=Plugin())
    monkeypatch.setattr("audiohook_fw.plugin.faults._log.error", lambda *_, **__: watch())
    dispatch.control("on_opened")
    await dispatch.close(CloseReason.END, timeout=1)
    assert watch.seen == [NOBODY]


async def test_a_silenced_plugin_fails_without_being_called(bench: Any, watch: Watcher) -> None:
    class Policy:
        info = PluginInfo(on_failure="reject")

        @hookimpl
        def on_open(self) -> None:
            watch()

        @hookimpl
        def check_address(self) -> None:
            watch()

        @hookimpl
        def filter_event(self, event: Any) -> Any:
            watch()
            return event

        @hookimpl
        def on_opened(self) -> None:
            watch()

    manager = bench.load(policy=Policy())
    running = bench.accepted()
    blocks = [manager.conduct.blocked(Running("policy", "on_open")) for _ in range(3)]
    assert blocks == [False, False, True]
    assert manager.is_silenced("policy")
    running.silence("policy")
    running.control("on_opened")
    assert running.event(TEXT, "") is None
    dispatch = bench.call()
    verdict = await dispatch.decide(1.0)
    assert (verdict.accepted, verdict.by) == (False, "policy")
    assert isinstance(verdict.failures[0].error, PluginError)
    assert "blocked the event loop" in verdict.failures[0].error.problem
    assert await manager.check_address("127.0.0.1", {}) is False
    assert watch.seen == []
    record = manager.records[0]
    assert record.status == "quarantined"
    assert record.error.startswith("blocked the event loop 3 times within 600 s, last in on_open")
