from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.audio import AudioFrame, ulaw_decode
from audiohook_fw.audio import frame as frame_module
from audiohook_fw.protocol import MediaFormat

STEREO = MediaFormat("PCMU", ("external", "internal"))
SWAPPED = MediaFormat("PCMU", ("internal", "external"))
MONO = MediaFormat("PCMU", ("internal",))
L16 = MediaFormat("L16", ("external", "internal"))
ANY_MEDIA = st.sampled_from([STEREO, SWAPPED, MONO, L16, MediaFormat("L16", ("external",), 16000)])


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The payloads that were decoded."""
    seen: list[bytes] = []
    real = frame_module.decode

    def decode(payload: bytes, *rest: object) -> object:
        seen.append(payload)
        return real(payload, *rest)

    monkeypatch.setattr(frame_module, "decode", decode)
    return seen


def test_place_and_length():
    frame = AudioFrame(bytes(320), STEREO, 8000, 40)
    assert (frame.position, frame.length, frame.end, frame.duration) == (8000, 160, 8160, 0.02)
    assert (frame.gap_before, frame.dropped_before) == (40, 0)


def test_nothing_is_decoded_until_asked_and_then_once(decodes: list[bytes]):
    frame = AudioFrame(b"\x00\xff\x10\x80", STEREO, 0)
    assert (frame.length, frame.channel_bytes("external")) == (2, b"\x00\x10")
    assert decodes == []
    assert frame.samples is frame.samples
    assert frame.channel("external").tolist() == [-32124, ulaw_decode(b"\x10")[0]]
    assert len(decodes) == 1


def test_views_share_what_a_view_decoded(decodes: list[bytes]):
    frame = AudioFrame(bytes(4), STEREO, 100, 7)
    view = frame.with_gap(30)
    further = view.with_gap(2)
    assert further.samples is frame.samples
    assert view.samples is frame.samples
    assert len(decodes) == 1
    assert view.payload is frame.payload


def test_view_says_what_its_lane_dropped():
    frame = AudioFrame(bytes(4), STEREO, 100, 7, byte_order="big")
    view = frame.with_gap(30).with_gap(2)
    assert (view.gap_before, view.dropped_before) == (39, 32)
    assert (frame.gap_before, frame.dropped_before) == (7, 0)
    assert (view.position, view.length, view.media, view.byte_order) == (100, 2, STEREO, "big")


def test_samples_cannot_be_changed():
    for media in (STEREO, L16):
        frame = AudioFrame(bytes(8), media, 0)
        for array in (frame.samples, frame.channel("internal")):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.setflags(write=True)


@given(st.binary(max_size=64), st.sampled_from([STEREO, SWAPPED]))
def test_channels_follow_the_media_order(half: bytes, media: MediaFormat):
    payload = bytes(b for pair in zip(half, reversed(half), strict=True) for b in pair)
    frame = AudioFrame(payload, media, 0)
    first, second = media.channels
    assert frame.channel_bytes(first) == half
    assert frame.channel_bytes(second) == half[::-1]
    assert frame.channel(first).tolist() == ulaw_decode(half).tolist()
    assert frame.channel(second).tolist() == ulaw_decode(half).tolist()[::-1]


@given(st.data(), ANY_MEDIA, st.sampled_from(["little", "big"]))
def test_any_whole_payload_decodes(data: st.DataObject, media: MediaFormat, byte_order: str):
    count = data.draw(st.integers(0, 200))
    size = count * media.frame_width
    frame = AudioFrame(data.draw(st.binary(min_size=size, max_size=size)), media, 5, byte_order=byte_order)
    assert frame.samples.shape == (count, len(media.channels))
    assert frame.samples.dtype == np.int16
    assert frame.end == 5 + count
    for index, name in enumerate(media.channels):
        alone = MediaFormat(media.format, (name,), media.rate)
        mono = AudioFrame(frame.channel_bytes(name), alone, 5, byte_order=byte_order)
        assert mono.channel(name).tolist() == frame.samples[:, index].tolist()


def test_l16_byte_order():
    payload = b"\x01\x00\x00\x80"
    assert AudioFrame(payload, L16, 0).samples.tolist() == [[1, -32768]]
    assert AudioFrame(payload, L16, 0, byte_order="big").samples.tolist() == [[256, 128]]


def test_mono_channel_bytes_are_the_payload():
    frame = AudioFrame(b"abc", MONO, 0)
    assert frame.channel_bytes("internal") is frame.payload


@pytest.mark.parametrize("method", ["channel", "channel_bytes"])
def test_channel_that_the_call_does_not_have(method: str):
    with pytest.raises(KeyError, match="no channel 'external'; it has: internal"):
        getattr(AudioFrame(b"abc", MONO, 0), method)("external")


@pytest.mark.parametrize(("media", "size"), [(STEREO, 3), (L16, 6)])
def test_torn_payload_is_refused(media: MediaFormat, size: int):
    with pytest.raises(ValueError, match="not whole samples"):
        AudioFrame(bytes(size), media, 0)


def test_identity_is_equality():
    frame, twin = AudioFrame(b"ab", STEREO, 0), AudioFrame(b"ab", STEREO, 0)
    assert frame != twin
    assert len({frame, twin, frame}) == 2
    assert not hasattr(frame, "__dict__")


def test_repr_has_the_place_but_no_audio():
    assert repr(AudioFrame(b"secretaudio!", STEREO, 3, 9)) == (
        "AudioFrame(PCMU external+internal, position=3, length=6, gap_before=9)"
    )
