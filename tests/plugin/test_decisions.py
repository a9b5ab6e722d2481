"""What `on_open` may answer is checked where the answer is made: in the plugin that makes it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from audiohook_fw.plugin import Accept, Reject, hookimpl


@pytest.mark.parametrize(
    "given",
    [
        {"start_paused": "yes"},
        {"start_paused": 1},
        {"start_paused": None},
        {"discard_to": "3"},
        {"discard_to": True},
        {"tags": [("a", "b")]},
        {"tags": {"a": 1}},
        {"tags": None},
    ],
)
def test_accept_refuses_other_types(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(given))):
        Accept(**given)


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf, 86_401])
def test_accept_refuses_what_is_no_time_of_a_call(seconds: float) -> None:
    with pytest.raises(ValueError, match="discard_to"):
        Accept(discard_to=seconds)


@pytest.mark.parametrize("given", [{"reason": None}, {"reason": 5}, {"info": b"text"}, {"info": object()}])
def test_reject_refuses_other_types(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(given))} must be a text"):
        Reject(**given)


async def test_an_odd_answer_is_the_fault_of_its_plugin(bench: Any) -> None:
    class Odd:
        @hookimpl
        def on_open(self) -> Any:
            answer: Any = object()
            return Reject(info=answer)

    verdict = await bench.call(odd=Odd).decide(2.0)
    assert verdict.accepted
    assert [failure.plugin for failure in verdict.failures] == ["odd"]
