"""Hooks of the process: order, deadlines, and that a failing plugin fails alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.auth import Credential
from audiohook_fw.errors import PluginError, PluginLoadError, PluginOverflowError
from audiohook_fw.plugin import (
    Erased,
    OnFailure,
    PluginInfo,
    ServerContext,
    hookimpl,
    load_plugins,
)

SERVER = ServerContext(version="0.1.0", node="n1")


def now() -> float:
    return asyncio.get_running_loop().time()


def starts(bench: Any, error: BaseException | None = None, seconds: float = 0.0) -> type:
    class Plugin:
        name = ""

        @hookimpl
        async def on_startup(self, server: Any, settings: Any) -> None:
            bench.seen.append(("start", now(), server.node, settings))
            await asyncio.sleep(seconds)
            if error is not None:
                raise error

        @hookimpl
        def on_shutdown(self) -> None:
            bench.seen.append(("stop", now()))

        @hookimpl
        def on_audio(self) -> None: ...

    return Plugin


async def test_startup_in_order_and_shutdown_in_reverse(bench: Any) -> None:
    def plugin(name: str) -> object:
        class Plugin:
            @hookimpl
            async def on_startup(self) -> None:
                await asyncio.sleep(1)
                bench.seen.append(f"{name} up")

            @hookimpl
            async def on_shutdown(self, server: Any) -> None:
                bench.seen.append(f"{name} down")

        return Plugin

    manager = bench.load(zed=plugin("zed"), abc=plugin("abc"))
    await manager.startup(SERVER)
    await manager.shutdown(SERVER)
    await manager.shutdown(SERVER)
    assert bench.seen == ["zed up", "abc up", "abc down", "zed down"]


@pytest.mark.parametrize("error", [ValueError("no route"), SystemExit(1), asyncio.CancelledError()])
async def test_a_plugin_that_cannot_start_takes_part_in_nothing(bench: Any, error: BaseException) -> None:
    manager = bench.load(bad=starts(bench, error), good=starts(bench))
    await manager.startup(SERVER)
    assert [plugin.name for plugin in manager.plugins] == ["good"]
    bad = manager.records[0]
    assert bad.status == "failed"
    assert bad.error.startswith(f"on_startup failed: {type(error).__name__}")
    dispatch = bench.accepted()
    assert dispatch.audio_takers == {"good"}
    await bench.finish()
    bench.seen.clear()
    await manager.shutdown(SERVER)
    assert len(bench.seen) == 1


async def test_an_observer_is_told_of_every_fault(bench: Any, options: Any) -> None:
    told: list[tuple[str, str, BaseException]] = []
    error, full = ValueError("no route"), PluginOverflowError("good", "full", hook="on_audio")
    manager = load_plugins(
        options(enabled=[]),
        bench.section,
        bench.limits,
        extra={"bad": starts(bench, error), "good": starts(bench)},
        version="0.1.0",
        on_fault=lambda *what: told.append(what),
    )
    await manager.startup(SERVER)
    manager.conduct.fault("good", "on_close", error)
    manager.conduct.overflow("good", full, "s-1", manager.conduct.now())
    assert told == [("bad", "on_startup", error), ("good", "on_close", error), ("good", "on_audio", full)]


async def test_each_start_has_its_own_deadline(bench: Any) -> None:
    manager = bench.load(
        a=starts(bench, seconds=29), b=starts(bench, seconds=3600), c=starts(bench, seconds=29)
    )
    await manager.startup(SERVER)
    assert now() == 29 + 30 + 29
    assert [record.status for record in manager.records[:3]] == ["active", "failed", "active"]
    assert manager.records[1].error.endswith("gave no answer within 30 s (limits.startup_timeout)")


async def test_a_required_plugin_must_start(bench: Any, options: Any) -> None:
    manager = bench.load(options(required=["bad"]), good=starts(bench), bad=starts(bench, ValueError("x")))
    with pytest.raises(PluginLoadError, match="plugin bad: is required and on_startup failed: ValueError"):
        await manager.startup(SERVER)
    bench.seen.clear()
    await manager.shutdown(SERVER)
    assert [what for what, *_ in bench.seen] == ["stop"]  # the good one had started


async def test_shutdown_goes_on_whatever_happens(bench: Any) -> None:
    class Bad:
        @hookimpl
        def on_shutdown(self) -> None:
            raise ValueError

    class Hangs:
        @hookimpl
        async def on_shutdown(self) -> None:
            await asyncio.sleep(3600)

    manager = bench.load(good=starts(bench), bad=Bad, hangs=Hangs)
    await manager.startup(SERVER)
    await manager.shutdown(SERVER)
    assert bench.seen[-1] == ("stop", 10.0)
    assert bench.metrics.value("audiohook.hook.timeouts", plugin="hangs", hook="on_shutdown") == 1
    assert bench.metrics.value("audiohook.hook.faults", plugin="bad", hook="on_shutdown") == 1


async def handler(request: Any) -> Any: ...


async def test_routes_of_those_that_do_not_fail(bench: Any) -> None:
    class Good:
        @hookimpl
        def register_routes(self, routes: Any) -> None:
            routes.add("get", "/hook", handler, public=True)

    class Bad:
        @hookimpl
        def register_routes(self, routes: Any) -> None:
            routes.add("GET", "/first", handler)
            routes.add("GET", "no-slash", handler)

    manager = bench.load(bad=Bad, good=Good)
    (route,) = manager.register_routes()
    assert (route.plugin, route.method, route.path, route.public) == ("good", "GET", "/hook", True)
    assert manager.records[0].status == "failed"
    assert "must begin with /" in manager.records[0].error


async def test_commands_of_those_that_do_not_fail(bench: Any) -> None:
    class Good:
        @hookimpl
        def register_commands(self, commands: Any) -> None:
            commands.add("app")

    class Taken:
        @hookimpl
        def register_commands(self, commands: Any) -> None:
            commands.add("app", name="good-one")

    class Bad:
        @hookimpl
        def register_commands(self) -> None:
            raise ValueError

    manager = bench.load(good_one=Good, taken=Taken, bad=Bad)
    (command,) = manager.register_commands()
    assert (command.plugin, command.name, command.app) == ("good_one", "good-one", "app")
    assert [record.status for record in manager.records[:3]] == ["active", "failed", "failed"]
    assert "taken by plugin good_one" in manager.records[1].error


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError


async def test_health(bench: Any) -> None:
    def check(result: Any) -> object:
        class Plugin:
            @hookimpl
            async def check_health(self) -> Any:
                if isinstance(result, BaseException):
                    raise result
                if isinstance(result, float):
                    await asyncio.sleep(result)
                    return None
                return result

        return Plugin

    manager = bench.load(
        well=check(None),
        ill=check("disk is full"),
        late=check(9.0),
        broken=check(ValueError("secret")),
        odd=check(Unspeakable()),
    )
    assert await manager.check_health(SERVER, timeout=2) == {
        "ill": "disk is full",
        "late": "check_health gave no answer within 2 s",
        "broken": "check_health raised ValueError",
        "odd": "check_health gave no text",
    }
    assert bench.metrics.value("audiohook.hook.faults", plugin="odd", hook="check_health") == 1
    assert now() == 2


async def test_erasing_is_asked_of_all_and_tells_what_may_be_left(bench: Any) -> None:
    asked: list[str] = []

    def erases(answer: Any) -> object:
        class Plugin:
            @hookimpl
            async def on_erase(self, conversation_id: str) -> Any:
                asked.append(conversation_id)
                if isinstance(answer, BaseException):
                    raise answer
                if isinstance(answer, float):
                    await asyncio.sleep(answer)
                return answer

        return Plugin

    class Down:
        @hookimpl
        def on_startup(self) -> None:
            raise ValueError

        @hookimpl
        def on_erase(self) -> None:
            raise AssertionError

    manager = bench.load(
        full=erases(3),
        none=erases(None),
        busy=erases(PluginError("busy", "a call of it runs; try again later")),
        broken=erases(ValueError("secret")),
        late=erases(9.0),
        odd=erases(True),
        less=erases(-1),
        down=Down,
        wrong=type("Wrong", (), {"on_erase": hookimpl(lambda self, nonsense: 1)}),
    )
    await manager.startup(SERVER)
    assert await manager.erase("id", 2) == (
        Erased("full", 3),
        Erased("none"),
        Erased("busy", problem="a call of it runs; try again later"),
        Erased("broken", problem="on_erase raised ValueError"),
        Erased("late", problem="on_erase gave no answer within 2 s"),
        Erased("odd", problem="on_erase gave no number, so nobody knows what it deleted"),
        Erased("less", problem="on_erase gave no number, so nobody knows what it deleted"),
        *(
            Erased(record.name, problem=f"was not asked, since it does not run: {record.error}")
            for record in manager.records
            if record.name in ("down", "wrong")
        ),
    )
    assert [r.status for r in manager.records if r.name in ("down", "wrong")] == ["failed", "failed"]
    assert asked == ["id"] * 7
    faults = {n: bench.metrics.value("audiohook.hook.faults", plugin=n, hook="on_erase") for n in asked_of}
    assert faults == {"full": 0, "busy": 0, "broken": 1, "odd": 1, "less": 1}


asked_of = ("full", "busy", "broken", "odd", "less")


def judges(answer: Any, *, careful: bool = False, seconds: float = 0.0) -> object:
    class Plugin:
        info = PluginInfo(on_failure=OnFailure.REJECT if careful else OnFailure.IGNORE)

        @hookimpl
        async def check_address(self, address: str, headers: Any) -> Any:
            await asyncio.sleep(seconds)
            if isinstance(answer, BaseException):
                raise answer
            return answer

    return Plugin


@pytest.mark.parametrize(
    ("plugins", "expected"),
    [
        ({}, None),
        ({"a": judges(None), "b": judges(True)}, True),
        ({"a": judges(False), "b": judges(True)}, False),
        ({"a": judges(ValueError()), "b": judges(True)}, True),
        ({"a": judges(ValueError(), careful=True), "b": judges(True)}, False),
        ({"a": judges(None, seconds=9), "b": judges(True)}, True),
        ({"a": judges(None, seconds=9, careful=True)}, False),
        ({"a": judges("yes")}, None),
        ({"a": judges("yes", careful=True)}, False),
    ],
)
async def test_addresses(bench: Any, plugins: dict[str, object], expected: bool | None) -> None:
    manager = bench.load(**plugins)
    assert await manager.check_address("192.0.2.1", {}) is expected
    assert now() <= 1


async def test_credentials(bench: Any) -> None:
    credential = Credential(api_key="key", unsigned=True)

    def finds(answer: Any, seconds: float = 0.0) -> object:
        class Plugin:
            @hookimpl
            async def find_credential(self, api_key: str, organization_id: str) -> Any:
                bench.seen.append((api_key, organization_id))
                await asyncio.sleep(seconds)
                if isinstance(answer, BaseException):
                    raise answer
                return answer

        return Plugin

    manager = bench.load(
        a=finds(None), b=finds(ValueError()), c=finds("key"), d=finds(credential), e=finds(None, 9)
    )
    assert await manager.find_credential("key", "org", timeout=2) is credential
    assert bench.seen == [("key", "org")] * 5
    assert now() == 0
    assert bench.metrics.value("audiohook.hook.faults", plugin="c", hook="find_credential") == 1
    assert await bench.load(a=finds(None, 9)).find_credential("key", "org", timeout=2) is None
    assert await bench.load().find_credential("key", "org", timeout=2) is None


async def test_gauges(bench: Any) -> None:
    bench.load(a=starts(bench))
    assert bench.metrics.value("audiohook.plugins", status="active") == 1
    assert bench.metrics.value("audiohook.lane.bytes") == 0
