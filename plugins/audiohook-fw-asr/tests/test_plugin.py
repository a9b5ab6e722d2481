"""A plugin made of the base, driven by hand: the short way through everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr.testing import ScriptedEngine, ScriptedSegmentEngine, pause, speak

from audiohook_fw import Transcript

SPEECH = np.concatenate((pause(1), speak("alpha bravo"), pause(1), speak("charlie")))
HEARD = [("alpha bravo", 8000, 3680), ("charlie", 19680, 1600)]


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("kind", [ScriptedEngine, ScriptedSegmentEngine])
def test_words_come_out_at_their_place(new_call: Callable[..., Any], kind: Any, rate: int) -> None:
    call = new_call(kind(rate=rate))
    call.open()
    call.audio(SPEECH)
    call.close()
    for channel in ("external", "internal"):
        finals = [e for e in call.emitted if isinstance(e, Transcript) and e.is_final]
        assert [(f.text, f.start, f.length) for f in finals if f.channel == channel] == HEARD
