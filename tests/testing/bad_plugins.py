"""Plugins that break one rule of the contract each, and the well-behaved one they are made from."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from typing import Any

from pydantic import BaseModel, ConfigDict

from audiohook_fw import PluginInfo, Session, SessionHandler, Transcript, hookimpl


class Good(SessionHandler):
    """Does a little of everything, and all of it well."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue(50)
        self.task: asyncio.Task[None] | None = None

    async def on_opened(self) -> None:
        await asyncio.sleep(0.1)
        self.task = asyncio.get_running_loop().create_task(self.work())

    async def work(self) -> None:
        while True:
            await self.session.run_blocking(len, await self.waiting.get())

    async def on_audio(self, frame: Any) -> None:
        await self.waiting.put(frame.payload)

    async def on_event(self, event: Any) -> None:
        if isinstance(event, Transcript):
            await asyncio.sleep(0.5)

    async def on_close(self, reason: Any) -> None:
        await asyncio.sleep(0.5)

    async def on_end(self, summary: Any) -> None:
        await self.session.run_blocking(_write, b"done")

    def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()


def _write(text: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(text)


class GoodPlugin:
    """Makes handlers, and stops what they began whatever became of them."""

    handler: type[SessionHandler] = Good

    def __init__(self) -> None:
        self.handlers: list[Any] = []

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        self.handlers.append(self.handler(session))  # type: ignore[call-arg]
        return self.handlers[-1]  # type: ignore[no-any-return]

    @hookimpl
    async def on_shutdown(self) -> None:
        for handler in self.handlers:
            if isinstance(handler, Good):
                handler.stop()


def plugin_of(**hooks: Any) -> type:
    """Make a plugin whose handler has these hooks, of the module that they are of."""
    module = next(iter(hooks.values())).__module__
    handler = type("Handler", (_Plain,), {**hooks, "__module__": module})
    return type("Bad", (GoodPlugin,), {"handler": handler, "__module__": module})


class _Plain(SessionHandler):
    def __init__(self, session: Session) -> None:
        self.session = session
        self.kept: list[Any] = []


class FailsToStart:
    @hookimpl
    async def on_startup(self) -> None:
        raise OSError("no disk")


class ForgetsTheMark:
    @hookimpl
    def on_opened(self) -> None: ...

    def on_close(self, reason: Any) -> None: ...


class TakesTooMuch:
    @hookimpl
    def on_audio(self, session: Session, frame: Any, volume: int) -> None: ...


class TakesAnySetting:
    class Settings(BaseModel):
        model_config = ConfigDict(extra="ignore")

    @hookimpl
    def on_opened(self) -> None: ...


class SleepsInOnOpen:
    info = PluginInfo(summary="late")

    @hookimpl
    async def on_open(self) -> None:
        await asyncio.sleep(3)


def wrong_handler() -> type:
    def on_audio(self: Any, frames: Any) -> None: ...

    return plugin_of(on_audio=on_audio)


# what blocks -------------------------------------------------------------------------------------


def _sleeps(self: Any, frame: Any) -> None:
    time.sleep(0.01)


def _sleeps_by_another_name(self: Any, frame: Any) -> None:
    sleep(0.01)


async def _sleeps_in_a_lane(self: Any) -> None:
    time.sleep(0.01)  # noqa: ASYNC251


def _connects(self: Any) -> None:
    socket.create_connection(("127.0.0.1", 9), 1)


def _receives(self: Any) -> None:
    one, other = socket.socketpair()
    with one, other:
        other.recv(1)


def _opens(self: Any) -> None:
    Path("notes.txt").write_text("x", encoding="utf-8")


def _queries(self: Any) -> None:
    sqlite3.connect(":memory:").close()


def _runs(self: Any) -> None:
    subprocess.run(["sleep", "0.3"], check=True)


def _waits_for_a_thread(self: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(threading.Event().wait, 0.1).result()


def _waits_for_a_queue(self: Any) -> None:
    queue.Queue[int]().get(timeout=0.1)


def _swallows(self: Any) -> None:
    with contextlib.suppress(BaseException):
        time.sleep(0.01)


def _computes_for_ever(self: Any) -> None:
    while True:
        pass


def _computes_for_long(self: Any) -> None:
    until = time.thread_time() + 2.5
    while time.thread_time() < until:
        pass


BLOCKING = {
    "time.sleep": plugin_of(on_audio=_sleeps),
    "time.sleep ": plugin_of(on_audio=_sleeps_by_another_name),
    "time.sleep  ": plugin_of(on_opened=_sleeps_in_a_lane),
    "socket.create_connection": plugin_of(on_opened=_connects),
    "socket.recv": plugin_of(on_opened=_receives),
    "open": plugin_of(on_opened=_opens),
    "sqlite3.connect": plugin_of(on_opened=_queries),
    "Popen.": plugin_of(on_opened=_runs),
    "Future.result": plugin_of(on_opened=_waits_for_a_thread),
    "Queue.get": plugin_of(on_opened=_waits_for_a_queue),
    "time.sleep   ": plugin_of(on_opened=_swallows),
    "computed for 3 s without a pause": plugin_of(on_opened=_computes_for_ever),
    "without letting anybody else have a turn": plugin_of(on_opened=_computes_for_long),
}
"""By what the message says of them, and spaces to tell them apart."""


# what forgets to await ---------------------------------------------------------------------------


async def _send(frame: Any) -> None:
    raise ConnectionError("nobody sees this")


def _forgets_its_own(self: Any, frame: Any) -> None:
    _send(frame)  # type: ignore[unused-coroutine]


async def _forgets_a_foreign_one(self: Any) -> None:
    asyncio.sleep(1)  # type: ignore[unused-coroutine]


def _keeps_one(self: Any, reason: Any) -> None:
    self.kept.append(self.session.run_blocking(int))
    self.kept.append(self)


async def _awaits_nothing_forgotten(self: Any, frame: Any) -> None:
    task = asyncio.get_running_loop().create_task(_forever())
    task.cancel()  # before it began, which is no fault
    await asyncio.wait([task])


async def _forever() -> None:
    await asyncio.Event().wait()


FORGOTTEN = {
    "_send": plugin_of(on_audio=_forgets_its_own),
    "sleep": plugin_of(on_opened=_forgets_a_foreign_one),
    "run_blocking": plugin_of(on_close=_keeps_one),
}
"""By the coroutine's name."""
CANCELS_AT_ONCE = plugin_of(on_audio=_awaits_nothing_forgotten)


# what fails --------------------------------------------------------------------------------------


def _wants_stereo(self: Any, frame: Any) -> None:
    frame.channel("external"), frame.channel("internal")


def _divides(self: Any, reason: Any) -> None:
    1 / sum(self.kept)


def _counts(self: Any, frame: Any) -> None:
    self.kept.append(frame.length)


def _counts_short(self: Any, frame: Any) -> None:
    if frame.length > 8000:
        raise OverflowError("so much")


def _wants_media(self: Any) -> None:
    assert self.session.media is not None


def _wants_a_language(self: Any, update: Any) -> None:
    update.language.lower()


def _wants_a_reason(self: Any, reason: Any) -> None:
    {"end": 1}[reason]


def _divides_by_the_gap(self: Any, gap: Any) -> None:
    8000 / gap.length


def _fails(self: Any, frame: Any) -> None:
    raise LookupError("in any call")


SURVIVAL = {
    "survives-calls": plugin_of(on_audio=_fails),
    "survives-calls ": plugin_of(on_update=_wants_a_language),
    "survives-channels": plugin_of(on_audio=_wants_stereo),
    "survives-no-audio": plugin_of(on_close=_divides, on_audio=_counts),
    "survives-no-audio ": plugin_of(on_opened=_wants_media),
    "survives-bursts": plugin_of(on_audio=_counts_short),
    "survives-interruptions": plugin_of(on_discarded=_divides_by_the_gap),
    "survives-ends": plugin_of(on_close=_wants_a_reason),
}


# what does not end -------------------------------------------------------------------------------


async def _hangs(self: Any, reason: Any) -> None:
    await asyncio.Event().wait()


async def _hangs_at_the_end(self: Any, summary: Any) -> None:
    await asyncio.sleep(100)


async def _leaves_a_task(self: Any) -> None:
    self.task = asyncio.get_running_loop().create_task(asyncio.sleep(1e9))


async def _leaves_a_file(self: Any) -> None:
    self.file = await self.session.run_blocking(Path("x").open, "w")
    await asyncio.sleep(1)
    await self.session.run_blocking(self.file.close)


async def _leaves_a_thread(self: Any) -> None:
    threading.Thread(target=threading.Event().wait, args=(5,), name="forgotten", daemon=True).start()
    await asyncio.sleep(0)


async def _swallows_cancelling(self: Any) -> None:
    while True:
        try:
            await asyncio.sleep(1)
            return
        except asyncio.CancelledError:
            await asyncio.Event().wait()


async def _swallows_it_for_ever(self: Any) -> None:
    done = False
    while not done:
        try:
            await asyncio.sleep(0.1)
            done = True
        except asyncio.CancelledError:
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    continue


LEAKS = {
    " (sleep)": plugin_of(on_opened=_leaves_a_task),
    "the open file /": plugin_of(on_opened=_leaves_a_file),
    "the thread forgotten": plugin_of(on_opened=_leaves_a_thread),
    "the task audiohook-lane:bad": plugin_of(on_opened=_swallows_it_for_ever),
}

LATE = {"on_close": plugin_of(on_close=_hangs), "on_end": plugin_of(on_end=_hangs_at_the_end)}


# what grows ---------------------------------------------------------------------------------------


def _keeps(self: Any, frame: Any) -> None:
    self.kept.append(frame)


async def _keeps_what_waits(self: Any, frame: Any) -> None:
    if not self.kept:
        self.kept.append(asyncio.Queue())
        self.task = asyncio.get_running_loop().create_task(_take(self.session, self.kept[0]))
    self.kept[0].put_nowait(frame.samples.copy())


async def _take(session: Session, waiting: asyncio.Queue[Any]) -> None:
    while True:
        await session.run_blocking(len, await waiting.get())


async def _ends_it(self: Any, summary: Any) -> None:
    if self.kept:
        self.task.cancel()


GROWING = {
    "keeps all": plugin_of(on_audio=_keeps),
    "keeps what waits": plugin_of(on_audio=_keeps_what_waits, on_end=_ends_it),
}
