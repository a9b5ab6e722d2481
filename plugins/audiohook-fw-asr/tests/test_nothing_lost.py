"""Whatever engines and the call do: no word is heard twice, and none is lost that was not told as dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import RecognitionStatus, SegmentSettings, SpeechRecognition, StreamSettings
from audiohook_fw_asr.testing import (
    VOCABULARY,
    EngineFault,
    ScriptedEngine,
    ScriptedSegmentEngine,
    pause,
    speak,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiohook_fw import Transcript
from audiohook_fw.testing import CallDriver

CHANNEL = "external"
WORD, GAP = 0.2, 0.06

steps = st.lists(
    st.one_of(
        st.tuples(st.just("speak"), st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=6)),
        st.tuples(st.just("silence"), st.sampled_from([0.1, 0.5, 2.0, 12.0])),
        st.tuples(st.just("pause"), st.sampled_from([0.0, 0.7, 20.0])),
        st.tuples(st.just("server pause"), st.sampled_from([0.5, 3.0])),
        st.tuples(st.just("discard"), st.sampled_from([0.1, 2.5])),
        st.tuples(st.just("update"), st.sampled_from(["en-US", "en-GB"])),
    ),
    min_size=1,
    max_size=12,
)
stream_faults = st.lists(
    st.one_of(
        st.none(), st.tuples(st.sampled_from(list(EngineFault)), st.sampled_from([0.0, 0.5, 2.3, 6.0]))
    ),
    max_size=4,
)
segment_faults = st.lists(st.one_of(st.none(), st.sampled_from(list(EngineFault))), max_size=6)


class Streams(SpeechRecognition):
    Settings = StreamSettings
    engines: Any = ()

    def make_engines(self) -> Any:
        return self.engines


class Segments(Streams):
    Settings = SegmentSettings


def play(plugin: type[SpeechRecognition], script: list[tuple[str, Any]], **facts: Any) -> None:
    settings_ = {"channels": [CHANNEL], "interim_seconds": 0.2}
    with CallDriver(plugin, settings=settings_, language="en-US", **facts) as call:
        call.open()
        truth = []
        for kind, value in script:
            match kind:
                case "speak":
                    for number, word in enumerate(value):
                        truth.append((word, call.position + round(number * (WORD + GAP) * 8000)))
                    # a lull after it: two words that touch would be one
                    call.audio(np.concatenate((speak(" ".join(value), word=WORD, gap=GAP), pause(GAP))))
                case "silence":
                    call.audio(pause(value))
                case "pause":
                    call.pause(value)
                case "server pause":
                    call.pause(value, by="server")
                case "discard":
                    call.discard(value)
                case "update":
                    call.update(language=value)
        call.close()
        transcripts = [e for e in call.emitted if isinstance(e, Transcript)]
        finals = [e for e in transcripts if e.is_final]
        found = [(word.text, word.start) for final in finals for word in final.words]
        dropped = max((e.dropped for e in call.emitted if isinstance(e, RecognitionStatus)), default=0)
        assert len(set(found)) == len(found), "a word was heard twice"
        assert set(found) <= set(truth), "something was heard that was never said there"
        missing = set(truth) - set(found)
        assert len(missing) * round(WORD * 8000) <= dropped + _cut(missing), f"lost: {missing}"
        assert len({final.id for final in finals}) == len(finals)
        assert all(final.text and final.language in ("en-US", "en-GB") for final in finals)
        assert call.faults == ()


def _cut(missing: set[tuple[str, int]]) -> int:
    return 0


@pytest.mark.parametrize("second", [True, False], ids=["two engines", "one engine"])
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=steps, faults=stream_faults, more=stream_faults)
def test_streams(second: bool, script: Any, faults: Any, more: Any) -> None:
    engines = [ScriptedEngine(name="a", faults=faults, languages=("en",))]
    if second:
        engines.append(ScriptedEngine(name="b", faults=more, languages=("en",), rate=16000))
    play(type("Try", (Streams,), {"engines": engines}), script)
    assert all(engine.open == 0 for engine in engines)


@pytest.mark.parametrize("second", [True, False], ids=["two engines", "one engine"])
@settings(deadline=None, max_examples=60)
@given(script=steps, faults=segment_faults, more=segment_faults)
def test_segments(second: bool, script: Any, faults: Any, more: Any) -> None:
    engines = [ScriptedSegmentEngine(name="a", faults=faults, languages=("en",))]
    if second:
        engines.append(ScriptedSegmentEngine(name="b", faults=more, languages=("en",), rate=16000))
    play(type("Try", (Segments,), {"engines": engines}), script)
