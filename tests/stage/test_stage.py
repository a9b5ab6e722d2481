"""What a test's call runs on: plugins are loaded, started and stopped there, and their faults come out."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from audiohook_fw import Session, hookimpl
from audiohook_fw.errors import PluginConfigError, PluginLoadError
from audiohook_fw.plugin import PluginStatus
from audiohook_fw.testing import CallDriver, Fault

Make = Callable[..., CallDriver]


class Careful:
    class Settings(BaseModel):
        pause_at: int = -1

    @hookimpl
    def on_opened(self) -> None: ...


class Faulty:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    @hookimpl
    def on_audio(self, session: Session, frame: Any) -> None:
        raise self.error


def test_a_fault_fails_the_test_with_the_plugin_s_traceback() -> None:
    with CallDriver(Faulty(ZeroDivisionError("mine"))) as call:
        call.open()
        with pytest.raises(ZeroDivisionError, match="mine") as caught:
            call.audio(seconds=0.2)
        assert caught.traceback[-1].name == "on_audio"
        assert caught.value.__notes__ == ["raised by plugin faulty in on_audio"]


def test_a_fault_of_the_last_moment_shows_at_the_end() -> None:
    class Late:
        @hookimpl
        async def on_end(self, session: Session) -> None:
            raise OSError("disk")

    call = CallDriver(Late)
    call.open()
    with pytest.raises(OSError, match="disk"):
        call.shutdown()
    call.shutdown()


def test_a_plugin_that_exits_fails_the_test_only() -> None:
    with CallDriver(Faulty(SystemExit(3))) as call:
        call.open()
        with pytest.raises(AssertionError, match="plugin faulty failed in on_audio: SystemExit: 3"):
            call.audio(seconds=0.2)


def test_faults_can_be_looked_at(audiohook_session: Make) -> None:
    call = audiohook_session(Faulty(ValueError("x")), raise_faults=False, limits={"faults_in_a_row": 3})
    call.open()
    call.audio(seconds=1)
    assert str(call.faults[0]) == "plugin faulty failed in on_audio: ValueError: x"
    assert call.faults[1] == Fault("faulty", "on_audio", call.faults[0].error)
    assert (call.statistics.faults, call.statistics.quarantined) == (3, True)


def test_what_does_not_load_says_why() -> None:
    with pytest.raises(PluginConfigError, match="pause_at"):
        CallDriver(Careful, settings={"pause_at": "never"})
    with pytest.raises(PluginLoadError, match="there is neither an installed plugin nor a module"):
        CallDriver("no_such_module_at_all")
    with pytest.raises(TypeError, match="a call has no colour; it has: session_id, "):
        CallDriver(Careful, colour="red")  # type: ignore[call-arg]


def test_what_does_not_start_says_why() -> None:
    class Broken:
        @hookimpl
        async def on_startup(self, server: Any) -> None:
            raise LookupError("nobody there")

    with CallDriver(Broken) as call, pytest.raises(LookupError, match="nobody there"):
        call.open()


def test_a_module_and_a_file_are_plugins_too(tmp_path: Any) -> None:
    file = tmp_path / "filed.py"
    file.write_text(
        "from audiohook_fw import hookimpl\n"
        "@hookimpl\ndef on_opened(session):\n    session.update_context(x=1)\n"
    )
    with CallDriver(file) as call:
        call.open()
        assert (call.session.context["x"], call.statistics.plugin) == (1, "filed")
        module = sys.modules["audiohook_fw_file_filed"]
    with CallDriver(module, name="other") as call:
        call.open()
        assert (call.context["x"], call.statistics.plugin) == (1, "other")


def test_threads_take_no_virtual_time(audiohook_session: Make) -> None:
    class Threads:
        @hookimpl
        async def on_opened(self, session: Session) -> None:
            await session.run_blocking(threading.Event().wait, 0.2)
            session.update_context(done=asyncio.get_running_loop().time())

    call = audiohook_session(Threads)
    call.open()
    assert call.context["done"] == 0.0
    call.close()


def test_the_plugin_is_active_alone(audiohook_session: Make) -> None:
    call = audiohook_session(Careful)
    active = [r.name for r in call._stage.manager.records if r.status is PluginStatus.ACTIVE]
    assert active == ["careful", "audiohook_witness"]


def test_tasks_that_were_left_are_told(audiohook_session: Make) -> None:
    class Forgetful:
        @hookimpl
        async def on_opened(self) -> None:
            self.task = asyncio.create_task(asyncio.sleep(1e9), name="forgotten")

    call = audiohook_session(Forgetful)
    call.open()
    assert call.left_tasks == ()
    call.shutdown()
    assert call.left_tasks == ("forgotten (sleep)",)
