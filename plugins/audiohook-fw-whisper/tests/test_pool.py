"""Workers that all calls share: real processes with a fake model, and processes scripted by the test."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from audiohook_fw_whisper.messages import Answer, Failed, Heard, Ready, Request
from audiohook_fw_whisper.pool import DroppedError, Process, WorkerPool
from audiohook_fw_whisper.totals import Totals
from audiohook_fw_whisper.worker import ModelError, Worker, WorkerLostError

NewWorker = Callable[..., Worker]


class Scripted:
    """A process that works when it is let, and notes whose piece it got."""

    def __init__(self, *, starts: list[Exception | None] | None = None) -> None:
        self.starts = starts or []
        self.answers: list[Answer | Exception] = []
        self.served: list[Request] = []
        self.let = threading.Semaphore(0)
        self.loaded = threading.Event()
        self.loaded.set()
        self.closed = False

    def start(self) -> Ready:
        assert self.loaded.wait(60)
        problem = self.starts.pop(0) if self.starts else None
        if problem is not None:
            raise problem
        return Ready()

    def recognize(self, request: Request) -> Answer:
        self.served.append(request)
        assert self.let.acquire(timeout=60)
        if self.closed:
            raise WorkerLostError("closed")
        answer = self.answers.pop(0) if self.answers else Heard("fine")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> None:
        self.closed = True
        self.let.release()

    def close(self) -> None:
        self.closed = True


class Pools:
    """Makes pools, and ends them."""

    def __init__(self) -> None:
        self.made: list[WorkerPool] = []

    async def start(self, *processes: Process, max_wait: float = 60.0, patience: float = 60.0) -> WorkerPool:
        pool = WorkerPool(processes, max_wait=max_wait, totals=Totals())
        self.made.append(pool)
        await pool.start(patience)
        return pool


@pytest.fixture
async def pools() -> AsyncIterator[Pools]:
    pools = Pools()
    yield pools
    for pool in pools.made:
        await pool.stop()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # threads set it
            await asyncio.sleep(0.005)


def ask(pool: WorkerPool, call: str, request: Request) -> asyncio.Task[Heard]:
    return asyncio.create_task(pool.recognize(call, request))


async def test_workers_share_the_pieces(pools: Pools, new_worker: NewWorker, kit: Any) -> None:
    pool = await pools.start(new_worker(), new_worker())
    await until(lambda: len(pool._idle) == 2)
    request = kit.request(kit.SAY, delay_ms=100)
    heard = await asyncio.gather(*(pool.recognize(call, request) for call in "abcdef"))
    assert len({answer.text for answer in heard}) == 2  # it says which process it is
    assert pool._totals.recognized == 6
    assert pool.problem is None


async def test_finals_take_turns_by_call_and_interims_do_not_wait(pools: Pools, kit: Any) -> None:
    process = Scripted()
    pool = await pools.start(process)
    names = {}
    tasks = []
    for name in ("a1", "a2", "a3", "b1", "c1"):
        request = kit.request(kit.SAY)
        names[id(request)] = name
        tasks.append(ask(pool, name[0], request))
        await asyncio.sleep(0)
    await until(lambda: process.served)
    with pytest.raises(DroppedError, match="the workers have finals to do"):
        await pool.recognize("d", kit.request(kit.SAY, is_final=False))
    assert pool._totals.interims_dropped == 1
    assert pool._totals.waiting == 4
    assert pool._totals.busy == 1
    process.let.release(5)
    await asyncio.gather(*tasks)
    assert [names[id(request)] for request in process.served] == ["a1", "a2", "b1", "c1", "a3"]
    assert pool._totals.waiting == 0
    await until(lambda: pool._idle)
    process.let.release()
    assert (await pool.recognize("d", kit.request(kit.SAY, is_final=False))).text == "fine"
    assert pool._totals.busy == 0


async def test_after_a_long_wait_there_are_no_interims_for_a_while(
    pools: Pools, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audiohook_fw_whisper.pool._LONG", 0.0)
    monkeypatch.setattr("audiohook_fw_whisper.pool._CALM", 0.5)
    process = Scripted()
    pool = await pools.start(process)
    finals = [ask(pool, "a", kit.request(kit.SAY)) for _ in range(2)]
    await until(lambda: process.served)
    process.let.release(3)
    await asyncio.gather(*finals)
    await until(lambda: pool._idle)
    pool._interims_from += 60
    with pytest.raises(DroppedError, match="the workers have finals to do"):
        await pool.recognize("a", kit.request(kit.SAY, is_final=False))
    pool._interims_from -= 60.5  # by now it is over
    assert (await pool.recognize("a", kit.request(kit.SAY, is_final=False))).text == "fine"
    assert pool._totals.interims_dropped == 1


async def test_finals_that_wait_too_long_are_dropped_and_it_is_said_once(
    pools: Pools, kit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    process = Scripted()
    pool = await pools.start(process, max_wait=0.05)
    first = ask(pool, "a", kit.request(kit.SAY))
    await until(lambda: process.served)
    late = [ask(pool, call, kit.request(kit.SAY)) for call in "abc"]
    for task in late:
        with pytest.raises(DroppedError, match=r"longer than 0.05 s"):
            await task
    assert pool._totals.finals_dropped == 3
    assert pool._totals.waiting == 0
    assert len([r for r in caplog.records if "falling behind" in r.message]) == 1
    process.let.release()
    assert (await first).text == "fine"  # it was taken in time, however long it takes


async def test_a_cancelled_piece_gives_up_its_turn(pools: Pools, kit: Any) -> None:
    process = Scripted()
    pool = await pools.start(process)
    running = ask(pool, "a", kit.request(kit.SAY))
    await until(lambda: process.served)
    waiting, last = ask(pool, "b", kit.request(kit.SAY)), ask(pool, "c", kit.request(kit.SAY))
    await until(lambda: pool._totals.waiting == 2)
    for task in (waiting, running):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    process.let.release(2)
    assert (await last).text == "fine"
    assert len(process.served) == 2


@pytest.mark.parametrize("command", ["KILL", "HANG", "NONSENSE"])
async def test_a_lost_worker_is_started_again_and_its_piece_given_up_the_second_time(
    pools: Pools, new_worker: NewWorker, kit: Any, command: str, caplog: pytest.LogCaptureFixture
) -> None:
    pool = await pools.start(new_worker(timeout=0.5 if command == "HANG" else 60.0))
    bad = ask(pool, "a", kit.request(getattr(kit, command)))
    with pytest.raises(DroppedError, match="a worker was lost with it"):
        await bad
    assert (pool._totals.restarts, pool._totals.given_up) == (2, 1)
    assert [("tried once more" in r.message, "given up" in r.message) for r in caplog.records] == [
        (True, False),
        (False, True),
    ]
    assert (await pool.recognize("b", kit.request(kit.SAY))).text.startswith("hello")


async def test_a_piece_whose_worker_is_killed_from_outside_is_tried_again(
    pools: Pools, new_worker: NewWorker, kit: Any
) -> None:
    pool = await pools.start(new_worker())
    heard = await pool.recognize("a", kit.request(kit.KILL_ONCE))
    assert heard.text.startswith("hello")
    assert (pool._totals.restarts, pool._totals.given_up, pool._totals.recognized) == (1, 0, 1)


async def test_a_piece_is_tried_again_by_a_worker_that_is_idle(pools: Pools, kit: Any) -> None:
    first, second = Scripted(), Scripted()
    pool = await pools.start(first, second)
    await until(lambda: len(pool._idle) == 2)
    for process in (first, second):
        process.answers = [WorkerLostError("gone"), Heard("again")]
        process.starts = [None]
    task = ask(pool, "a", kit.request(kit.SAY))
    await until(lambda: first.served or second.served)
    used, other = (first, second) if first.served else (second, first)
    used.loaded.clear()  # it comes back later than that
    used.let.release()
    other.answers = [Heard("by the other")]
    other.let.release()
    assert (await task).text == "by the other"
    used.loaded.set()


async def test_an_interim_is_not_tried_again(pools: Pools, kit: Any) -> None:
    process = Scripted()
    process.answers = [WorkerLostError("gone")]
    pool = await pools.start(process)
    await until(lambda: pool._idle)
    process.let.release()
    with pytest.raises(DroppedError):
        await pool.recognize("a", kit.request(kit.SAY, is_final=False))
    assert len(process.served) == 1


async def test_an_error_gives_up_its_piece_only(
    pools: Pools, kit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    process = Scripted()
    process.answers = [Failed("RuntimeError"), Heard(is_made_up=True)]
    process.let.release(2)
    pool = await pools.start(process)
    with pytest.raises(DroppedError, match="it raised RuntimeError"):
        await pool.recognize("a", kit.request(kit.SAY))
    assert (await pool.recognize("a", kit.request(kit.SAY))).text == ""
    assert (pool._totals.given_up, pool._totals.made_up, pool._totals.restarts) == (1, 1, 0)
    assert "it raised RuntimeError" in caplog.text


async def test_models_that_cannot_be_loaded(pools: Pools, kit: Any) -> None:
    with pytest.raises(ModelError, match="no model"):
        await pools.start(Scripted(starts=[ModelError("no model here")]))
    (pool,) = pools.made
    assert pool.problem == "no model here"
    with pytest.raises(ModelError, match="no model here"):
        await pool.recognize("a", kit.request(kit.SAY))


async def test_loading_that_takes_long_goes_on(pools: Pools, kit: Any) -> None:
    process = Scripted()
    process.loaded.clear()
    process.let.release()
    pool = await pools.start(process, patience=0.01)
    assert pool.problem == "the models are still being loaded"
    task = ask(pool, "a", kit.request(kit.SAY))
    await until(lambda: pool._totals.waiting)
    process.loaded.set()
    assert (await task).text == "fine"
    assert pool.problem is None


async def test_loading_that_fails_late_is_told_to_all(pools: Pools, kit: Any) -> None:
    process = Scripted(starts=[ModelError("broken")])
    process.loaded.clear()
    pool = await pools.start(process, patience=0.01)
    task = ask(pool, "a", kit.request(kit.SAY))
    await until(lambda: pool._totals.waiting)
    process.loaded.set()
    with pytest.raises(ModelError, match="broken"):
        await task
    assert pool.problem == "broken"


async def test_a_worker_that_does_not_come_up_is_tried_again(
    pools: Pools, kit: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("audiohook_fw_whisper.pool._REST", 0.01)
    process = Scripted(starts=[WorkerLostError("too little memory"), WorkerLostError("still"), None])
    process.let.release()
    pool = await pools.start(process)
    assert (await pool.recognize("a", kit.request(kit.SAY))).text == "fine"
    assert pool.problem is None
    assert [r.levelno for r in caplog.records] == [logging.ERROR] * 2
    assert "too little memory" in caplog.text


async def test_while_one_worker_is_up_another_that_does_not_start_is_no_problem_of_the_plugin(
    pools: Pools, kit: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("audiohook_fw_whisper.pool._REST", 3600.0)
    well, ill = Scripted(), Scripted(starts=[WorkerLostError("too little memory")])
    ill.loaded.clear()
    pool = await pools.start(well, ill)
    ill.loaded.set()
    await until(lambda: "too little memory" in caplog.text)
    assert pool.problem is None
    well.answers, well.starts = [WorkerLostError("gone")], [WorkerLostError("neither this one")]
    well.let.release()
    asked = ask(pool, "a", kit.request(kit.SAY))
    await until(lambda: pool.problem)
    assert pool.problem == "no worker starts: neither this one"
    asked.cancel()


async def test_stop_leaves_nothing(pools: Pools, new_worker: NewWorker, kit: Any) -> None:
    worker = new_worker()
    pool = await pools.start(worker)
    running = ask(pool, "a", kit.request(kit.HANG))
    await until(lambda: pool._totals.busy)
    waiting = ask(pool, "b", kit.request(kit.SAY))
    await asyncio.sleep(0)
    await pool.stop()
    for task in (running, waiting):
        with pytest.raises(DroppedError, match="the server ends"):
            await task
    assert worker.pid is None
    assert pool._totals.busy == 0
