"""Replays give the same each time, in virtual time, with settings as a server has them."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from audiohook_fw import AudioFrame, PauseOrigin, Session, SpeechStarted, Transcript, hookimpl
from audiohook_fw.errors import ConfigError, PluginConfigError, PluginLoadError
from audiohook_fw.replay import (
    FRAME_MS,
    AudioStep,
    DiscardStep,
    Emitted,
    Fault,
    PauseStep,
    RecordedCall,
    Replayed,
    ResumeStep,
    Step,
    UpdateStep,
    replay,
)

from .conftest import ID, STEREO, ListenerPlugin, heard, sound


class Slow:
    """Works in threads and waits, as a recogniser does; its transcripts have ids of chance."""

    @hookimpl
    async def on_audio(self, session: Session, frame: AudioFrame) -> None:
        level = await session.run_blocking(lambda: (time.sleep(0.001), int(frame.samples.mean()))[1])
        await asyncio.sleep(0.3)
        session.emit(
            Transcript(channel="external", text=f"{level}", start=frame.position, length=frame.length)
        )


class AsSlow(Slow):
    """Another one: which of them is faster is left to chance."""


LENGTHS = st.integers(0, 20_000)
STEPS = st.lists(
    st.one_of(
        st.builds(sound, st.integers(0, 5000), value=st.integers(-3000, 3000)),
        st.builds(PauseStep, st.sampled_from(PauseOrigin)),
        st.builds(ResumeStep, LENGTHS, st.booleans()),
        st.builds(DiscardStep, LENGTHS, st.booleans()),
        st.builds(UpdateStep, st.sampled_from([None, "de", "en-US"])),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_equal_calls_give_equal_results(play: Any, steps: list[Step]) -> None:
    first, second = (play(steps, [Slow, AsSlow, ListenerPlugin]) for _ in range(2))
    assert first.as_dict() == second.as_dict()
    assert first.faults == []
    taken = [step.length for step in steps if isinstance(step, ResumeStep | DiscardStep)]
    audio = [len(step.samples) for step in steps if isinstance(step, AudioStep)]
    assert first.summary.position == sum(taken) + sum(audio)
    assert first.summary.audio == sum(audio)


def test_a_call_may_say_that_it_began_when_time_ends(play: Any) -> None:
    late = datetime.max.replace(tzinfo=UTC)
    call = RecordedCall(ID, STEREO, started_at=late)
    assert play([sound(16_000)], call=call).summary.ended_at == late


def test_ids_of_chance_are_the_same_each_time(play: Any) -> None:
    def ids(replayed: Replayed) -> list[str]:
        return [e.event.id for e in replayed.emitted if isinstance(e.event, Transcript)]

    first, again = (play([sound(8000)], [Slow]) for _ in range(2))
    other = play([sound(8000)], [Slow], call=RecordedCall(ID.replace("3", "4"), STEREO))
    assert ids(first) == ids(again)
    assert len(set(ids(first))) == 5
    assert not set(ids(first)) & set(ids(other))


def test_where_modules_are_found_is_as_it_was(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (["", *sys.path], [entry for entry in sys.path if entry]):
        monkeypatch.setattr(sys, "path", path.copy())
        play([sound(800)])
        assert sys.path == path


def test_what_waits_takes_no_time(play: Any) -> None:
    began = time.monotonic()
    replayed = play([sound(8000), PauseStep(), ResumeStep(8000 * 3600)])
    assert heard(replayed)[-1] == ["close", "end", 8000 * 3601, 3601]
    assert time.monotonic() - began < 120


def test_speed_takes_its_time(play: Any) -> None:
    began = time.monotonic()
    replayed = play([sound(8000)], speed=4)
    assert time.monotonic() - began >= 0.25
    assert [told[1] for told in heard(replayed, audio=True)[:-1]] == [0, 1600, 3200, 4800, 6400]


def test_an_event_has_its_call_time_and_plugin(play: Any) -> None:
    class Eager:
        @hookimpl
        def on_audio(self, session: Session, frame: AudioFrame) -> None:
            session.emit(SpeechStarted(channel="external", start=frame.position))

    (first, second) = play([sound(1700)], [Eager]).emitted
    assert first == Emitted(1600, "eager", SpeechStarted(channel="external", start=0))
    assert second.position == 1700


def test_faults_are_told(play: Any) -> None:
    class Broken:
        @hookimpl
        def on_audio(self, frame: AudioFrame) -> None:
            raise ZeroDivisionError("mine")

    (fault,) = play([sound(1600)], [Broken]).faults
    assert isinstance(fault, Fault)
    assert str(fault) == "plugin broken failed in on_audio: ZeroDivisionError: mine"


class Strict:
    """Has settings, and tells them."""

    class Settings(BaseModel):
        level: int = 1

    def __init__(self, settings: Settings) -> None:
        self.level = settings.level

    @hookimpl
    def on_opened(self, session: Session) -> None:
        session.emit(SpeechStarted(channel="external", start=self.level))


def test_settings_are_those_given_or_of_the_configuration(
    play: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def level(**options: Any) -> int:
        event = play([], [Strict], **options).emitted[0].event
        assert isinstance(event, SpeechStarted)
        return event.start

    monkeypatch.chdir(tmp_path)
    file = tmp_path / "other.toml"
    file.write_text("[plugins.strict]\nlevel = 7\n")
    assert level() == 1
    assert level(settings={"strict": {"level": 2}}) == 2
    assert level(settings=None) == 1
    assert level(settings=None, config=file) == 7
    file.write_text("[limits]\nlane_seconds = 'x'\n")
    with pytest.raises(Exception, match="lane_seconds") as caught:
        level(settings=None, config=file)
    assert isinstance(caught.value, ConfigError | ExceptionGroup) or "lane_seconds" in str(caught.value)
    with pytest.raises(PluginConfigError, match="level"):
        level(settings={"strict": {"level": "high"}})


def test_a_plugin_may_be_a_file_or_a_module_here(play: Any, tmp_path: Path, monkeypatch: Any) -> None:
    text = (
        "from audiohook_fw import SpeechStarted, hookimpl\n"
        "@hookimpl\ndef on_opened(session):\n"
        "    session.emit(SpeechStarted(channel='external', start=5))\n"
    )
    (tmp_path / "replay_file_plugin.py").write_text(text)
    (tmp_path / "replay_module_plugin.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    replayed = play([], ["replay_file_plugin.py", "replay_module_plugin"])
    assert [emitted.plugin for emitted in replayed.emitted] == ["replay_file_plugin", "replay_module_plugin"]


def test_what_cannot_be_played_is_told(play: Any) -> None:
    with pytest.raises(PluginLoadError, match="no_such_plugin_at_all"):
        play([], ["no_such_plugin_at_all"])
    with pytest.raises(TypeError, match="two plugins are named 'slow'"):
        play([], [Slow, Slow])
    with pytest.raises(ValueError, match=r"a frame of 0\.01 ms has no sample"):
        play([], frame_ms=0.01)
    with pytest.raises(ValueError, match="a speed is above 0"):
        play([], speed=0)

    class Late:
        @hookimpl
        def on_startup(self) -> None:
            raise OSError("no model")

    with pytest.raises(PluginLoadError, match="no model"):
        play([], [Late])


def test_nothing_is_left_behind(play: Any) -> None:
    threads = set(threading.enumerate())
    stopped: list[str] = []

    class Stops(Slow):
        @hookimpl
        def on_shutdown(self) -> None:
            stopped.append("stopped")

    play([sound(1600)], [Stops])

    def broken() -> Iterator[Step]:
        yield sound(1600)
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        play(broken(), [Stops])
    assert stopped == ["stopped"] * 2
    assert [t for t in set(threading.enumerate()) - threads if t.name.startswith("audiohook-")] == []


def test_memory_stays_flat(play: Any) -> None:
    """Six hours, taken ten seconds at a time."""
    block = sound(80_000)

    def steps() -> Iterator[Step]:
        for _ in range(6 * 360):
            yield block

    class Quiet:
        @hookimpl
        def on_opened(self) -> None: ...

    tracemalloc.start()
    try:
        replayed = play(steps(), [Quiet], frame_ms=2000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert replayed.summary.position == 6 * 3600 * 8000
    assert most < 20e6


def test_frames_are_as_long_as_genesys(play: Any) -> None:
    assert FRAME_MS == 200.0
    assert replay(RecordedCall(ID, STEREO), [sound(1600)], [Slow], settings={}).emitted[0].position == 1600
