"""Whose piece comes next."""

from __future__ import annotations

from audiohook_fw_whisper.fair_queue import FairQueue
from hypothesis import given
from hypothesis import strategies as st


def take_all(queue: FairQueue[str]) -> list[str]:
    return [item for item in iter(queue.take, None) if item is not None]


def test_calls_take_turns_however_much_one_has() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a3", "b1", "c1", "c2"):
        queue.put(item[0], item)
    assert len(queue) == 6
    assert take_all(queue) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_a_call_that_was_served_is_the_last_one_again() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("a", "a1")
    queue.put("b", "b1")
    assert queue.take() == "a1"
    queue.put("a", "a2")
    assert take_all(queue) == ["b1", "a2"]


def test_what_is_put_back_is_next() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "b1"):
        queue.put(item[0], item)
    assert queue.take() == "a1"
    queue.put_back("a", "a1")
    assert take_all(queue) == ["a1", "b1", "a2"]


def test_what_is_removed_does_not_come() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("a", "a1")
    queue.put("b", "b1")
    assert queue.remove("a", "a1")
    assert not queue.remove("a", "a1")
    assert not queue.remove("c", "c1")
    assert take_all(queue) == ["b1"]
    assert queue.take() is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40))
def test_no_call_is_served_twice_while_another_waits(steps: list[tuple[str, bool]]) -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    waiting: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    passed: dict[str, int] = {}
    for number, (call, is_put) in enumerate(steps):
        if is_put:
            queue.put(call, (call, number))
            waiting[call].append(number)
        elif (item := queue.take()) is not None:
            served, which = item
            assert which == waiting[served].pop(0)
            passed = {c: passed.get(c, 0) + 1 for c in waiting if waiting[c] and c != served}
            assert max(passed.values(), default=0) <= 2  # the two others, once each
        assert len(queue) == sum(map(len, waiting.values()))
