"""Pieces that an engine gives up, and engines that stand for any language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import RecognitionStatus, Result, Segment, SegmentDroppedError, match_language
from audiohook_fw_asr.testing import VOCABULARY, ScriptedSegmentEngine, pause, speak

from audiohook_fw import Transcript


class Choosy(ScriptedSegmentEngine):
    """Gives up the finals of its choice, and every interim."""

    gives_up: tuple[int, ...] = ()
    finals = 0

    async def recognize(self, segment: Segment) -> Result | None:
        if not segment.is_final:
            raise SegmentDroppedError("an interim")
        self.finals += 1
        if self.finals - 1 in self.gives_up:
            raise SegmentDroppedError("too much to do")
        return await super().recognize(segment)


def test_a_piece_that_is_given_up_is_told_and_not_tried_again(new_call: Callable[..., Any]) -> None:
    engine = Choosy()
    engine.gives_up = (1,)
    parts = [pause(0.5)]
    for word in VOCABULARY[:3]:
        parts += [speak(f"{word} {word} {word}"), pause(2.0)]
    call = new_call(engine, channels=["internal"], speech="energy")
    call.open()
    call.audio(np.concatenate(parts))
    call.close()
    finals = [event for event in call.emitted if isinstance(event, Transcript) and event.is_final]
    assert [event.words[0].text for event in finals] == [VOCABULARY[0], VOCABULARY[2]]
    assert engine.finals == 3
    statuses = [event for event in call.emitted if isinstance(event, RecognitionStatus)]
    assert [status.state for status in statuses] == ["running", "behind", "running"]
    assert statuses[1].dropped > 0.5 * 8000
    assert call.faults == ()


@pytest.mark.parametrize(
    ("wanted", "known", "fits"),
    [
        ("de-AT", ("*", "de"), "de"),
        ("fr", ("*", "de"), "*"),
        ("fr", ("de",), None),
        ("", ("de", "*"), "*"),
    ],
)
def test_a_star_stands_for_whatever_fits_nothing_else(
    wanted: str, known: tuple[str, ...], fits: str | None
) -> None:
    assert match_language(wanted, known) == fits
