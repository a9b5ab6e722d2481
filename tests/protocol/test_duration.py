from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.protocol import format_duration, from_samples, parse_duration, to_samples

DURATIONS = st.timedeltas(min_value=timedelta(0), max_value=timedelta.max)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT0S", 0),
        ("PT0.0S", 0),
        ("PT5S", 5),
        ("PT5.S", 5),
        ("PT.5S", 0.5),
        ("PT1.000125S", 1.000125),
        ("PT1M2S", 62),
        ("PT1H", 3600),
        ("PT2H0M0.25S", 7200.25),
        ("PT1000000000S", 1e9),
        ("PT0.0000004S", 0),
        ("PT0.0000006S", 1e-6),
    ],
)
def test_read(text: str, seconds: float):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PT",
        "PTS",
        "PT.S",
        "P1D",
        "PT-1S",
        "-PT1S",
        "PT+1S",
        "PT1e3S",
        "PT1,5S",
        "PT1S ",
        "PT1S\n",
        "pt1s",
        "1S",
        "PT1",
        "PT1S2M",
        "PT١S",
        "PTNaNS",
        "PTInfinityS",
        "\ud800",
        "PT" + "9" * 100 + "S",
    ],
)
def test_refuse(text: str):
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


def test_the_longest_there_is_stands_for_everything_longer():
    assert parse_duration("PT" + "9" * 61 + "S") == timedelta.max
    assert parse_duration("PT99999999999999H") == timedelta.max
    assert parse_duration("PT86399999913599S") < timedelta.max


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "PT0S"),
        (1, "PT0.000001S"),
        (125, "PT0.000125S"),
        (10_000_000, "PT10S"),
        (1_100_000, "PT1.1S"),
        (10**15, "PT1000000000S"),
    ],
)
def test_write_plain_decimals(micros: int, text: str):
    assert format_duration(timedelta(microseconds=micros)) == text


def test_a_negative_duration_is_not_written():
    with pytest.raises(ValueError, match="negative"):
        format_duration(timedelta(microseconds=-1))


@given(DURATIONS)
def test_what_is_written_is_read_back(duration: timedelta):
    text = format_duration(duration)
    assert "E" not in text.upper()
    # Beyond a day below the longest, reading answers with the longest.
    assert parse_duration(text) in (duration, timedelta.max)


@given(st.text(alphabet="PT0123456789.HMSe-+", max_size=80) | st.text(max_size=80))
def test_reading_raises_nothing_but_value_error(text: str):
    with contextlib.suppress(ValueError):
        assert timedelta(0) <= parse_duration(text) <= timedelta.max


@given(st.integers(0, 10**12), st.sampled_from([8000, 16_000, 44_100, 48_000]))
def test_samples_survive_the_way_over_the_wire(samples: int, rate: int):
    text = format_duration(from_samples(samples, rate))
    assert to_samples(parse_duration(text), rate) == samples


def test_one_sample_at_8_khz_is_exact():
    assert from_samples(1, 8000) == timedelta(microseconds=125)
    assert to_samples(timedelta(microseconds=62), 8000) == 0
    assert to_samples(timedelta(microseconds=63), 8000) == 1


def test_other_rates_are_rounded_to_the_microsecond():
    assert from_samples(1, 64_000) == timedelta(microseconds=16)
    assert from_samples(3, 64_000) == timedelta(microseconds=47)


def test_more_samples_than_a_duration_holds():
    assert from_samples(10**30, 8000) == timedelta.max
    assert to_samples(timedelta.max, 8000) == 8000 * 86_400 * 1_000_000_000
