"""Both pause flags in every order, in a real session: the totals are the call's length to the sample."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from audiohook_fw_cost import Cost
from audiohook_fw_cost.figures import Figures
from hypothesis import given, settings
from hypothesis import strategies as st

from audiohook_fw.testing import CallDriver

EIGHTH = 1000
"""Samples of an eighth of a second: whole, and a whole number of microseconds too."""


class Script:
    """A call that is driven step by step, and what the meter should say of it."""

    def __init__(self, kit: Any, path: Path, frame_ms: float = 25.0) -> None:
        self.kit, self.path = kit, path
        self.other = kit.Other()
        self.call = CallDriver(Cost, settings={"database": str(path)}, others={"other": self.other})
        self.frame_ms = frame_ms
        self.expected = Figures()
        self.client = False
        self.call.open()

    def step(self, what: str) -> None:
        match what:
            case "client pauses" if not self.client:
                self.client = True
                self.call.pause()
            case "client resumes" if self.client:
                self.client = False
                self.call.resume()
            case "server pauses":
                self.call.run(self.other.pause)
            case "server resumes":
                self.call.run(self.other.resume)
            case "discard" if not (self.client or self.other.hold):
                self.call.discard(0.5)
                self.expected.discarded += 4 * EIGHTH
            case _:
                pass

    def let_pass(self, eighths: int) -> None:
        self.call.audio(seconds=eighths / 8, frame_ms=self.frame_ms)
        samples = eighths * EIGHTH
        if self.other.hold is not None:
            self.expected.server_paused += samples
        elif self.client:
            self.expected.client_paused += samples
        else:
            self.expected.streamed += samples

    def end(self, *, lost: bool = False) -> Figures:
        (self.call.lose if lost else self.call.close)()
        summary = self.call.summary
        assert summary is not None
        self.call.shutdown()
        figures = self.kit.figures(self.path)
        tail = figures.connected - summary.position
        assert tail >= 0
        if not (self.client or self.other.hold):
            assert tail == 0
        return figures


ORDERS = [
    order
    for order in permutations(["client pauses", "client resumes", "server pauses", "server resumes"])
    if all(order.index(f"{who} pauses") < order.index(f"{who} resumes") for who in ("client", "server"))
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: ", ".join(order))
def test_every_order_of_both_flags(kit: Any, order: tuple[str, ...], database: Path) -> None:
    script = Script(kit, database)
    script.let_pass(3)
    for eighths, what in enumerate(order, 5):
        script.step(what)
        script.let_pass(eighths)
    assert script.end() == script.expected
    assert script.expected.server_paused
    assert script.expected.connected == (3 + 5 + 6 + 7 + 8) * EIGHTH


def test_there_are_six_orders() -> None:
    assert len(ORDERS) == 6


STEPS = ["client pauses", "client resumes", "server pauses", "server resumes", "discard"]


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 12)), max_size=14),
    frame_ms=st.sampled_from([25.0, 125.0, 12_500.0]),
    lost=st.booleans(),
)
def test_any_order_of_anything(kit: Any, steps: list[tuple[str, int]], frame_ms: float, lost: bool) -> None:
    with TemporaryDirectory() as directory:
        script = Script(kit, Path(directory) / "cost.sqlite", frame_ms)
        for what, eighths in steps:
            script.step(what)
            script.let_pass(eighths)
        assert script.end(lost=lost) == script.expected
