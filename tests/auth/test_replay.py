"""The replay store: nothing twice, nothing for ever, never more than its bound."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.auth import ReplayStore


def at(*times: float) -> Callable[[], float]:
    """A clock that shows these times, one after the other."""
    return iter(times).__next__


def test_a_pair_is_new_once() -> None:
    store = ReplayStore(clock=at(0.0, 0.0, 20.0))
    assert [store.add("key", "nonce") for _ in range(3)] == [True, False, False]


def test_a_pair_is_forgotten_after_its_lifetime() -> None:
    store = ReplayStore(lifetime=20.0, clock=at(100.0, 120.0, 120.1))
    assert [store.add("key", "nonce") for _ in range(3)] == [True, False, True]
    assert len(store) == 1


@pytest.mark.parametrize("other", [("key", "other"), ("other", "nonce"), ("ke", "ynonce"), ("keyn", "once")])
def test_key_and_nonce_both_count(other: tuple[str, str]) -> None:
    store = ReplayStore()
    assert store.add("key", "nonce")
    assert store.add(*other)


def test_the_oldest_goes_when_it_is_full() -> None:
    store = ReplayStore(capacity=3)
    for nonce in "abcd":
        assert store.add("key", nonce)
    assert (len(store), store.evicted) == (3, 1)
    assert [store.add("key", nonce) for nonce in "dcb"] == [False] * 3
    assert store.add("key", "a")


def test_forgetting_is_not_counted_as_evicting() -> None:
    store = ReplayStore(capacity=1, lifetime=1.0, clock=at(0.0, 5.0, 10.0))
    assert all(store.add("key", "nonce") for _ in range(3))
    assert store.evicted == 0


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 10)), max_size=60),
)
def test_like_a_model_that_never_forgets_wrongly(capacity: int, steps: list[tuple[str, float]]) -> None:
    store, model, now = ReplayStore(capacity, lifetime=20.0, clock=lambda: now), [], 0.0
    for nonce, passed in steps:
        now += passed
        model = [(seen, at) for seen, at in model if at + 20.0 >= now]
        new = nonce not in [seen for seen, _ in model]
        assert store.add("key", nonce) is new
        if new:
            model = [*model, (nonce, now)][-capacity:]
        assert len(store) == len(model) <= capacity


def test_memory_is_bounded_whatever_the_nonces_are() -> None:
    store = ReplayStore(capacity=1000)
    tracemalloc.start()
    try:
        for number in range(5000):
            store.add("key", f"{number:04000}")
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(store) == 1000
    assert used < 500 * 1000


@pytest.mark.parametrize("arguments", [(0, 20.0), (-1, 20.0), (10, 0.0)])
def test_a_useless_store_is_refused(arguments: tuple[int, float]) -> None:
    with pytest.raises(ValueError, match="positive"):
        ReplayStore(*arguments)
