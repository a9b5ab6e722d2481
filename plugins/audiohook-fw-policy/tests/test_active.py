"""Active calls: who counts, for whom, and until when."""

from __future__ import annotations

from typing import Any, cast

from audiohook_fw_policy.active import ActiveCalls
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw import Session


class Call:
    """As much of a session as is asked for."""

    def __init__(self, key: str = "main", organization: str = "o", **context: str) -> None:
        self.key_name = key
        self.organization_id = organization
        self.context: dict[str, Any] = dict(context)
        self.state = "opening"


def session(**facts: Any) -> Session:
    return cast("Session", Call(**facts))


def test_a_call_sees_the_others() -> None:
    calls = ActiveCalls()
    one, two, other = session(key="Main"), session(queue_id="Q"), session(key="other", organization="p")
    for call in (one, two, other):
        calls.add(call)
    assert calls.seen_by(one).others("all", "") == 2
    assert calls.seen_by(one).others("key", "main") == 1
    assert calls.seen_by(one).others("organization", "o") == 1
    assert calls.seen_by(one).others("queue", "q") == 1
    assert calls.seen_by(two).others("queue", "q") == 0
    assert calls.seen_by(session()).others("key", "main") == 2


def test_a_call_moves_from_queue_to_queue() -> None:
    calls, watcher = ActiveCalls(), session()
    call = session()
    calls.add(call)
    call.context.update(queue_id="Q1", queue_name="Sales")  # type: ignore[attr-defined]
    calls.move(call)
    assert [calls.seen_by(watcher).others("queue", name) for name in ("q1", "sales", "q2")] == [1, 1, 0]
    call.context.update(queue_id="Q2", queue_name="")  # type: ignore[attr-defined]
    calls.move(call)
    assert [calls.seen_by(watcher).others("queue", name) for name in ("q1", "sales", "q2")] == [0, 0, 1]


def test_a_call_that_does_not_count_does_not_move() -> None:
    calls = ActiveCalls()
    calls.move(session(queue_id="q"))
    assert calls.seen_by(session()).others("queue", "q") == 0


def test_a_call_that_ended_before_it_began_is_let_go() -> None:
    calls = ActiveCalls()
    lost, pending, begun = session(), session(), session()
    for call in (lost, pending, begun):
        calls.add(call)
    calls.begun(begun)
    lost.state = begun.state = "ended"  # type: ignore[misc]
    calls.sweep()
    assert len(calls) == 2  # of one that began the end is told
    calls.remove(begun)
    calls.remove(begun)
    assert calls.seen_by(lost).others("all", "") == 1


@given(
    st.lists(st.tuples(st.sampled_from(["add", "move", "begun", "remove"]), st.integers(0, 3)), max_size=40)
)
def test_nothing_is_left_when_all_have_ended(steps: list[tuple[str, int]]) -> None:
    calls = ActiveCalls()
    sessions = [session(key=f"k{i}", queue_name=f"q{i % 2}") for i in range(4)]
    for step, number in steps:
        call = sessions[number]
        if step == "move":
            call.context["queue_name"] = f"q{number}"  # type: ignore[index]
        getattr(calls, step)(call)
        assert calls.seen_by(session()).others("all", "") == len(calls)
    for call in sessions:
        calls.remove(call)
    assert len(calls) == 0
    assert not calls._counts
