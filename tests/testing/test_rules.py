"""Every rule lets a good plugin pass, and names itself and the mend to a bad one."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
import re
import sys
import threading
import time
import warnings
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from audiohook_fw import (
    AudioFrame,
    Event,
    PluginInfo,
    Reject,
    ServerContext,
    Session,
    Transcript,
    hookimpl,
)
from audiohook_fw.testing import (
    RULES,
    ContractFailure,
    PluginContract,
    Rule,
    Subject,
    check_plugin,
)

BAD = Path(__file__).with_name("bad_plugins.py")


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bad_plugins", BAD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bad_plugins"] = module
    spec.loader.exec_module(module)
    return module


bad = _load()
BY_NAME = {rule.name: rule for rule in RULES}


def _broken(plugin: object, rule: str, **options: Any) -> ContractFailure:
    """Return how a plugin breaks a rule, which it must."""
    with pytest.raises(ContractFailure) as caught:
        BY_NAME[rule].check(Subject(plugin, **options))
    failure = caught.value
    assert failure.rule == rule
    assert str(failure) == f"contract rule `{rule}`: {failure.problem}\n  mend: {failure.mend}"
    assert failure.mend
    return failure


class TestGood(PluginContract):
    """The contract is kept by a plugin with a task, a queue, threads and files."""

    plugin = bad.GoodPlugin


def test_it_loads_and_starts() -> None:
    assert _broken(bad.FailsToStart, "loads").problem == "is required and on_startup failed: OSError: no disk"
    assert "volume" in _broken(bad.TakesTooMuch, "loads").problem
    assert "no_such_module" in _broken("no_such_module", "loads").problem


def test_its_hooks_are_valid() -> None:
    failure = _broken(bad.ForgetsTheMark, "hooks-valid")
    assert failure.problem == "on_close is not marked with @hookimpl, so nobody calls it"
    assert failure.mend == "put @hookimpl before on_close, or give it another name"
    assert "has no argument 'frames'" in _broken(bad.wrong_handler(), "hooks-valid").problem


def test_its_settings_are_strict() -> None:
    failure = _broken(bad.TakesAnySetting, "settings-strict")
    assert "no_such_setting was taken" in failure.problem
    assert 'extra="forbid"' in failure.mend


@pytest.mark.parametrize("what", bad.BLOCKING)
def test_it_never_blocks(what: str) -> None:
    failure = _broken(bad.BLOCKING[what], "never-blocks")
    assert what.strip() in failure.problem
    if "letting" not in what:
        assert f"{BAD}:" in failure.problem  # where


def test_the_message_says_what_to_do_instead() -> None:
    failure = _broken(bad.BLOCKING["time.sleep"], "never-blocks")
    assert failure.problem.startswith("it called time.sleep in the event loop, at ")
    assert failure.problem.endswith(" in _sleeps")
    assert failure.mend == "make the hook async and await asyncio.sleep(seconds)"


def test_after_the_watch_everything_is_as_it_was() -> None:
    import builtins
    import io
    import socket
    import threading

    of_its_own = set(vars(socket.socket))
    before = (time.sleep, builtins.open, io.open, os.open, threading.Event.wait, socket.socket.recv)
    _broken(bad.BLOCKING["time.sleep "], "never-blocks")
    after = (time.sleep, builtins.open, io.open, os.open, threading.Event.wait, socket.socket.recv)
    assert all(one is other for one, other in zip(before, after, strict=True))
    assert set(vars(socket.socket)) == of_its_own
    assert bad.sleep is time.sleep


@pytest.mark.parametrize("name", bad.FORGOTTEN)
def test_it_awaits_everything(name: str) -> None:
    failure = _broken(bad.FORGOTTEN[name], "awaits-everything")
    assert re.match(
        rf"the coroutine (\w+\.)?{name} was never awaited, so nothing of it ran; it was made at "
        rf"{re.escape(str(BAD))}:\d+ in _\w+$",
        failure.problem,
    )
    assert "asyncio.create_task" in failure.mend


def test_what_is_cancelled_before_it_begins_was_not_forgotten() -> None:
    BY_NAME["awaits-everything"].check(Subject(bad.CANCELS_AT_ONCE))


def test_what_others_forget_is_told_as_ever() -> None:
    async def forgotten() -> None: ...

    class Warns:
        @hookimpl
        def on_opened(self) -> None:
            warnings.warn("of another kind", UserWarning, stacklevel=1)

    with pytest.warns(UserWarning, match="of another kind"):
        BY_NAME["awaits-everything"].check(Subject(Warns))
    with pytest.warns(RuntimeWarning, match=r"coroutine .*forgotten' was never awaited"):
        forgotten()  # type: ignore[unused-coroutine]


class Heard(Event, event_type="rules.heard"):
    """An event of this module's own."""


