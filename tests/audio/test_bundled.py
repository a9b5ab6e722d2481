from __future__ import annotations

from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest

from audiohook_fw.audio import CONVERSATION_MEDIA, Samples, Utterance, conversation, conversation_script

BLOCK = 160  # 20 ms


def block_levels(samples: Samples) -> np.ndarray:
    """Return the RMS of each 20 ms, as a part of full scale."""
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK) / 32768
    return np.sqrt(np.mean(blocks**2, axis=1))


def spoken(utterance: Utterance) -> Samples:
    column = CONVERSATION_MEDIA.channels.index(utterance.channel)
    return conversation().samples[utterance.start : utterance.end, column]


def silent(channel: str) -> Samples:
    """Return what is on a channel while its party does not speak."""
    keep = np.ones(len(conversation().samples), bool)
    for utterance in conversation_script():
        if utterance.channel == channel:
            keep[utterance.start : utterance.end] = False
    return conversation().samples[keep, CONVERSATION_MEDIA.channels.index(channel)]


def test_it_is_a_stereo_call_of_35_to_45_seconds():
    audio = conversation()
    assert (audio.encoding, audio.rate, audio.channels) == ("PCMU", CONVERSATION_MEDIA.rate, 2)
    assert not audio.truncated
    assert 35 <= audio.duration <= 45
    assert CONVERSATION_MEDIA.samples(len(audio.payload)) == len(audio.samples)


def test_it_is_small():
    wav = files("audiohook_fw.audio") / "data" / "conversation.wav"
    assert len(wav.read_bytes()) < 800_000


def test_script_fits_the_audio():
    script = conversation_script()
    assert [u.start for u in script] == sorted(u.start for u in script)
    assert {u.channel for u in script} == set(CONVERSATION_MEDIA.channels)
    assert script[0].start > 0
    assert script[-1].end < len(conversation().samples)
    for channel in CONVERSATION_MEDIA.channels:
        own = [u for u in script if u.channel == channel]
        assert all(a.end <= b.start for a, b in pairwise(own))


def test_parties_overlap_once_and_leave_gaps_elsewhere():
    script = conversation_script()
    gaps = [b.start - a.end for a, b in pairwise(script)]
    assert sum(gap < 0 for gap in gaps) == 1
    assert all(0.2 * 8000 < gap < 8000 for gap in gaps if gap >= 0)


def test_both_numbers_are_said_by_the_customer():
    by_customer = " ".join(u.text for u in conversation_script() if u.channel == "external")
    assert "four one one one, one one one one, one one one one, one one one one" in by_customer
    assert "seven three five five, zero one nine two" in by_customer


@pytest.mark.parametrize("number", range(len(conversation_script())))
def test_each_utterance_is_speech_at_telephone_level(number: int):
    utterance = conversation_script()[number]
    samples = spoken(utterance)
    levels = block_levels(samples)
    active = levels[levels > levels.max() / 31.6]
    assert -23 < 20 * np.log10(np.sqrt(np.mean(active**2))) < -18
    assert np.abs(samples.astype(int)).max() < 0.9 * 32767
    assert levels[:10].max() > 0.01  # begins where the script says, within 200 ms
    assert levels[-10:].max() > 0.01


@pytest.mark.parametrize("channel", CONVERSATION_MEDIA.channels)
def test_between_utterances_there_is_faint_line_noise(channel: str):
    quiet = silent(channel)
    assert -75 < 20 * np.log10(np.sqrt(np.mean((quiet / 32768.0) ** 2))) < -55
    assert len(np.unique(quiet)) > 3
    assert np.abs(quiet.astype(int)).max() < 200


def test_utterance_keeps_its_words_out_of_repr():
    assert repr(Utterance("external", 1, 2, "my card")) == "Utterance(channel='external', start=1, length=2)"
