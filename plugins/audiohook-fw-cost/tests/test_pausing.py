"""When a stream is paused and resumed: each reason, several at once, and what it must not fight."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_cost import Cost

from audiohook_fw import ClientPause, Event, MediaFormat, PluginInfo, Session, hookimpl
from audiohook_fw.testing import CallAudio, CallDriver

SILENT = CallAudio.silence()
LOUD = CallAudio.tone()
QUEUE = "7a1d0b0e-6a9b-4a60-a9f3-3d2a6c1b5a11"


def commands(call: CallDriver) -> list[str]:
    """Note from now on what is sent to the client: `pause` and `resume`."""
    sent: list[str] = []
    send = call._line.server.send

    def noted(message: Any, **options: Any) -> str:
        sent.append(message.type)
        return send(message, **options)

    call._line.server.send = noted  # type: ignore[method-assign]
    return sent


def tell(call: CallDriver, other: Any, **context: object) -> None:
    call.run(lambda: other.session.update_context(**context))


def interest(call: CallDriver, other: Any, interested: bool) -> None:
    call.run(other.session.set_audio_interest, interested)


# nothing is configured --------------------------------------------------------------------------------


def test_without_settings_nothing_is_paused(new_call: Any, other: Any) -> None:
    call = new_call()
    call.open()
    interest(call, other, False)
    tell(call, other, on_hold=True, queue_id=QUEUE)
    call.audio(SILENT, seconds=3600, frame_ms=4000)
    assert not call.holds


# no interest --------------------------------------------------------------------------------------------


def test_nobody_needs_audio(new_call: Any, other: Any) -> None:
    call = new_call(pause={"without_interest": True})
    call.open()
    call.audio(seconds=5)
    assert not call.paused
    interest(call, other, False)
    assert call.paused
    interest(call, other, True)
    assert not call.paused


@pytest.mark.parametrize("silence", [None, 5])
def test_nobody_takes_audio_at_all_and_this_plugin_is_nobody(database: Path, silence: float | None) -> None:
    settings = {"database": str(database), "pause": {"without_interest": True, "silence": silence}}
    with CallDriver(Cost, settings=settings) as call:
        call.open()
        assert call.paused
        assert not call.session.audio_interest


def test_who_took_audio_is_in_quarantine(database: Path) -> None:
    class Bad:
        @hookimpl
        def on_audio(self) -> None:
            raise RuntimeError("planted")

    settings = {"database": str(database), "pause": {"without_interest": True}}
    with CallDriver(Cost, settings=settings, others={"bad": Bad()}, raise_faults=False) as call:
        call.open()
        call.audio(seconds=1.8)
        assert not call.paused
        call.audio(seconds=0.2)
        assert call.paused


# on hold ------------------------------------------------------------------------------------------------


def test_on_hold(new_call: Any, other: Any) -> None:
    call = new_call(pause={"on_hold": True})
    call.open()
    for on_hold in (True, False, "yes", None, True):
        call.audio(seconds=5)
        tell(call, other, on_hold=on_hold)
        assert call.paused is (on_hold is True)


def test_on_hold_before_it_was_opened(database: Path) -> None:
    settings = {"database": str(database), "pause": {"on_hold": True}}
    with CallDriver(Cost, settings=settings, context={"on_hold": True}) as call:
        call.open()
        assert call.paused


# minutes ------------------------------------------------------------------------------------------------


def test_only_the_first_minutes(new_call: Any) -> None:
    call = new_call(pause={"after_minutes": 2})
    call.open()
    call.audio(seconds=119)
    assert not call.paused
    call.audio(seconds=2)
    assert call.paused
    call.advance(3600)
    assert call.paused


# silence ------------------------------------------------------------------------------------------------

FORMATS = [
    MediaFormat("PCMU", ("external", "internal")),
    MediaFormat("PCMU", ("internal",)),
    MediaFormat("L16", ("external", "internal")),
    MediaFormat("L16", ("external",)),
]
SILENCE = {"silence": 5, "silence_recheck": 10, "silence_listen": 2}


@pytest.mark.parametrize("media", FORMATS, ids=lambda media: f"{media.format}-{len(media.channels)}")
@pytest.mark.parametrize("frame_ms", [20, 200, 1000])
def test_silence_is_paused_and_listened_to_again(new_call: Any, media: MediaFormat, frame_ms: int) -> None:
    call = new_call({"offers": [media]}, pause=SILENCE)
    call.open()
    call.audio(LOUD, seconds=3, frame_ms=frame_ms)
    call.audio(SILENT, seconds=4, frame_ms=frame_ms)
    call.audio(LOUD, seconds=1, frame_ms=frame_ms)  # so the 4 s do not count
    call.audio(SILENT, seconds=4, frame_ms=frame_ms)
    assert not call.paused
    call.audio(SILENT, seconds=1, frame_ms=frame_ms)
    assert call.paused
    call.audio(LOUD, seconds=9, frame_ms=frame_ms)  # nobody can hear that
    assert call.paused
    call.audio(SILENT, seconds=2, frame_ms=frame_ms)  # listening again, after the tenth second
    assert not call.paused
    call.audio(SILENT, seconds=2, frame_ms=frame_ms)  # all silent: pause again
    assert call.paused
    call.audio(LOUD, seconds=12, frame_ms=frame_ms)  # listening, and somebody speaks
    assert not call.paused
    call.audio(SILENT, seconds=4, frame_ms=frame_ms)  # so a whole silence counts again
    assert not call.paused
    call.audio(SILENT, seconds=1, frame_ms=frame_ms)
    assert call.paused


@pytest.mark.parametrize("frame_ms", [20, 200, 4000])
def test_a_backlog_counts_by_its_samples(new_call: Any, frame_ms: int) -> None:
    call = new_call(pause=SILENCE)
    call.open()
    call.audio(SILENT, seconds=4, frame_ms=frame_ms, burst=True)
    assert not call.paused
    call.audio(SILENT, seconds=4, frame_ms=frame_ms, burst=True)
    assert call.paused


def test_sound_on_one_channel_is_sound(new_call: Any) -> None:
    call = new_call(pause=SILENCE)
    call.open()
    samples = np.zeros((80_000, 2), np.int16)
    samples[::1600, 1] = 3000
    call.audio(samples)
    assert not call.paused


@pytest.mark.parametrize("format_", ["PCMU", "L16"])
@pytest.mark.parametrize("peak", [-3000, 3000])
def test_sound_has_two_sides(new_call: Any, format_: str, peak: int) -> None:
    call = new_call({"offers": [MediaFormat(format_, ("external",))]}, pause=SILENCE)
    call.open()
    samples = np.zeros(80_000, np.int16)
    samples[::1600] = peak
    call.audio(samples)
    assert not call.paused


def test_sound_that_was_under_way_when_the_pause_was_asked_for_ends_it(new_call: Any) -> None:
    call = new_call(pause=SILENCE)
    call.open()
    call.audio(SILENT, seconds=4.8)
    answer, call._line.answer = call._line.answer, lambda: False  # a client that takes its time
    call.audio(SILENT, seconds=0.4)
    assert call.holds == ["cost"]
    call.audio(LOUD, seconds=0.2)
    assert call.holds == []
    call._line.answer = answer
    call.audio(SILENT, seconds=4.8)
    assert not call.paused


def test_gaps_are_no_silence(new_call: Any) -> None:
    call = new_call(pause=SILENCE)
    call.open()
    call.audio(SILENT, seconds=2)
    call.discard(30)
    call.pause(30)
    call.audio(SILENT, seconds=2)
    assert not call.holds


# budgets ------------------------------------------------------------------------------------------------


def test_a_budget_is_used_up_while_the_call_runs(new_call: Any, other: Any) -> None:
    call = new_call(price_per_minute="0.60", budgets={"*": "0.10"}, save_seconds=1)
    call.open()
    call.audio(seconds=9)
    assert not call.paused
    call.audio(seconds=2)  # ten seconds cost 0.10
    assert call.paused
    assert "queue_wanted" not in call.context


def test_a_budget_of_a_queue_by_name(new_call: Any, other: Any) -> None:
    call = new_call(price_per_minute="0.60", budgets={"Sales": "0.10", "other": 0}, save_seconds=1)
    call.open()
    assert call.context["queue_wanted"] is True
    call.audio(seconds=20)
    assert not call.paused  # in no queue that is known
    tell(call, other, queue_id=QUEUE, queue_name="SALES")
    call.audio(seconds=2)
    assert call.paused
    tell(call, other, queue_id="elsewhere", queue_name="Help")
    assert not call.paused
    tell(call, other, queue_id="OTHER", queue_name="")
    call.audio(seconds=3)
    assert call.paused  # at once: its budget is 0


# together -----------------------------------------------------------------------------------------------


def test_the_last_reason_resumes(new_call: Any, other: Any) -> None:
    call = new_call(pause={"on_hold": True, "without_interest": True})
    call.open()
    call.audio(seconds=5)
    sent = commands(call)
    tell(call, other, on_hold=True)
    interest(call, other, False)
    tell(call, other, on_hold=False)
    assert call.paused
    interest(call, other, True)
    assert not call.paused
    assert sent == ["pause", "resume"]


def test_another_plugin_s_hold_is_respected(new_call: Any, other: Any) -> None:
    call = new_call(pause={"on_hold": True})
    call.open()
    sent = commands(call)
    call.run(other.pause)
    tell(call, other, on_hold=True)
    assert sorted(call.holds) == ["cost", "other"]
    tell(call, other, on_hold=False)
    assert call.paused
    call.run(other.resume)
    assert not call.paused
    assert sent == ["pause", "resume"]


def test_nothing_is_asked_of_a_client_that_pauses_by_itself(new_call: Any, other: Any) -> None:
    call = new_call(pause={"on_hold": True})
    call.open()
    call.audio(seconds=3)
    sent = commands(call)
    call.pause()
    tell(call, other, on_hold=True)
    call.advance(60)
    tell(call, other, on_hold=False)
    tell(call, other, on_hold=True)
    call.advance(60)
    assert (sent, call.holds) == ([], [])
    call.resume()
    assert (sent, call.holds) == (["pause"], ["cost"])


def test_a_release_does_not_end_the_client_s_pause(new_call: Any, other: Any) -> None:
    call = new_call(pause={"on_hold": True})
    call.open()
    tell(call, other, on_hold=True)
    call.pause()
    tell(call, other, on_hold=False)
    assert call.paused
    call.resume()
    assert not call.paused


def test_reasons_that_flicker_do_not_reach_the_client(new_call: Any, other: Any) -> None:
    call = new_call(pause={"on_hold": True, "min_run": 2})
    call.open()
    call.audio(seconds=5)
    sent = commands(call)
    for _ in range(100):
        tell(call, other, on_hold=True)
        call.advance(0.05)
        tell(call, other, on_hold=False)
        call.advance(0.05)
    assert sent.count("pause") <= 6  # ten seconds
    assert sent.count("pause") == sent.count("resume")
    tell(call, other, on_hold=True)
    call.advance(2)
    assert call.paused


@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_it_pauses_once_in_min_run_and_never_on_top_of_the_client_s_pause(
    new_call: Any, other: Any, seed: int
) -> None:
    dice = random.Random(seed)
    settings = {"on_hold": True, "without_interest": True, "silence": 1, "silence_recheck": 1, "min_run": 1}
    call = new_call(pause=settings)
    call.open()
    call.audio(seconds=2)
    taken: list[float] = []
    steps = [
        lambda: tell(call, other, on_hold=dice.random() < 0.5),
        lambda: interest(call, other, dice.random() < 0.5),
        lambda: call.audio(dice.choice([SILENT, LOUD]), seconds=dice.choice([0.2, 1.5])),
        lambda: call.run(dice.choice([other.pause, other.resume])),
        lambda: call.pause() if not call._line.client.client_paused else call.resume(),
        lambda: call.advance(dice.choice([0.1, 0.5, 3])),
    ]
    before = False
    for _ in range(200):
        known = call.session.client_paused is ClientPause.YES
        dice.choice(steps)()
        now = "cost" in call.holds
        if now and not before:
            taken.append(call.time)
            assert not (known and call._line.client.client_paused)
        before = now
    assert len(taken) > 3
    assert all(b - a >= 1 for a, b in pairwise(taken))


# the end ------------------------------------------------------------------------------------------------


def timers(call: CallDriver) -> list[str]:
    """Return the names of this plugin's timers that are not let go."""
    handles = [handle for handle in call.loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
    methods = [handle._callback for handle in handles]
    return sorted(m.__name__ for m in methods if getattr(m, "__module__", "").startswith("audiohook_fw_cost"))


@pytest.mark.parametrize("lost", [False, True])
def test_all_timers_are_let_go(new_call: Any, other: Any, lost: bool) -> None:
    pause = {**SILENCE, "on_hold": True, "after_minutes": 60, "min_run": 60}
    call = new_call(pause=pause)
    call.open()
    tell(call, other, on_hold=True)
    tell(call, other, on_hold=False)
    call.audio(SILENT, seconds=6)
    assert timers(call) == ["_listen", "_look", "_waited", "want"]
    (call.lose if lost else call.close)()
    assert timers(call) == []


def test_a_call_that_is_closing_is_not_paused_any_more(database: Path) -> None:
    class Late:
        info = PluginInfo(summary="Tells when it is over")

        @hookimpl
        def on_close(self, session: Session) -> None:
            session.update_context(on_hold=True)

        @hookimpl
        def on_event(self, event: Event) -> None: ...

    settings = {"database": str(database), "pause": {"on_hold": True}}
    with CallDriver(Cost, settings=settings, others={"late": Late()}) as call:
        call.open()
        call.close()
        assert call.holds == []