class Emits:
    info = PluginInfo(summary="Emits", consumes=(Transcript, "context_changed", "acme.transcript"))

    @hookimpl
    def on_event(self, session: Any) -> None:
        session.update_context(heard=True)  # which the core tells, and nobody declares
        session.emit(Heard())


def test_it_declares_what_it_emits() -> None:
    failure = _broken(Emits, "declares-events")
    assert failure.problem == "it emits rules.heard, which info.emits does not name"
    assert "Heard" in failure.mend

    class Declares(Emits):
        info = replace(Emits.info, emits=(Heard,))

    BY_NAME["declares-events"].check(Subject(Declares))


def test_it_consumes_what_there_is() -> None:
    class Misspells(Emits):
        info = replace(Emits.info, consumes=("transcipt",), emits=(Heard,))

    failure = _broken(Misspells, "declares-events")
    assert failure.problem == (
        "info.consumes names 'transcipt', which no event is called; did you mean 'transcript'?"
    )


@pytest.mark.parametrize("rule", bad.SURVIVAL)
def test_it_survives(rule: str) -> None:
    failure = _broken(bad.SURVIVAL[rule], rule.strip())
    assert " failed " in failure.problem
    assert f"({BAD}:" in failure.problem
    assert failure.__cause__ is not None  # with the plugin's own traceback


def test_the_mend_is_for_the_hook_that_failed() -> None:
    failure = _broken(bad.SURVIVAL["survives-calls "], "survives-calls")
    assert failure.mend == "update.language is None when the client names no language"


def test_who_sleeps_does_not_keep_the_other_rules_waiting() -> None:
    slept: list[float] = []

    class Sleeper:
        @hookimpl
        def on_audio(self) -> None:
            time.sleep(3600)
            slept.append(asyncio.get_running_loop().time())

    sleep = time.sleep
    BY_NAME["survives-channels"].check(Subject(Sleeper))
    assert slept
    assert time.sleep is sleep


@pytest.mark.parametrize("hook", bad.LATE)
def test_it_ends_in_time(hook: str) -> None:
    failure = _broken(bad.LATE[hook], "ends-in-time")
    assert failure.problem == f"{hook} still ran at its deadline after close"
    assert "asyncio.timeout" in failure.mend


def test_it_decides_in_time() -> None:
    failure = _broken(bad.SleepsInOnOpen, "ends-in-time")
    assert failure.problem.startswith("on_open was not over at its deadline")
    assert "on_opened" in failure.mend


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the file it leaves
@pytest.mark.parametrize("what", bad.LEAKS)
def test_it_is_cancelled_cleanly(what: str) -> None:
    if what.startswith("the open file") and not Path("/proc/self/fd").is_dir():
        return  # only there the system tells what is open
    failure = _broken(bad.LEAKS[what], "cancelled-cleanly")
    assert what in failure.problem.partition("it left ")[2]
    assert "try/finally" in failure.mend
    del failure
    gc.collect()  # here, where nobody minds that a file was not closed


def test_each_await_is_cancelled_once() -> None:
    cut: list[str] = []

    class Cut:
        @hookimpl
        async def on_open(self) -> None:
            await self.wait("open")

        @hookimpl
        async def on_opened(self) -> None:
            await self.wait("first")
            await self.wait("second")

        @hookimpl
        async def on_audio(self) -> None:
            await self.wait("audio")

        @hookimpl
        async def on_end(self) -> None:
            await self.wait("end")

        @hookimpl
        async def on_shutdown(self) -> None:  # is none of a call
            await self.wait("shutdown")

        async def wait(self, where: str) -> None:
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                cut.append(where)
                raise

    BY_NAME["cancelled-cleanly"].check(Subject(Cut))
    assert cut == ["open", "first", "second", "audio", "end"]


