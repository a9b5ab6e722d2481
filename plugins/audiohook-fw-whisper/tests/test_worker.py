"""A worker process: real ones, with a fake model."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_whisper.messages import Failed, Heard, Load, ModelSource, Request
from audiohook_fw_whisper.worker import ModelError, Worker, WorkerLostError, _environment

NewWorker = Callable[..., Worker]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def test_a_worker_answers_again_and_again(new_worker: NewWorker, kit: Any) -> None:
    worker = new_worker()
    worker.start()
    answers = [worker.recognize(kit.request(kit.SAY)) for _ in range(2)]
    assert all(isinstance(answer, Heard) for answer in answers)
    assert answers[0] == answers[1]  # the same process


def test_an_error_costs_its_piece_only_and_quotes_nothing(new_worker: NewWorker, kit: Any) -> None:
    worker = new_worker()
    worker.start()
    assert worker.recognize(kit.request(kit.RAISE)) == Failed("RuntimeError")
    assert isinstance(worker.recognize(kit.request(kit.SAY)), Heard)


@pytest.mark.parametrize(
    ("command", "message"),
    [("KILL", r"ended \(exit -9\)"), ("EXIT", r"ended \(exit 7\)"), ("NONSENSE", "spoke nonsense")],
)
def test_a_worker_that_is_lost_can_be_started_again(
    new_worker: NewWorker, kit: Any, command: str, message: str
) -> None:
    worker = new_worker()
    worker.start()
    pid = worker.pid
    with pytest.raises(WorkerLostError, match=message):
        worker.recognize(kit.request(getattr(kit, command)))
    assert worker.pid is None
    with pytest.raises(WorkerLostError, match="there is no process"):
        worker.recognize(kit.request(kit.SAY))
    worker.start()
    assert worker.pid not in (None, pid)
    assert isinstance(worker.recognize(kit.request(kit.SAY)), Heard)


def test_a_worker_that_hangs_is_killed(new_worker: NewWorker, kit: Any) -> None:
    worker = new_worker(timeout=0.2)
    worker.start()
    pid = worker.pid
    assert pid is not None
    with pytest.raises(WorkerLostError, match=r"took longer than 0.2 s for one piece"):
        worker.recognize(kit.request(kit.HANG))
    assert not is_alive(pid)


def test_a_worker_that_reads_nothing_is_killed(new_worker: NewWorker) -> None:
    worker = new_worker(timeout=0.5)
    worker.start()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    long = Request(np.ones(30 * 16_000, np.int16), "", "en", is_final=True)  # no socket holds as much
    with pytest.raises(WorkerLostError, match=r"took longer than 0.5 s for one piece"):
        worker.recognize(long)
    worker.start()
    assert isinstance(worker.recognize(long), Heard)


def test_models_that_cannot_be_loaded(new_worker: NewWorker) -> None:
    with pytest.raises(ModelError, match="the model is no model"):
        new_worker("refuse").start()
    with pytest.raises(WorkerLostError, match=r"ended \(exit 3\); it last wrote: segmentation fault"):
        new_worker("crash").start()
    with pytest.raises(WorkerLostError, match="to load its models"):
        new_worker("slow", load_timeout=0.2).start()


def test_a_process_that_cannot_be_started(new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = new_worker()
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(WorkerLostError, match="cannot be started"):
        worker.start()


def test_end_tells_whoever_waits(new_worker: NewWorker, kit: Any) -> None:
    worker = new_worker()
    worker.start()
    said: list[str] = []

    def ask() -> None:
        try:
            worker.recognize(kit.request(kit.HANG))
        except WorkerLostError as lost:
            said.append(str(lost))

    asker = threading.Thread(target=ask)
    asker.start()
    worker.end()
    asker.join(60)
    assert "ended" in said[0]
    with pytest.raises(WorkerLostError, match="not wanted any more"):
        worker.start()


def test_close_leaves_no_process(new_worker: NewWorker) -> None:
    worker = new_worker()
    worker.start()
    pid = worker.pid
    assert pid is not None
    worker.close()
    worker.close()
    assert not is_alive(pid)


def test_signals_to_all_leave_it_alive_and_its_servers_end_does_not(new_worker: NewWorker, kit: Any) -> None:
    worker = new_worker()
    worker.start()
    pid = worker.pid
    assert pid is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, number)
    assert isinstance(worker.recognize(kit.request(kit.SAY)), Heard)
    assert worker._connection is not None
    worker._connection.close()  # as when the server is killed
    until(lambda: not is_alive(pid))


def test_what_the_process_sees_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOHOOK_AUTH__KEYS", "a secret")
    monkeypatch.setenv("OTHER", "kept")
    directory = ("", ModelSource("/m", is_directory=True))
    named = ("de", ModelSource("small", is_directory=False))
    offline = _environment(Load((directory,), threads=3))
    assert "AUDIOHOOK_AUTH__KEYS" not in offline
    assert offline["OTHER"] == "kept"
    assert offline["OMP_NUM_THREADS"] == "3"
    assert offline["HF_HUB_OFFLINE"] == "1"
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert "HF_HUB_OFFLINE" not in _environment(Load((directory, named)))
