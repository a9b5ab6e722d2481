"""The watch over blocking calls: what it lets pass. What it catches is in `test_rules.py`."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import queue
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.testing import VirtualLoop
from audiohook_fw.testing.blocking import BlockedError, BlockingWatch

MINE = __name__


def _in_the_loop(function: Callable[[], Any], package: str = MINE) -> list[str]:
    """Run a function in a watched loop, and return what was seen."""
    loop = VirtualLoop()
    try:
        with BlockingWatch(package) as watch:
            loop.call_soon(_ignoring, function)
            loop.run_for(0)
            return [blocked.what for blocked in watch.seen]
    finally:
        loop.close()


def _ignoring(function: Callable[[], Any]) -> None:
    with contextlib.suppress(BlockedError):
        function()


def _full_queue() -> None:
    waiting: queue.Queue[int] = queue.Queue()
    waiting.put(1)
    waiting.get()


def _done_future() -> None:
    future: concurrent.futures.Future[int] = concurrent.futures.Future()
    future.set_result(1)
    future.result()


def _set_event() -> None:
    event = threading.Event()
    event.set()
    event.wait()


def _no_patience() -> None:
    waiting: queue.Queue[int] = queue.Queue()
    for take in (waiting.get_nowait, lambda: waiting.get(False), lambda: waiting.get(timeout=0)):
        with pytest.raises(queue.Empty):
            take()
    assert not threading.Event().wait(0)
    with pytest.raises(TimeoutError):
        concurrent.futures.Future().result(0)


def _logging_to_a_file() -> None:
    handler = logging.FileHandler("log.txt", delay=True)
    logger = logging.Logger("mine")
    logger.addHandler(handler)
    logger.error("opened now")
    handler.close()


def _thread_that_starts() -> None:
    threading.Thread(target=int).start()


def _socket_that_does_not_block() -> None:
    one, other = socket.socketpair()
    with one, other:
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.recv(1)


@pytest.mark.parametrize(
    "harmless",
    [
        _full_queue,
        _done_future,
        _set_event,
        _no_patience,
        _logging_to_a_file,
        _thread_that_starts,
        _socket_that_does_not_block,
        lambda: time.sleep(0),
    ],
)
def test_what_returns_at_once_is_no_fault(
    harmless: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _in_the_loop(harmless) == []


def test_others_may_block() -> None:
    assert _in_the_loop(lambda: time.sleep(0.001)) == ["called time.sleep"]
    assert _in_the_loop(lambda: time.sleep(0.001), "another.package") == []


def test_threads_may_block(tmp_path: Path) -> None:
    def work() -> None:
        time.sleep(0.001)
        (tmp_path / "x").write_text("x", encoding="utf-8")

    def ask() -> None:
        asyncio.get_running_loop().run_in_executor(None, work)

    assert _in_the_loop(ask) == []
    assert (tmp_path / "x").read_text(encoding="utf-8") == "x"


def test_outside_of_the_loop_anybody_may_block() -> None:
    loop = VirtualLoop()
    with BlockingWatch(MINE) as watch:
        time.sleep(0.001)
        assert Path(__file__).read_text(encoding="utf-8")
    loop.close()
    assert watch.seen == []