@pytest.mark.parametrize("how", bad.GROWING)
def test_its_memory_is_bounded(how: str) -> None:
    failure = _broken(bad.GROWING[how], "memory-bounded")
    assert "it grew by " in failure.problem
    assert "maximum" in failure.mend


def test_a_thread_of_its_own_may_take_a_moment_to_write_what_came_at_once() -> None:
    class Writes:
        def __init__(self) -> None:
            self.waiting: list[bytes] = []
            self.done = threading.Event()
            self.thread = threading.Thread(target=self.write)

        @hookimpl
        def on_startup(self, server: ServerContext) -> None:
            self.thread.start()

        @hookimpl
        def on_audio(self, session: Session, frame: AudioFrame) -> None:
            self.waiting.append(bytes(frame.payload))

        def write(self) -> None:
            while not self.done.wait(0.3):
                self.waiting.clear()

        @hookimpl
        async def on_shutdown(self) -> None:
            self.done.set()
            self.thread.join()

    BY_NAME["memory-bounded"].check(Subject(Writes))


def test_what_does_not_load_breaks_that_rule_whatever_is_checked() -> None:
    failures = check_plugin(bad.TakesTooMuch)
    assert [failure.rule for failure in failures] == ["loads"]
    with pytest.raises(ContractFailure) as caught:
        BY_NAME["memory-bounded"].check(Subject(bad.FailsToStart))
    assert caught.value.rule == "loads"


def test_all_rules_are_checked_without_pytest() -> None:
    assert check_plugin(bad.GoodPlugin) == []
    broken = {failure.rule for failure in check_plugin(bad.SURVIVAL["survives-bursts"])}
    assert broken == {"survives-bursts"}


def test_a_file_is_checked_from_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "filed.py").write_text(
        "from pathlib import Path\nfrom audiohook_fw import hookimpl\n"
        "@hookimpl\nasync def on_end(session):\n    await session.run_blocking(Path('x').touch)\n"
    )
    monkeypatch.chdir(tmp_path)
    path = sys.path.copy()
    assert check_plugin("filed.py") == []
    assert check_plugin(Path("filed.py")) == []
    assert check_plugin("filed") != []  # no module: this directory is not on the path
    monkeypatch.syspath_prepend("")
    assert check_plugin("filed") == []
    assert [entry.name for entry in tmp_path.iterdir() if entry.name[0] != "_"] == ["filed.py"]
    assert sys.path == ["", *path]


def test_facts_and_events_reach_the_plugin() -> None:
    heard: list[Event] = []

    class Picky:
        @hookimpl
        def on_open(self, session: Any) -> Any:
            return None if session.participant.dnis == "tel:+1" else Reject()

        @hookimpl
        def on_event(self, event: Event) -> None:
            heard.append(event)

    own = Transcript(channel="internal", text="mine", start=0, length=1)
    assert check_plugin(Picky, rules=[BY_NAME["survives-channels"]]) == []
    assert heard == []
    assert (
        check_plugin(Picky, events=[own], facts={"dnis": "tel:+1"}, rules=[BY_NAME["survives-channels"]])
        == []
    )
    assert own in heard
    assert {event.event_type for event in heard} >= {"sentiment", "speech_started", "bot_turn_response"}


def test_every_rule_says_what_it_demands_and_how_to_mend() -> None:
    for rule in RULES:
        assert isinstance(rule, Rule)
        assert rule.demand.endswith(".")
        assert rule.mend
        test = getattr(PluginContract, f"test_{rule.name.replace('-', '_')}")
        assert test.__doc__ == rule.demand
    assert len(BY_NAME) == len(RULES)


def test_a_class_without_a_plugin_says_so() -> None:
    with pytest.raises(TypeError, match="PluginContract names no plugin"):
        PluginContract().test_loads()  # type: ignore[attr-defined]
