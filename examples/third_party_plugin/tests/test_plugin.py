"""The plugin's own tests: a handler is a plain object, so it is easily driven by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from acme_talk_ratio import TalkRatioMeasured, TalkRatioSettings
from acme_talk_ratio.plugin import TalkRatioHandler

from audiohook_fw import AudioFrame, CloseReason, MediaFormat
from audiohook_fw.audio import encode, tone

STEREO = MediaFormat("PCMU", ("external", "internal"))


class FakeSession:
    """Takes what the handler emits."""

    def __init__(self) -> None:
        self.emitted: list[Any] = []

    def emit(self, event: Any) -> None:
        self.emitted.append(event)


def test_one_side_talks_half_of_the_time() -> None:
    session = FakeSession()
    handler = TalkRatioHandler(session, TalkRatioSettings())  # type: ignore[arg-type]
    loud = tone(440, 1.0, 8000, 0.5)
    quiet = np.zeros_like(loud)
    for position, external in ((0, loud), (8000, quiet)):
        payload = encode(np.column_stack([external, quiet]), STEREO)
        handler.on_audio(AudioFrame(payload, STEREO, position))
    handler.on_close(CloseReason.END)
    assert session.emitted == [TalkRatioMeasured(external=0.5, internal=0.0)]
