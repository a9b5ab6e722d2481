from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.audio import ByteOrder, decode, encode, interleave, tone, ulaw_encode
from audiohook_fw.protocol import MediaFormat

PCMU = MediaFormat("PCMU", ("external", "internal"))
L16 = MediaFormat("L16", ("external", "internal"))
MONO = MediaFormat("PCMU", ("external",))


@given(st.lists(st.tuples(*[st.integers(-32768, 32767)] * 2)), st.sampled_from(["little", "big"]))
def test_l16_round_trip(values: list[tuple[int, int]], order: ByteOrder):
    samples = np.array(values, np.int16).reshape(-1, 2)
    payload = encode(samples, L16, order)
    assert payload == b"".join(v.to_bytes(2, order, signed=True) for pair in values for v in pair)
    assert np.array_equal(decode(payload, L16, order), samples)


def test_pcmu_is_interleaved():
    samples = interleave(tone(440, 0.1), tone(1000, 0.1))
    payload = encode(samples, PCMU)
    assert payload[::2] == ulaw_encode(samples[:, 0])
    assert payload[1::2] == ulaw_encode(samples[:, 1])
    assert decode(payload, PCMU).shape == samples.shape


def test_one_channel_may_be_flat():
    flat = tone(440, 0.1)
    assert encode(flat, MONO) == encode(flat.reshape(-1, 1), MONO) == ulaw_encode(flat)


@pytest.mark.parametrize(("shape", "media"), [((4,), PCMU), ((4, 1), L16), ((4, 2), MONO), ((1, 4, 1), MONO)])
def test_wrong_number_of_channels_is_refused(shape: tuple[int, ...], media: MediaFormat):
    with pytest.raises(ValueError, match="do not fit the channels"):
        encode(np.zeros(shape, np.int16), media)


@pytest.mark.parametrize("media", [PCMU, L16])
def test_floats_are_refused(media: MediaFormat):
    with pytest.raises(TypeError, match="int16 samples, not float64"):
        encode(np.zeros((4, 2)), media)  # type: ignore[arg-type]


@pytest.mark.parametrize("media", [PCMU, L16])
def test_torn_payload_is_refused(media: MediaFormat):
    with pytest.raises(ValueError, match=r"size|reshape"):
        decode(bytes(3), media)
