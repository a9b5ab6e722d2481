"""What a call does that cannot keep up: a session whose call time runs ahead, and frames from its lane."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from audiohook_fw_vad.call import ListenedCall
from audiohook_fw_vad.engine import Engine
from audiohook_fw_vad.judging import Judge
from audiohook_fw_vad.settings import VadSettings
from audiohook_fw_vad.totals import Totals
from audiohook_fw_vad.workers import Workers

from audiohook_fw import AudioFrame, CloseReason, MediaFormat, SpeechEnded
from audiohook_fw.audio import ulaw_encode

MEDIA = MediaFormat("PCMU", ("external",), 8000)
FRAME = 1600


def frame(number: int, *, dropped: int = 0, loud: bool = True) -> AudioFrame:
    samples = np.full(FRAME, 8000 if loud else 0, dtype=np.int16)
    return AudioFrame(
        bytes(ulaw_encode(samples)), MEDIA, number * FRAME, gap_before=dropped, dropped_before=dropped
    )


class Line:
    """A call of one channel, 200 ms a frame."""

    def __init__(self, **settings: Any) -> None:
        self.session: Any = SimpleNamespace(
            media=MEDIA, position=0, emit=lambda event: self.told.append(event)
        )
        self.told: list[Any] = []
        self.totals = Totals()
        engine = Engine("scripted_detector:LoudDetector", {}, rate=8000, spare=1)
        engine.load()
        self.workers = Workers(1, timeout=5)
        judge = Judge(engine, None, self.workers, self.totals, channels=1)
        values = VadSettings(**{"batch": 0.2, "max_lag": 2.0, **settings})
        self.call = ListenedCall(self.session, values, judge, self.totals, window=engine.window)

    async def close(self) -> list[tuple[float, float]]:
        await self.call.on_close(CloseReason.END)
        await self.workers.join()
        ended = [event for event in self.told if isinstance(event, SpeechEnded)]
        return [(event.start / FRAME, (event.start + event.length) / FRAME) for event in ended]


async def test_beyond_max_lag_audio_is_skipped_until_half_of_it_is_made_good(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = Line()
    await line.call.on_opened()
    with caplog.at_level(logging.WARNING):
        for number in range(20):
            # The lane hands out frames 3 to 9 when call time is 12 frames and more ahead, then it catches up.
            ahead = {3: 12, 4: 11, 5: 10, 6: 9, 7: 8, 8: 7, 9: 6}.get(number, 1)
            line.session.position = (number + ahead) * FRAME
            await line.call.on_audio(frame(number))
    line.session.position = 20 * FRAME
    # Frame 3 is 11 frames late (2.2 s), frame 9 only 5 (1 s).
    assert await line.close() == [(0, 3), (9, 20)]
    summary = line.told[-1]
    assert (summary.unjudged, summary.judged) == (6 * FRAME, 14 * FRAME)
    assert line.totals.skipped == {"behind": 6 * FRAME}
    assert sum("cannot keep up" in text for text in caplog.messages) == 1


async def test_a_burst_of_a_client_that_reconnects_is_heard_whole() -> None:
    line = Line(max_lag=25.0)
    line.session.position = 100 * FRAME
    for number in range(100):
        await line.call.on_audio(frame(number))
    assert await line.close() == [(0, 100)]
    assert not line.totals.skipped


async def test_what_the_lane_dropped_splits_and_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    line = Line()
    for number in (0, 1, 2, 7, 8):
        line.session.position = (number + 1) * FRAME
        with caplog.at_level(logging.WARNING):
            await line.call.on_audio(frame(number, dropped=4 * FRAME if number == 7 else 0))
    assert await line.close() == [(0, 3), (7, 9)]
    assert line.told[-1].unjudged == 4 * FRAME
    assert line.totals.skipped == {"dropped": 4 * FRAME}


async def test_the_lag_is_told_in_seconds_and_only_of_running_calls() -> None:
    line = Line()
    await line.call.on_opened()
    await line.call.on_audio(frame(0))
    line.session.position = 6 * FRAME
    assert line.call.lag == line.totals.lag == 1.0
    line.session.position = FRAME
    await line.close()
    await line.call.on_end(SimpleNamespace())  # type: ignore[arg-type]
    line.session.position = 6 * FRAME
    assert line.totals.lag == 0
