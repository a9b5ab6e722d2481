"""What another plugin tells is checked before anything is silenced, or not silenced, because of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder.span import Span, read_span
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw import MediaFormat

STEREO = MediaFormat("PCMU", ("internal", "external"))


class Told:
    """An event of whatever class, as far as it is looked at."""

    def __init__(self, **fields: object) -> None:
        self.__dict__.update({"channel": "external", "kind": "card", "start": 1000, "length": 500, **fields})


def read(position: int = 8000, margin: float = 0.2, **fields: object) -> Span:
    told: Any = Told(**fields)
    return read_span(told, STEREO, margin=margin, position=position)


def test_a_span_is_made_longer_on_both_sides() -> None:
    assert read(start=4000) == Span("external", 1, "card", 2400, 6100)
    assert read(start=100) == Span("external", 1, "card", 0, 2200)
    assert read(start=100, length=0, margin=0) == Span("external", 1, "card", 100, 100)
    assert read(start=10.5, length=1.2, margin=0) == Span("external", 1, "card", 10, 12)


def test_numbers_of_numpy_are_numbers() -> None:
    for kind in (np.int16, np.int64, np.float32, np.float64):
        span = read(start=kind(4000), length=kind(500))
        assert span == Span("external", 1, "card", 2400, 6100)
        assert {type(span.start), type(span.end)} == {int}
    with pytest.raises(ValueError, match="its start is no number of samples"):
        read(start=np.bool_(True))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"channel": "customer"}, "its channel is none of: internal, external"),
        ({"channel": None}, "its channel is none of"),
        ({"channel": ["external"]}, "its channel is none of"),
        ({"start": -1}, "its start is negative"),
        ({"length": -5}, "its length is negative"),
        ({"start": "5"}, "its start is no number of samples"),
        ({"start": True}, "its start is no number of samples"),
        ({"length": None}, "its length is no number of samples"),
        ({"start": math.nan}, "its start is no number of samples"),
        ({"length": math.inf}, "its length is no number of samples"),
        ({"start": 8000 + 120 * 8000}, "its end is more than 120 s ahead of the call"),
        ({"length": 10**30}, "its end is more than 120 s ahead of the call"),
        ({"start": 10**400, "length": 0.5}, "its end is more than 120 s ahead of the call"),
        ({"start": 0.5, "length": 10**400}, "its end is more than 120 s ahead of the call"),
        ({"length": 1e300}, "its end is more than 120 s ahead of the call"),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read(**fields)


def test_a_field_that_is_missing_is_refused() -> None:
    told: Any = object()
    with pytest.raises(ValueError, match="its channel"):
        read_span(told, STEREO, margin=0.2, position=0)


@pytest.mark.parametrize("kind", [None, "", "x" * 65, 7, "4111 1111", "4111", "call Ann"])
def test_a_strange_kind_is_no_reason_to_let_it_be_heard(kind: object) -> None:
    assert read(kind=kind).kind == "other"


anything = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("external"))


@given(anything, anything, anything, anything)
def test_whatever_comes_is_read_or_refused(channel: Any, kind: Any, start: Any, length: Any) -> None:
    try:
        span = read(channel=channel, kind=kind, start=start, length=length)
    except ValueError:
        return
    assert 0 <= span.start <= span.end <= 8000 + 120 * 8000 + 1600 + 1
