"""The queue of results: what goes first when there is no room, what is merged, what is replaced."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.protocol import WireEntity
from audiohook_fw.server.entities_queue import FINISHED, MERGE_BYTES, EntityQueue


def entity(name: object, size: int = 0) -> WireEntity:
    return WireEntity(type="transcript", data={"name": name, "text": "x" * size})


def names(queue: EntityQueue) -> list[Any]:
    return [item.entity.data["name"] for item in queue._queue]


def popped(queue: EntityQueue, *, merge: bool = False) -> list[Any]:
    return [entity.data["name"] for entity in queue.pop(merge=merge).entities]


def test_results_leave_in_order_of_arrival_each_in_a_message_of_its_own() -> None:
    queue = EntityQueue(100)
    for number in range(90):
        queue.put(entity(number))
    assert [popped(queue) for _ in range(90)] == [[n] for n in range(90)]
    assert len(queue) == queue.merged == 0


def test_finals_leave_before_interims() -> None:
    queue = EntityQueue(10)
    queue.put(entity("a1"), replaces="a", interim=True)
    queue.put(entity("b1"), replaces="b")
    queue.put(entity("c1"), replaces="c", interim=True)
    assert queue.has_final
    assert popped(queue) == ["b1"]
    assert not queue.has_final
    assert [popped(queue), popped(queue)] == [["a1"], ["c1"]]


def test_a_queue_is_crowded_when_more_than_half_full() -> None:
    queue = EntityQueue(4)
    for number in range(2):
        queue.put(entity(number))
    assert not queue.crowded
    queue.put(entity(2))
    assert queue.crowded


def test_finals_are_merged_where_asked_and_interims_never() -> None:
    queue = EntityQueue(100)
    queue.put(entity("interim"), replaces="i", interim=True)
    for number in range(8):
        queue.put(entity(number))
    assert popped(queue, merge=True) == list(range(8))
    assert queue.merged == 7
    queue.put(entity("another"), replaces="j", interim=True)
    assert [popped(queue, merge=True) for _ in range(2)] == [["interim"], ["another"]]


def test_merged_messages_stay_below_the_limit_in_bytes_not_letters() -> None:
    queue = EntityQueue(100)
    for number in range(8):
        queue.put(WireEntity(type="transcript", data={"name": number, "text": "語" * 3_000}))
    message = queue.pop(merge=True)
    assert 1 < len(message.entities) < 8
    assert len(message.model_dump_json().encode()) <= MERGE_BYTES + 100


def test_a_newer_result_replaces_a_waiting_interim_of_its_utterance_only() -> None:
    queue = EntityQueue(10)
    queue.put(entity("a1"), replaces="a", interim=True)
    queue.put(entity("b1"), replaces="b", interim=True)
    queue.put(entity("a2"), replaces="a", interim=True)
    queue.put(entity("a3"), replaces="a")
    assert names(queue) == ["b1", "a3"]
    assert queue.replaced == 2


@pytest.mark.parametrize("sent", [False, True])
def test_after_its_final_nothing_of_an_utterance_is_taken(sent: bool) -> None:
    queue = EntityQueue(10)
    queue.put(entity("final"), replaces="a")
    if sent:
        queue.pop()
    queue.put(entity("late"), replaces="a", interim=True)
    queue.put(entity("again"), replaces="a")
    queue.put(entity("other"), replaces="b")
    assert names(queue) == ([] if sent else ["final"]) + ["other"]
    assert (queue.replaced, queue.duplicates, queue.dropped) == (1, 1, 0)


def test_what_is_remembered_of_finished_utterances_is_bounded() -> None:
    queue = EntityQueue(10)
    for number in range(FINISHED * 3):
        queue.put(entity(number), replaces=str(number))
        queue.pop()
    assert len(queue._finished) == FINISHED
    queue.put(entity("again"), replaces=str(FINISHED * 3 - 1))
    queue.put(entity("forgotten"), replaces="0")
    assert names(queue) == ["forgotten"]


def test_a_full_queue_drops_the_oldest_interim_then_the_oldest_final() -> None:
    queue = EntityQueue(3)
    queue.put(entity("final 1"))
    queue.put(entity("interim 1"), interim=True)
    queue.put(entity("interim 2"), interim=True)
    queue.put(entity("final 2"))
    assert names(queue) == ["final 1", "interim 2", "final 2"]
    queue.put(entity("final 3"))
    queue.put(entity("final 4"))
    assert names(queue) == ["final 2", "final 3", "final 4"]
    assert (queue.dropped, queue.lost) == (3, 1)


def test_an_interim_never_pushes_a_final_out() -> None:
    queue = EntityQueue(2)
    queue.put(entity("final 1"))
    queue.put(entity("final 2"))
    queue.put(entity("interim"), interim=True)
    assert names(queue) == ["final 1", "final 2"]


def test_an_urgent_one_goes_first_even_when_the_queue_is_full_and_waits_only_once() -> None:
    queue = EntityQueue(2)
    queue.put(entity(1))
    queue.put(entity(2))
    assert not queue.urgent
    queue.put(entity("stop"), replaces="stop", first=True)
    queue.put(entity("stop"), replaces="stop", first=True)
    assert names(queue) == ["stop", 2]
    assert queue.urgent
    assert popped(queue) == ["stop"]
    assert not queue.urgent


def test_clearing_is_counted_apart() -> None:
    queue = EntityQueue(2)
    for number in range(3):
        queue.put(entity(number))
    queue.clear()
    assert (len(queue), queue.dropped, queue.cleared) == (0, 1, 2)


def test_what_json_cannot_carry_is_refused_and_changes_nothing() -> None:
    queue = EntityQueue(2)
    queue.put(entity("a"), replaces="a", interim=True)
    with pytest.raises(ValueError, match="surrogates"):
        queue.put(WireEntity(type="transcript", data={"text": "\ud800"}), replaces="a")
    assert names(queue) == ["a"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", ""]), st.booleans(), st.booleans(), st.booleans()),
        max_size=60,
    )
)
def test_whatever_comes_the_queue_is_bounded_and_no_final_goes_before_an_interim(steps: Any) -> None:
    queue = EntityQueue(5)
    for number, (key, interim, first, pop) in enumerate(steps):
        if pop and len(queue):
            queue.pop()
            continue
        waiting = list(queue._queue)
        dropped = queue.dropped
        queue.put(entity(number), replaces=key, interim=interim, first=first)
        assert len(queue) <= 5
        gone = [item for item in waiting if item not in queue._queue]
        if queue.dropped > dropped and any(not item.interim and not item.first for item in gone):
            assert not any(item.interim for item in queue._queue)
