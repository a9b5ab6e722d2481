"""The plugin's own tests, with what comes with the server: no network, and no waiting."""

from __future__ import annotations

from acme_talk_ratio import TalkRatio, TalkRatioMeasured

from audiohook_fw import MediaFormat
from audiohook_fw.testing import CallAudio, CallDriver, PluginContract


class TestContract(PluginContract):
    """Every rule that a plugin has to keep, a test each."""

    plugin = TalkRatio


def test_one_side_talks_half_of_the_time() -> None:
    with CallDriver(TalkRatio, offers=[MediaFormat("PCMU", ("external",))]) as call:
        call.open()
        call.audio(CallAudio.tone(1.0))
        call.audio(CallAudio.silence(1.0))
        call.close()
        assert call.emitted == [TalkRatioMeasured(external=0.5, internal=0.0)]


def test_the_threshold_is_a_setting() -> None:
    with CallDriver(TalkRatio, settings={"threshold_db": 0.0}) as call:
        call.open()
        call.audio(CallAudio.tone(1.0))
        call.close()
        assert call.emitted == [TalkRatioMeasured(external=0.0, internal=0.0)]
