"""The queue of results: what goes first when there is no room, what is merged, what is replaced."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.protocol import WireEntity
from audiohook_fw.server.entities_queue import MERGE_BYTES, MERGE_FROM, EntityQueue


def entity(name: object, size: int = 0) -> WireEntity:
    return WireEntity(type="transcript", data={"name": name, "text": "x" * size})


def names(queue: EntityQueue) -> list[Any]:
    return [item.entity.data["name"] for item in queue._queue]


def popped(queue: EntityQueue) -> list[Any]:
    return [entity.data["name"] for entity in queue.pop().entities]


def test_results_leave_in_order_of_arrival_each_in_a_message_of_its_own() -> None:
    queue = EntityQueue(10)
    for number in range(MERGE_FROM - 1):
        queue.put(entity(number))
    assert [popped(queue) for _ in range(MERGE_FROM - 1)] == [[n] for n in range(MERGE_FROM - 1)]
    assert len(queue) == queue.merged == 0


def test_a_long_queue_is_merged() -> None:
    queue = EntityQueue(100)
    for number in range(MERGE_FROM):
        queue.put(entity(number))
    assert popped(queue) == list(range(MERGE_FROM))
    assert queue.merged == MERGE_FROM - 1


def test_merged_messages_stay_below_the_limit_in_bytes_not_letters() -> None:
    queue = EntityQueue(100)
    for number in range(MERGE_FROM):
        queue.put(WireEntity(type="transcript", data={"name": number, "text": "語" * 3_000}))
    message = queue.pop()
    assert 1 < len(message.entities) < MERGE_FROM
    assert len(message.model_dump_json().encode()) <= MERGE_BYTES + 100


def test_a_newer_result_replaces_a_waiting_interim_of_its_utterance_only() -> None:
    queue = EntityQueue(10)
    queue.put(entity("a1"), replaces="a", interim=True)
    queue.put(entity("b1"), replaces="b", interim=True)
    queue.put(entity("a2"), replaces="a", interim=True)
    queue.put(entity("a3"), replaces="a")
    queue.put(entity("a4"), replaces="a")
    assert names(queue) == ["b1", "a3", "a4"]
    assert queue.replaced == 2


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
    assert queue.dropped == 3


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
