from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.audio import decode, silenced
from audiohook_fw.protocol import MediaFormat

MEDIA = [
    MediaFormat("PCMU", ("external", "internal")),
    MediaFormat("PCMU", ("external",)),
    MediaFormat("L16", ("external", "internal")),
]
place = st.integers(-20, 60)


@given(st.sampled_from(MEDIA), st.data(), place, place)
def test_one_channel_is_silent_there_and_nothing_else_changes(
    media: MediaFormat, data: st.DataObject, start: int, end: int
) -> None:
    channel = data.draw(st.integers(0, len(media.channels) - 1))
    payload = data.draw(st.binary(min_size=40 * media.frame_width, max_size=40 * media.frame_width))
    expected = decode(payload, media).copy()
    expected[max(0, start) : max(0, end), channel] = 0
    assert np.array_equal(decode(silenced(payload, media, channel, start, end), media), expected)


def test_pcmu_is_silenced_with_the_byte_of_zero() -> None:
    assert silenced(b"abcd", MEDIA[0], 1, 0, 2) == b"a\xffc\xff"


@pytest.mark.parametrize("channel", [-1, 2])
def test_a_channel_that_there_is_not_is_refused(channel: int) -> None:
    with pytest.raises(ValueError, match=f"no channel {channel} in PCMU"):
        silenced(b"abcd", MEDIA[0], channel, 0, 2)
