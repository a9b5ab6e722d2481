from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.audio import ULAW_SILENCE, ulaw_decode, ulaw_encode


def table_2a() -> tuple[list[int], list[int]]:
    """Return decision values and outputs of G.711 table 2a (14-bit), built by adding up its intervals.

    Segment 1 has one interval of 1 and fifteen of 2; each further segment sixteen, twice as wide.
    """
    decisions, outputs = [0], [0]
    widths = [1] + [2] * 15 + [2 ** (s + 1) for s in range(1, 8) for _ in range(16)]
    for width in widths:
        decisions.append(decisions[-1] + width)
    for low, high in pairwise(decisions[1:]):
        outputs.append((low + high) // 2)
    return decisions, outputs


def reference_code(sample: int) -> int:
    decisions, _ = table_2a_cached
    interval = min(bisect_right(decisions, abs(sample) >> 2) - 1, 127)
    return (0x7F if sample < 0 else 0xFF) - interval


table_2a_cached = table_2a()


def test_table_2a_is_the_published_one():
    decisions, outputs = table_2a_cached
    assert [decisions[n] for n in (16, 32, 48, 64, 80, 96, 112, 128)] == [
        31, 95, 223, 479, 991, 2015, 4063, 8159,
    ]  # fmt: skip
    assert (outputs[0], outputs[1], outputs[16], outputs[112], outputs[127]) == (0, 2, 33, 4191, 8031)


def test_decode_all_codes():
    _, outputs = table_2a_cached
    expected = [(-1 if code < 0x80 else 1) * outputs[127 - (code & 0x7F)] * 4 for code in range(256)]
    assert ulaw_decode(bytes(range(256))).tolist() == expected


def test_encode_all_samples():
    samples = np.arange(-32768, 32768).astype(np.int16)
    assert list(ulaw_encode(samples)) == [reference_code(sample) for sample in range(-32768, 32768)]


def test_signs_are_treated_alike():
    positive = np.arange(1, 32768).astype(np.int16)
    assert np.array_equal(
        np.frombuffer(ulaw_encode(positive), np.uint8) & 0x7F,
        np.frombuffer(ulaw_encode(-positive), np.uint8) & 0x7F,
    )


def test_silence():
    assert ulaw_encode(np.zeros(3, np.int16)) == ULAW_SILENCE * 3
    assert ulaw_decode(ULAW_SILENCE).tolist() == [0]


@given(st.binary(max_size=4000))
def test_any_bytes_decode_and_come_back(payload: bytes):
    samples = ulaw_decode(payload)
    assert samples.dtype == np.int16
    assert samples.shape == (len(payload),)
    assert ulaw_encode(samples) == payload.replace(b"\x7f", b"\xff")


@given(st.lists(st.integers(-32768, 32767)))
def test_error_is_at_most_half_an_interval(values: list[int]):
    samples = np.array(values, np.int16)
    error = np.abs(
        ulaw_decode(ulaw_encode(samples)).astype(int) - np.clip(samples.astype(int), -32635, 32635)
    )
    # An interval is a sixteenth as wide as its segment's start lies from the bias (33 * 4) below zero.
    assert np.all(error <= (np.abs(samples.astype(int)) + 132) / 32)


def test_encode_takes_any_layout():
    samples = np.arange(12, dtype=np.int16).reshape(6, 2) * 1000
    assert ulaw_encode(samples[:, 1]) == ulaw_encode(samples)[1::2]
    assert ulaw_encode(samples[::-1]) == b"".join(ulaw_encode(samples)[i : i + 2] for i in range(10, -1, -2))


def test_encode_refuses_floats():
    with pytest.raises(TypeError, match="int16 samples, not float64"):
        ulaw_encode(np.zeros(3))  # type: ignore[arg-type]
