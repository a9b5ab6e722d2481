"""One network for all channels: it hears what one for each would, and channels know nothing of each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from audiohook_fw_vad import silero
from audiohook_fw_vad.engine import Engine
from audiohook_fw_vad.silero import SileroDetector
from lone_detector import LoneDetector
from speech.truth import CLIPS, RATE, read_speech

CONVERSATION = read_speech(CLIPS / "conversation.wav")


def windows(channel: int) -> Any:
    samples = CONVERSATION.audio().samples[:, channel]
    return samples[: len(samples) // 256 * 256].reshape(-1, 256)


def heard(detector: Any, channel: int) -> list[float]:
    return [detector.detect(window) for window in windows(channel)]


@pytest.mark.parametrize("channel", [0, 1])
def test_probabilities_are_those_of_a_network_for_each_channel(channel: int) -> None:
    one, other = heard(SileroDetector(RATE), channel), heard(LoneDetector(RATE), channel)
    assert one == pytest.approx(other, abs=1e-5)  # two builds of the runtime round differently
    assert max(one) > 0.9
    assert min(one) < 0.1


def test_events_are_the_same_to_the_sample(new_call: Any) -> None:
    emitted = []
    for engine in ("silero", "lone_detector:LoneDetector"):
        call = new_call(engine=engine, ignore_background=True, batch=0.1)
        call.open()
        call.audio(CONVERSATION.audio().samples)
        call.close()
        emitted.append([(type(event), event.model_dump()) for event in call.emitted])
    assert len(emitted[0]) > 10
    assert emitted[0] == emitted[1]


def test_channels_in_turn_and_in_many_threads_hear_as_if_alone() -> None:
    alone = [heard(SileroDetector(RATE), channel) for channel in (0, 1)]
    pair = [SileroDetector(RATE) for _ in range(2)]
    steps = list(zip(windows(0), windows(1), strict=True))
    turns = [[d.detect(w) for d, w in zip(pair, both, strict=True)] for both in steps]
    assert [list(channel) for channel in zip(*turns, strict=True)] == alone
    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(heard, SileroDetector(RATE), number % 2) for number in range(8)]
        assert [job.result() for job in jobs] == alone * 4


def test_after_a_reset_it_hears_as_at_first() -> None:
    detector = SileroDetector(RATE)
    first = heard(detector, 0)
    detector.detect(np.full(256, 9000, dtype=np.int16))  # an odd number of runs, so both states were used
    detector.reset()
    assert heard(detector, 0) == first


def test_the_network_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    load = silero.InferenceSession
    monkeypatch.setattr(
        silero, "InferenceSession", lambda *args, **kwargs: made.append(args) or load(*args, **kwargs)
    )
    silero.network.cache_clear()
    engine = Engine("silero", {}, rate=RATE, spare=0)
    engine.load()
    detectors = [engine.open() for _ in range(100)]
    assert all(0 <= detector.detect(windows(0)[0]) <= 1 for detector in detectors)
    assert len(made) == 1
