"""`speech = "auto"`: a plugin that tells speech may be shut out of a call; then its level does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import SegmentSettings, SpeechRecognition
from audiohook_fw_asr.engines import EnginePool
from audiohook_fw_asr.recognition import Recognition
from audiohook_fw_asr.tellers import SpeechTellers
from audiohook_fw_asr.testing import ScriptedSegmentEngine, speak

from audiohook_fw import (
    AudioFrame,
    PluginInfo,
    Session,
    SessionHandler,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    hookimpl,
)
from audiohook_fw.testing import CallDriver

RATE = 8000
TO = {
    "external": [(1.0, "alpha"), (4.0, "bravo"), (7.0, "charlie"), (10.0, "delta")],
    "internal": [(2.5, "echo")],
}
LENGTH = 12.0
WORD = 0.4


class Teller:
    """Tells where the words of a script are, `late` seconds later, and breaks at a second of call time."""

    info = PluginInfo(emits=(SpeechStarted, SpeechEnded))
    dies_at = LENGTH
    late = 0.0

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Telling(session, self)


class _Telling(SessionHandler):
    def __init__(self, session: Session, teller: Teller) -> None:
        self.session = session
        self.teller = teller
        self.to_tell = sorted(
            ((round(at * RATE), channel, end) for channel, words in TO.items() for at, _ in words
             for at, end in ((at, False), (at + WORD, True))),
        )  # fmt: skip

    def on_audio(self, frame: AudioFrame) -> None:
        if frame.position >= self.teller.dies_at * RATE:
            raise RuntimeError("planted")
        while self.to_tell and self.to_tell[0][0] + self.teller.late * RATE <= frame.position:
            at, channel, is_end = self.to_tell.pop(0)
            length = round(WORD * RATE)
            self.session.emit(
                SpeechEnded(channel=channel, start=at - length, length=length)
                if is_end
                else SpeechStarted(channel=channel, start=at)
            )


class Recognising(SpeechRecognition):
    """Reads words."""

    Settings = SegmentSettings

    def make_engines(self) -> Any:
        return (ScriptedSegmentEngine(),)


NewCall = Callable[..., CallDriver]


@pytest.fixture
def new_call() -> Iterator[NewCall]:
    """Make a call with somebody who tells speech until `dies_at`."""
    made: list[CallDriver] = []

    def make(dies_at: float = LENGTH, late: float = 0.0, **settings: Any) -> CallDriver:
        teller = Teller()
        teller.dies_at, teller.late = dies_at, late
        call = CallDriver(
            Recognising,
            settings={"interims": False, **settings},
            others={"teller": teller},
            limits={"faults_in_a_row": 1},
            raise_faults=False,
        )
        made.append(call)
        return call

    yield make
    for call in made:
        call.shutdown()


def talk() -> Any:
    """Return what is said, by channel."""
    samples = np.zeros((round(LENGTH * RATE), 2), dtype=np.int16)
    for channel, words in enumerate(TO.values()):
        for at, word in words:
            said = speak(word, word=WORD)
            samples[round(at * RATE) : round(at * RATE) + len(said), channel] = said
    return samples


def finals(call: CallDriver) -> list[tuple[str, float, str]]:
    """Return what was recognised: channel, start in seconds, and text."""
    heard = [e for e in call.emitted if isinstance(e, Transcript) and e.is_final]
    return sorted((e.channel, e.start / RATE, e.text) for e in heard)


ALL = sorted((channel, at, text) for channel, words in TO.items() for at, text in words)


def play(call: CallDriver) -> None:
    call.open()
    call.audio(talk())
    call.close()


@pytest.mark.parametrize("dies_at", [LENGTH, 6.0, 4.2, 3.9, 1.2, 0.0])
@pytest.mark.parametrize("late", [0.0, 1.5])
def test_every_word_is_heard_once_whenever_the_teller_dies(
    new_call: NewCall, dies_at: float, late: float, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    call = new_call(dies_at, late)
    play(call)
    assert finals(call) == ALL
    told = [line for line in caplog.messages if "any more" in line]
    assert bool(told) == (late + 1.0 < dies_at < LENGTH)  # it had told something, and was missed


def test_speech_that_had_begun_ends_where_it_is_quiet(new_call: NewCall) -> None:
    call = new_call(dies_at=4.2)
    call.open()
    call.audio(talk()[: 7 * RATE])
    assert finals(call) == [one for one in ALL if one[1] < 7]  # long before the call does
    call.close()


def test_who_goes_by_events_alone_stays_deaf(new_call: NewCall) -> None:
    call = new_call(dies_at=6.0, speech="events")
    play(call)
    assert finals(call) == [one for one in ALL if one[1] < 6]


def test_a_teller_that_is_late_at_first_is_listened_to_all_the_same(new_call: NewCall) -> None:
    call = new_call(late=5.0)
    call.open()
    call.audio(np.concatenate((talk(), np.zeros((6 * RATE, 2), dtype=np.int16))))
    call.close()
    assert finals(call) == ALL


# as one call after the other sees it ----------------------------------------------------------------------


class Room:
    """What `SpeechTellers` needs of a session."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def who_emits(self, event_type: Any) -> tuple[str, ...]:
        assert event_type in (SpeechStarted, SpeechEnded)
        return self.names


def shared(speech: str = "auto") -> Any:
    settings = SegmentSettings.model_validate({"speech": speech})
    return Recognition(settings, EnginePool((ScriptedSegmentEngine(),), retry=1.0, longest=1.0))


def tellers(recognition: Any, *names: str) -> Any:
    return SpeechTellers(Room(*names), recognition)  # type: ignore[arg-type]


def test_a_call_without_them_does_not_wait_for_those_of_another_one() -> None:
    recognition = shared()
    first = tellers(recognition, "vad")
    assert first.tell is None
    first.told()
    assert first.tell is True
    assert tellers(recognition, "vad").tell is True
    second = tellers(recognition)  # it was shut out of new calls
    assert second.tell is None
    second.kept_silent()
    assert second.tell is False
    assert first.tell is True  # its own goes on
    second.told()  # by one that does not declare it
    assert second.tell is True


def test_those_that_are_lost_stay_so() -> None:
    recognition = shared()
    room = Room("vad")
    one = SpeechTellers(room, recognition)  # type: ignore[arg-type]
    one.told()
    assert not one.left()
    room.names = ()
    assert one.left()
    assert not one.left()
    one.told()  # what it said before it was lost comes late
    assert one.tell is False


@pytest.mark.parametrize(("speech", "tell"), [("events", True), ("energy", False)])
def test_what_is_configured_stands(speech: str, tell: bool) -> None:
    room = Room("vad")
    one = SpeechTellers(room, shared(speech))  # type: ignore[arg-type]
    assert one.tell is tell
    room.names = ()
    assert not one.left()
    assert one.tell is tell
