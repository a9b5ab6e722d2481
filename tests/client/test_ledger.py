from __future__ import annotations

import hashlib

import pytest

from audiohook_fw import audio
from audiohook_fw.client import Ledger, PauseSpan, Span
from audiohook_fw.protocol import MediaFormat

STEREO = MediaFormat("PCMU", ("external", "internal"))


@pytest.fixture
def ledger() -> Ledger:
    """Two samples, a pause of two, one sample, a discard of one, one sample."""
    ledger = Ledger(STEREO, keep_audio=True)
    ledger.audio(b"aAbB", 2)
    ledger.paused(client=False, server=True)
    ledger.paused(client=True, server=True)
    ledger.resumed(2, 2)
    ledger.audio(b"cC", 1)
    ledger.discarded(5, 1)
    ledger.audio(b"dD", 1)
    return ledger


def test_it_knows_where_everything_is(ledger):
    assert ledger.spans == [Span(0, 2), Span(4, 1), Span(6, 1)]
    assert ledger.pauses == [PauseSpan(2, 2, client=True, server=True)]
    assert [(gap.start, gap.length) for gap in ledger.discards] == [(5, 1)]
    assert (ledger.position, ledger.samples, ledger.audio_bytes) == (7, 4, 8)
    assert ledger.sha256 == hashlib.sha256(b"aAbBcCdD").hexdigest()


def test_a_recording_has_silence_in_the_gaps(ledger):
    assert ledger.recording() == b"aAbB" + b"\xff" * 4 + b"cC" + b"\xff" * 2 + b"dD"


def test_a_recording_of_other_channels(ledger):
    assert ledger.recording(MediaFormat("PCMU", ("internal",))) == b"AB\xff\xffC\xffD"
    swapped = ledger.recording(MediaFormat("PCMU", ("internal", "external")))
    assert swapped[:4] == b"AaBb"


def test_a_recording_in_another_format(ledger):
    linear = ledger.recording(MediaFormat("L16", ("external",)))
    assert audio.decode(linear, MediaFormat("L16", ("external",)))[:3, 0].tolist() == [
        *audio.ulaw_decode(b"ab").tolist(),
        0,
    ]


def test_linear_audio_has_zeros_in_the_gaps():
    ledger = Ledger(MediaFormat("L16", ("external",)), keep_audio=True)
    ledger.discarded(0, 1)
    ledger.audio(b"\x01\x02", 1)
    assert ledger.recording() == b"\0\0\x01\x02"
    assert ledger.recording(MediaFormat("PCMU", ("external",)))[:1] == b"\xff"


def test_a_pause_without_an_end_stays_open():
    ledger = Ledger(STEREO)
    ledger.paused(client=True, server=False)
    assert ledger.pauses == [PauseSpan(0, None, client=True)]


def test_without_the_bytes_there_is_no_recording():
    ledger = Ledger(STEREO)
    ledger.audio(b"aA", 1)
    with pytest.raises(ValueError, match="it was not kept"):
        ledger.recording()
