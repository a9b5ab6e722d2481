"""`ServerProtocol`: pauses, answers, the end, and what may be sent when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    MAX_SENT_BYTES,
    ClientPause,
    ClockGap,
    Closed,
    CloseReceived,
    Disconnect,
    DisconnectReason,
    ErrorReceived,
    EventMessage,
    Opened,
    Pause,
    PausedReceived,
    PingReceived,
    Pong,
    Resume,
    ResumedReceived,
    ServerProtocol,
    Updated,
    UpdateReceived,
    Violated,
    WireEntity,
)

Call = Callable[..., Any]
OFFER = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
SECOND = bytes(16_000)
SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
OTHER = "e160e428-53e2-487c-977d-96989bf5c99d"


# once the end has begun ------------------------------------------------------------------------


@pytest.mark.parametrize("type_", ["open", "update", "paused", "discarded", "dtmf", "weather"])
def test_what_comes_after_a_disconnect_is_tolerated_unread(call: Call, type_: str):
    caller = call()
    caller.sends(Disconnect(reason=DisconnectReason.ERROR))
    assert caller.say(type_, {"digit": []}) is None
    assert caller.server.receive_text("{", 0.0) is None
    assert (caller.server.state, caller.server.stray) == ("disconnecting", 2)
    assert caller.say("ping") == PingReceived(caller.seq, None)
    assert caller.sends(Pong())["clientseq"] == caller.seq


# pauses ----------------------------------------------------------------------------------------


def test_a_pause_of_the_client_s_own(call: Call):
    caller = call()
    assert caller.say("paused") == PausedReceived(0, True, ClientPause.YES, True)
    assert caller.say("paused") == PausedReceived(0, True, ClientPause.YES, False)
    assert caller.say("resumed", {"start": "PT0S", "discarded": "PT2S"}) == ResumedReceived(
        ClockGap(0, 16_000)
    )
    assert caller.server.pause.client is ClientPause.NO


def test_what_was_on_the_way_when_we_paused_is_the_client_s_own(call: Call):
    caller = call()
    written_before = caller.text("paused")
    caller.sends(Pause())
    event = caller.server.receive_text(written_before, caller.now)
    assert (event.by_client, event.news) == (True, True)
    assert caller.say("paused").by_client is False


def test_paused_as_answer_to_resume(call: Call):
    caller = call()
    caller.sends(Pause())
    assert caller.say("paused") == PausedReceived(0, False, ClientPause.NO, True)
    assert caller.say("paused") == PausedReceived(0, False, ClientPause.UNKNOWN, True)
    assert caller.say("paused") == PausedReceived(0, False, ClientPause.UNKNOWN, False)
    caller.sends(Resume())
    assert caller.say("paused") == PausedReceived(0, True, ClientPause.YES, True)
    assert (caller.server.pause.server, caller.server.state) == (False, "paused")


# answers ---------------------------------------------------------------------------------------


def test_a_pong_answers_its_ping_once(call: Call):
    caller = call()
    assert caller.say("ping") == PingReceived(2, None)
    assert caller.say("ping", {"rtt": "PT0.25S"}) == PingReceived(3, 0.25)
    caller.say("error", {"code": 400})
    assert caller.sends(Pong(), answers=3)["clientseq"] == 3
    with pytest.raises(LocalProtocolError, match="answered already"):
        caller.server.send(Pong(), answers=3)
    assert caller.sends(Pong())["clientseq"] == 2
    assert not caller.server.allows(Pong())
    with pytest.raises(LocalProtocolError, match="not allowed"):
        caller.server.send(Pong())
    assert caller.server.sent_seq == 3


def test_updated_answers_its_update_once(call: Call):
    caller = call()
    caller.server.receive_binary(SECOND)
    assert caller.say("update", {"language": "de-DE"}) == UpdateReceived(2, "de-DE", 8000)
    caller.say("error", {"code": 400})
    assert caller.sends(Updated())["clientseq"] == 2
    assert not caller.server.allows(Updated())


def test_closed_answers_the_close_even_when_more_came_after_it(call: Call):
    caller = call()
    assert caller.say("close", {"reason": "end"}) == CloseReceived("end", 2)
    assert isinstance(caller.say("error", {"code": 408, "message": "late"}), ErrorReceived)
    assert caller.sends(EventMessage(entities=[WireEntity(type="x", data={})]))["clientseq"] == 3
    assert caller.sends(Closed())["clientseq"] == 2


@pytest.mark.parametrize("seq", [1, 2, 77])
def test_close_after_a_violation_is_answered_whatever_its_number(call: Call, seq: int):
    caller = call()
    assert isinstance(caller.say("ping", seq=9), Violated)
    caller.sends(Disconnect(reason=DisconnectReason.ERROR))
    assert caller.say("close", {"reason": "disconnect"}, seq=seq, serverseq=99) == CloseReceived(
        "disconnect", seq
    )
    assert caller.sends(Closed())["clientseq"] == seq


def test_more_unanswered_pings_than_anybody_sends_are_forgotten(call: Call):
    caller = call()
    for _ in range(1000):
        caller.say("ping")
    answered = 0
    while caller.server.allows(Pong()):
        caller.server.send(Pong())
        answered += 1
    assert answered == 64


# sending ---------------------------------------------------------------------------------------


def test_rejected_is_sent_only_when_configured(call: Call):
    message = Disconnect(reason=DisconnectReason.REJECTED)
    with pytest.raises(LocalProtocolError, match="rejected"):
        call().server.send(message)
    assert call(allow_rejected=True).sends(message)["parameters"] == {"reason": "rejected"}


@pytest.mark.parametrize(
    "message",
    [EventMessage.model_construct(entities=[]), EventMessage(entities=[WireEntity(type="x", data=None)])],
)
def test_an_event_without_entities_or_data_is_not_sent(call: Call, message: EventMessage):
    caller = call()
    with pytest.raises(LocalProtocolError, match="an event needs entities"):
        caller.server.send(message)
    assert caller.server.sent_seq == 1


def test_nothing_is_sent_after_closed(call: Call):
    caller = call()
    caller.say("close", {"reason": "end"})
    caller.sends(Closed())
    for message in (Closed(), Pong(), Disconnect(reason=DisconnectReason.ERROR), Pause(), Opened(media=[])):
        assert not caller.server.allows(message)
        with pytest.raises(LocalProtocolError, match="while closed"):
            caller.server.send(message)


def test_audio_to_play(call: Call):
    caller = call()
    payload = bytes(MAX_SENT_BYTES)
    assert caller.server.send_audio(payload) is payload
    with pytest.raises(LocalProtocolError, match="longer than 64000"):
        caller.server.send_audio(payload + b"\xff")
    caller.say("close", {"reason": "end"})
    with pytest.raises(LocalProtocolError, match="while closing"):
        caller.server.send_audio(b"\xff")


def test_two_sessions_share_nothing():
    first, second = ServerProtocol(SESSION), ServerProtocol(SESSION)
    unchanging = (int, str, float, tuple, timedelta, type(None))
    for name, value in vars(first).items():
        if name != "_cells":  # a row of the table, which nobody changes
            assert value is not vars(second)[name] or isinstance(value, unchanging), name
