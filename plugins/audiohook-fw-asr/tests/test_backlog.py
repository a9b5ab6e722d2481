"""What waits: finals in order and bounded, interims only when nothing else waits."""

from __future__ import annotations

import numpy as np
from audiohook_fw_asr.backlog import Backlog, Job
from audiohook_fw_asr.cutter import Cut


def job(length: int, *, final: bool = True, since: float = 0.0) -> Job:
    return Job(Cut(0, length, "id"), np.zeros(length, np.int16), "en", final, since)


def test_an_interim_waits_for_no_final() -> None:
    backlog = Backlog(100)
    first, second, final = job(10, final=False), job(20, final=False), job(30)
    assert backlog.put(first) == ([], 0)
    assert backlog.put(second) == ([], 1)
    assert backlog.first is second
    assert backlog.put(final) == ([], 1)
    assert backlog.first is final
    assert backlog.put(job(5, final=False)) == ([], 1)
    assert not backlog.done(second)
    assert backlog.done(final)
    assert (backlog.first, len(backlog)) == (None, 0)


def test_the_oldest_final_goes_when_too_much_waits() -> None:
    backlog = Backlog(100)
    jobs = [job(40) for _ in range(3)]
    assert [backlog.put(one)[0] for one in jobs] == [[], [], [jobs[0]]]
    assert not backlog.done(jobs[0])
    assert backlog.put(job(500))[0] == jobs[1:]
    assert len(backlog) == 1  # one always fits


def test_the_one_at_work_stays() -> None:
    backlog = Backlog(100)
    jobs = [job(80) for _ in range(4)]
    backlog.put(jobs[0])
    backlog.work_on(jobs[0])
    assert [backlog.put(one)[0] for one in jobs[1:]] == [[], [jobs[1]], [jobs[2]]]
    assert backlog.done(jobs[0])
    assert backlog.first is jobs[3]
    assert backlog.done(jobs[3])
    assert backlog.put(job(100)) == ([], 0)


def test_what_is_too_old_goes() -> None:
    backlog = Backlog(1000)
    jobs = [job(10, since=float(n)) for n in range(4)]
    for one in jobs:
        backlog.put(one)
    assert backlog.drop_older(2.0) == jobs[:2]
    assert backlog.clear() == jobs[2:]
    assert backlog.first is None
