"""What comes in a pause of the client's own: dropped and counted, its content told to nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from audiohook_fw.protocol import (
    AudioReceived,
    ClientPause,
    Disconnect,
    DisconnectReason,
    DtmfReceived,
    Opened,
    Pause,
    PausedReceived,
    Resume,
    WithheldReceived,
)

Call = Callable[..., Any]

SECOND = b"\xff" * 16_000
MEDIA = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
RESUMED = {"start": "PT0S", "discarded": "PT1S"}


def counts(caller: Any) -> tuple[int, int, int]:
    server = caller.server
    return server.dropped_audio, server.withheld_audio, server.withheld_dtmf


def press(caller: Any, digit: str = "4") -> Any:
    return caller.say("dtmf", {"digit": digit})


def test_audio_is_told_of_once_and_counted_each_time(call: Call):
    caller = call()
    caller.say("paused")
    assert caller.server.receive_binary(SECOND) == WithheldReceived("audio", first=True)
    assert [caller.server.receive_binary(SECOND) for _ in range(9)] == [None] * 9
    assert counts(caller) == (10, 10, 0)
    caller.say("resumed", RESUMED)
    assert isinstance(caller.server.receive_binary(SECOND), AudioReceived)
    caller.say("paused")
    assert caller.server.receive_binary(SECOND) is None
    assert counts(caller) == (11, 11, 0)


def test_digits_are_told_of_without_what_they_are(call: Call):
    caller = call()
    assert press(caller, "7") == DtmfReceived("7", 0)
    caller.say("paused")
    told = [press(caller, digit) for digit in "4111"]
    assert told == [WithheldReceived("dtmf", first=first) for first in (True, False, False, False)]
    assert counts(caller) == (0, 0, 4)
    caller.say("resumed", RESUMED)
    assert press(caller, "8") == DtmfReceived("8", 8000)


def test_our_own_pause_keeps_no_digits_back(call: Call):
    caller = call()
    caller.sends(Pause())
    caller.say("paused")
    assert press(caller, "1") == DtmfReceived("1", 0)
    assert caller.server.receive_binary(SECOND) is None
    assert counts(caller) == (1, 0, 0)


def test_the_client_s_pause_may_lie_on_top_of_ours(call: Call):
    caller = call()
    caller.sends(Pause())
    caller.say("paused")
    assert caller.say("paused").client is ClientPause.UNKNOWN
    assert isinstance(press(caller), WithheldReceived)
    assert isinstance(caller.server.receive_binary(SECOND), WithheldReceived)
    caller.sends(Resume())
    assert caller.say("paused").by_client  # it pauses still
    assert isinstance(press(caller), WithheldReceived)
    assert caller.server.receive_binary(SECOND) is None
    caller.say("resumed", RESUMED)
    assert press(caller) == DtmfReceived("4", 8000)


def test_our_pause_on_top_hides_nothing(call: Call):
    caller = call()
    caller.say("paused")
    caller.sends(Pause())
    assert isinstance(press(caller), WithheldReceived)
    caller.say("paused")
    assert isinstance(press(caller), WithheldReceived)
    assert isinstance(caller.server.receive_binary(SECOND), WithheldReceived)


def test_a_pause_from_the_start_may_be_the_client_s(call: Call):
    caller = call(opened={"start_paused": True})
    caller.say("paused")
    assert isinstance(press(caller), WithheldReceived)
    assert isinstance(caller.server.receive_binary(SECOND), WithheldReceived)
    caller.sends(Resume())
    assert isinstance(press(caller), WithheldReceived)  # it is not known yet what the client answers
    caller.say("resumed", RESUMED)
    assert isinstance(press(caller), DtmfReceived)


def test_a_resume_of_ours_that_crosses_the_client_s_pause_opens_nothing(call: Call):
    caller = call()
    caller.sends(Pause())
    caller.say("paused")
    seen = caller.server.sent_seq
    caller.sends(Resume())
    assert (
        caller.say("paused", serverseq=seen).client is ClientPause.UNKNOWN
    )  # its own, sent before it saw that
    assert isinstance(press(caller), WithheldReceived)
    assert isinstance(caller.server.receive_binary(SECOND), WithheldReceived)
    assert caller.say("paused").client is ClientPause.YES  # the answer
    assert caller.server.receive_binary(SECOND) is None


@pytest.mark.parametrize("start_paused", [None, True])
def test_a_pause_that_begins_before_opened_holds_after_it(call: Call, start_paused: bool | None):
    caller = call("opening")
    assert caller.say("paused") is None
    assert caller.server.receive_binary(SECOND) == WithheldReceived("audio", first=True)
    assert press(caller) is None
    assert caller.server.early_pause() is None
    caller.server.send(Opened(media=[MEDIA], start_paused=start_paused))
    assert caller.server.state == "paused"
    known = ClientPause.UNKNOWN if start_paused else ClientPause.YES
    assert caller.server.early_pause() == PausedReceived(0, True, known, True)
    assert caller.server.early_pause() is None
    assert caller.server.receive_binary(SECOND) is None
    assert isinstance(press(caller), WithheldReceived)
    caller.say("resumed", RESUMED)
    assert isinstance(caller.server.receive_binary(SECOND), AudioReceived)


def test_a_pause_that_ends_before_opened_is_none(call: Call):
    caller = call("opening")
    caller.say("paused")
    caller.say("resumed", RESUMED)
    caller.server.send(Opened(media=[MEDIA]))
    assert (caller.server.state, caller.server.early_pause()) == ("active", None)
    assert isinstance(caller.server.receive_binary(SECOND), AudioReceived)


@pytest.mark.parametrize("end", ["close", "disconnect", "violation"])
def test_what_comes_after_the_end_has_begun_in_a_pause_still_counts_as_of_the_pause(call: Call, end: str):
    caller = call()
    caller.say("paused")
    if end == "close":
        caller.say("close", {"reason": "end"})
    elif end == "disconnect":
        caller.sends(Disconnect(reason=DisconnectReason.COMPLETED))
    else:
        caller.server.receive_text("{", caller.now)
    assert caller.server.receive_binary(SECOND) == WithheldReceived("audio", first=True)
    assert press(caller) is None
    assert counts(caller) == (1, 1, 0)
