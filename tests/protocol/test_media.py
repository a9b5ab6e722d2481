from __future__ import annotations

import pytest

from audiohook_fw.protocol import MediaFormat, parse_offers

STEREO = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}


@pytest.mark.parametrize(
    ("format_", "channels", "width", "frame"),
    [
        ("PCMU", ("external",), 1, 1),
        ("PCMU", ("internal", "external"), 1, 2),
        ("L16", ("internal",), 2, 2),
        ("L16", ("external", "internal"), 2, 4),
    ],
)
def test_widths(format_: str, channels: tuple[str, ...], width: int, frame: int):
    media = MediaFormat(format_, channels)
    assert (media.sample_width, media.frame_width, media.rate) == (width, frame, 8000)
    assert media.samples(0) == 0
    assert media.samples(frame * 160) == 160


@pytest.mark.parametrize("nbytes", [1, 2, 3, 5, 6, 7])
def test_l16_stereo_takes_whole_samples_of_both_channels_only(nbytes: int):
    with pytest.raises(ValueError, match="not whole samples"):
        MediaFormat("L16", ("external", "internal")).samples(nbytes)


@pytest.mark.parametrize("channels", [["external", "internal"], ["internal", "external"], ["internal"]])
def test_an_offer_is_returned_as_offered(channels: list[str]):
    offer = {**STEREO, "channels": channels}
    known, unknown = parse_offers([offer])
    assert (known[0].channels, unknown) == (tuple(channels), 0)
    assert known[0].to_wire() == offer
    assert list(known[0].to_wire()) == ["type", "format", "channels", "rate"]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "PCMU",
        [],
        {},
        {**STEREO, "type": "video"},
        {**STEREO, "format": "opus"},
        {**STEREO, "format": None},
        {**STEREO, "channels": []},
        {**STEREO, "channels": "external"},
        {**STEREO, "channels": ["external", "external"]},
        {**STEREO, "channels": ["external", "agent"]},
        {**STEREO, "channels": ["external", 1]},
        {**STEREO, "channels": [["external"]]},
        {**STEREO, "rate": 0},
        {**STEREO, "rate": -8000},
        {**STEREO, "rate": True},
        {**STEREO, "rate": "8000"},
        {**STEREO, "rate": 8000.5},
        {**STEREO, "rate": 10**400},
    ],
)
def test_an_unknown_offer_is_skipped_and_the_good_ones_keep_their_order(odd: object):
    mono = {**STEREO, "channels": ["internal"]}
    known, unknown = parse_offers([odd, STEREO, odd, mono])
    assert [media.to_wire() for media in known] == [STEREO, mono]
    assert unknown == 2


def test_unknown_fields_of_an_offer_are_not_returned():
    (media,), _ = parse_offers([{**STEREO, "codec": "G711"}])
    assert media.to_wire() == STEREO


def test_other_rates_are_understood():
    (media,), _ = parse_offers([{**STEREO, "format": "L16", "rate": 16_000}])
    assert (media.rate, media.samples(64_000)) == (16_000, 16_000)


def test_formats_are_values():
    first, second = MediaFormat("PCMU", ("external",)), MediaFormat("PCMU", ("external",))
    assert (first, hash(first)) == (second, hash(second))
    with pytest.raises(AttributeError):
        first.rate = 1  # type: ignore[misc]


def test_text_is_short():
    assert str(MediaFormat("PCMU", ("external", "internal"))) == "PCMU external+internal"
