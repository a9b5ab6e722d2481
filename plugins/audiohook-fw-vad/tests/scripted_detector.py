"""Detectors for tests: they hear loudness, to 10 ms, and fail as told."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

WINDOW = 80


class LoudDetector:
    """Says 1 for a window with anything loud in it, else 0."""

    window = WINDOW

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.resets = 0

    def detect(self, samples: Any) -> float:
        return float(np.abs(samples.astype(int)).max() > 1000)

    def reset(self) -> None:
        self.resets += 1


class FaultyDetector(LoudDetector):
    """Fails in the windows `fails`, counted over all detectors of a test; see `Plan`."""

    def __init__(self, rate: int, *, plan: Plan) -> None:
        super().__init__(rate)
        plan.made.append(self)
        if plan.refuse_to_start:
            raise OSError("no model")
        self.plan = plan

    def detect(self, samples: Any) -> float:
        plan = self.plan
        with plan.lock:
            plan.windows += 1
            number = plan.windows
        plan.threads.add(threading.get_ident())
        if number in plan.fails:
            answer = plan.answer
            if isinstance(answer, Exception):
                raise answer
            return answer
        if number in plan.hangs:
            plan.go.wait(60)
        return super().detect(samples)


class Plan:
    """What the detectors of one test do, and did."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.go = threading.Event()
        self.windows = 0
        self.fails: range | set[int] = set()
        self.hangs: range | set[int] = set()
        self.answer: Exception | float = RuntimeError("broken")
        self.refuse_to_start = False
        self.made: list[FaultyDetector] = []
        self.threads: set[int] = set()
