"""What the plugin does: calls driven by hand, in virtual time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from audiohook_fw.testing import CallAudio, CallDriver

from audiohook_fw_silence import SilenceMeasured, SilencePlugin

NewCall = Callable[..., CallDriver]


def shares(call: CallDriver) -> dict[str, float]:
    return {event.channel: event.share for event in call.emitted if isinstance(event, SilenceMeasured)}


def test_half_of_the_call_is_silent(audiohook_session: NewCall) -> None:
    call = audiohook_session(SilencePlugin)
    call.open()
    call.audio(CallAudio.tone(1.0))
    call.audio(CallAudio.silence(1.0))
    call.close()
    assert shares(call) == {
        "external": pytest.approx(0.5, abs=0.02),
        "internal": pytest.approx(0.5, abs=0.02),
    }


def test_the_threshold_is_a_setting(audiohook_session: NewCall) -> None:
    call = audiohook_session(SilencePlugin, settings={"threshold": 32_767})
    call.open()
    call.audio(CallAudio.tone(1.0))
    call.close()
    assert shares(call) == {"external": 1.0, "internal": 1.0}


def test_a_call_without_audio_tells_nothing(audiohook_session: NewCall) -> None:
    call = audiohook_session(SilencePlugin, offers=[])
    call.open()
    call.close()
    assert call.emitted == []
