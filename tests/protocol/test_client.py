from __future__ import annotations

import gc
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from weakref import ReferenceType, ref

import pytest

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    MAX_SENT_BYTES,
    Close,
    ClosedReceived,
    Complaint,
    DisconnectReceived,
    EntitiesReceived,
    Error,
    MediaFormat,
    OpenedReceived,
    Paused,
    PauseReceived,
    Ping,
    PongReceived,
    ReconnectReceived,
    ResumeReceived,
    ServerAudioReceived,
    UpdatedReceived,
    Violated,
)

Serve = Callable[..., Any]
OFFER = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
ZERO, SECOND = timedelta(0), timedelta(seconds=1)
ENTITIES = {"entities": [{"type": "x", "data": {}}]}


# opened ----------------------------------------------------------------------------------------


def test_opened_with_an_offer_or_without_media(serve: Serve):
    callee = serve("opening")
    event = callee.say("opened", {"media": [OFFER], "startPaused": False, "news": 1})
    assert isinstance(event, OpenedReceived)
    assert callee.client.media == MediaFormat("PCMU", ("external", "internal"))
    assert not callee.client.paused
    silent = serve(opened={"media": []})
    assert silent.client.media is None
    with pytest.raises(LocalProtocolError, match="audio is not allowed while open"):
        silent.client.send_audio(b"\xff\xff")


def test_nothing_is_paused_or_selected_before_opened(serve: Serve):
    client = serve("opening").client
    assert (client.server_paused, client.client_paused, client.media) == (False, False, None)


def test_start_paused(serve: Serve):
    client = serve(opened={"startPaused": True}).client
    assert (client.server_paused, client.client_paused, client.paused) == (True, False, True)


@pytest.mark.parametrize(
    "media",
    [
        None,
        "PCMU",
        [OFFER, OFFER],
        [{**OFFER, "channels": ["internal", "external"]}],
        [{**OFFER, "codec": "G711"}],
        [{**OFFER, "format": "L16"}],
    ],
)
def test_opened_with_anything_else_is_a_violation(serve: Serve, media: Any):
    callee = serve("opening")
    violated = callee.say("opened", {"media": media})
    assert (violated.error.code, callee.client.state) == (400, "failed")


def test_a_second_opened_is_a_conflict(serve: Serve):
    callee = serve()
    assert callee.say("opened", {"media": []}).error.code == 409
    assert callee.client.state == "failed"


# what a server may break -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("envelope", "problem"),
    [
        ({"clientseq": ...}, "clientseq is missing"),
        ({"parameters": ...}, "parameters is missing"),
        ({"clientseq": 2}, "acknowledges more"),
        ({"seq": 1}, "expected 2"),
        ({"seq": 3}, "expected 2"),
        ({"id": "x"}, "session id"),
        ({"version": "3"}, "version"),
    ],
)
def test_the_envelope_is_judged(serve: Serve, envelope: dict[str, Any], problem: str):
    callee = serve()
    violated = callee.say("pause", **envelope)
    assert problem in str(violated.error)
    assert (callee.client.state, callee.client.received_seq) == ("failed", 1)


@pytest.mark.parametrize(
    ("type_", "parameters", "code"),
    [
        ("weather", {}, 500),
        ("ping", {}, 500),
        ("error", {}, 500),
        ("closed", {}, 409),
        ("event", {"entities": []}, 400),
        ("event", {"entities": [{"type": "x", "data": None}]}, 400),
        ("event", {"entities": [{"type": "x"}]}, 400),
        ("event", {}, 400),
        ("disconnect", {}, 400),
        ("disconnect", {"reason": "tired"}, 400),
        ("disconnect", {"reason": "rejected"}, 500),
        ("disconnect", {"reason": "completed", "outputVariables": {"a": 1}}, 400),
    ],
)
def test_messages_that_end_the_call(serve: Serve, type_: str, parameters: dict[str, Any], code: int):
    callee = serve()
    violated = callee.say(type_, parameters)
    assert isinstance(violated, Violated)
    assert (violated.error.code, callee.client.state) == (code, "failed")


@pytest.mark.parametrize("type_", ["pause", "resume", "event", "pong", "updated", "reconnect", "closed"])
def test_messages_that_have_no_place_before_opened(serve: Serve, type_: str):
    callee = serve("opening")
    assert callee.say(type_, ENTITIES).error.code == 409


@pytest.mark.parametrize("what", ["opened", "weather", "binary", "malformed"])
def test_a_server_that_speaks_first_breaks_a_rule(serve: Serve, what: str):
    callee = serve("preparing", connector=True)
    if what == "binary":
        violated = callee.client.receive_binary(b"\xff", 0.0)
    elif what == "malformed":
        violated = callee.client.receive_text("{", 0.0)
    else:
        violated = callee.say(what, {"media": []})
    assert isinstance(violated, Violated)
    assert callee.client.state == "failed"
    assert json.loads(callee.client.send(Close(reason="error"), ZERO))["seq"] == 1


@pytest.mark.parametrize("state", ["failed", "closed", "gone"])
def test_nothing_is_judged_once_the_call_is_over(serve: Serve, state: str):
    callee = serve()
    if state == "failed":
        callee.client.receive_timeout()
    elif state == "gone":
        callee.client.receive_eof()
    else:
        callee.client.send(Close(reason="end"), ZERO)
        callee.say("closed")
    assert callee.client.state == state
    stray = callee.client.stray
    assert callee.say("pause", seq=77) is None
    assert callee.say("weather") is None
    assert callee.client.receive_text("{", 0.0) is None
    assert callee.client.receive_binary(b"\xff", 0.0) is None
    assert (callee.client.state, callee.client.stray) == (state, stray + 4)
    for _ in range(100):
        assert callee.client.receive_text(callee.text("event", ENTITIES), callee.now) is None
    assert callee.client.limited == 0


def test_what_crosses_a_close_is_tolerated(serve: Serve):
    callee = serve("opening")
    callee.client.send(Close(reason="end"), ZERO)
    for type_, parameters in [
        ("opened", {"media": [OFFER]}),
        ("pong", {}),
        ("pause", {}),
        ("resume", {}),
        ("updated", {}),
        ("reconnect", {}),
        ("disconnect", {"reason": "error"}),
    ]:
        assert callee.say(type_, parameters) is None
    assert isinstance(callee.say("event", ENTITIES), EntitiesReceived)
    assert callee.client.stray == 7
    assert callee.say("closed") == ClosedReceived()
    assert callee.client.state == "closed"


# pongs -----------------------------------------------------------------------------------------


def test_pongs_match_pings(serve: Serve):
    callee = serve()
    assert not callee.client.ping_outstanding
    callee.client.send(Ping(), ZERO)
    assert callee.client.ping_outstanding
    wrong = callee.say("pong", clientseq=1)
    assert isinstance(wrong, Complaint)
    assert wrong.error.code == 400
    assert callee.client.ping_outstanding
    assert callee.say("pong", clientseq=2) == PongReceived(2)
    assert not callee.client.ping_outstanding
    assert callee.say("pong").error.code == 409
    assert callee.client.state == "open"


# rate limits -----------------------------------------------------------------------------------


def test_too_many_messages_are_complained_about_and_not_obeyed(serve: Serve):
    callee = serve()
    for _ in range(4):
        assert isinstance(callee.client.receive_text(callee.text("pause"), 50.0), PauseReceived)
    assert callee.client.receive_text(callee.text("resume"), 50.0) == ResumeReceived(still_paused=False)
    complaint = callee.client.receive_text(callee.text("pause"), 50.0)
    assert isinstance(complaint, Complaint)
    assert complaint.error.code == 429
    assert complaint.retry_after == pytest.approx(0.5)
    assert not callee.client.server_paused
    assert (callee.client.limited, callee.client.state) == (1, "open")
    assert callee.client.receive_text(callee.text("pause"), 50.5) == PauseReceived()


def test_the_burst_is_25_and_never_counts_the_end(serve: Serve):
    callee = serve()
    answers = [callee.client.receive_text(callee.text("event", ENTITIES), 50.0) for _ in range(26)]
    assert [isinstance(answer, Complaint) for answer in answers] == [False] * 25 + [True]
    last = callee.client.receive_text(callee.text("disconnect", {"reason": "error"}), 50.0)
    assert isinstance(last, DisconnectReceived)


def test_abuse_ends_the_session(serve: Serve):
    callee = serve()
    answers = [callee.client.receive_text(callee.text("event", ENTITIES), 50.0) for _ in range(25 + 50)]
    assert isinstance(answers[-1], Violated)
    assert not any(isinstance(answer, Violated) for answer in answers[:-1])
    assert callee.client.state == "failed"


def test_audio_has_a_bucket_of_its_own(serve: Serve):
    callee = serve(connector=True)
    frames = [callee.client.receive_binary(b"\xff", 50.0) for _ in range(26)]
    assert [isinstance(frame, ServerAudioReceived) for frame in frames] == [True] * 25 + [False]
    assert isinstance(callee.client.receive_text(callee.text("event", ENTITIES), 50.0), EntitiesReceived)


# audio of the server ---------------------------------------------------------------------------


def test_only_a_connector_takes_audio(serve: Serve):
    assert serve().client.receive_binary(b"\xff", 0.0).error.code == 415
    assert serve("opening", connector=True).client.receive_binary(b"\xff", 0.0).error.code == 415
    frame = serve(connector=True).client.receive_binary(bytes(MAX_SENT_BYTES), 0.0)
    assert isinstance(frame, ServerAudioReceived)
    assert len(frame.payload) == MAX_SENT_BYTES
    assert serve(connector=True).client.receive_binary(bytes(MAX_SENT_BYTES + 1), 0.0).error.code == 413


# pauses ----------------------------------------------------------------------------------------


def test_two_flags(serve: Serve):
    callee = serve()
    client = callee.client
    assert client.send_audio(b"\xff\xff") == b"\xff\xff"
    assert callee.say("pause") == PauseReceived()
    with pytest.raises(LocalProtocolError, match="while paused"):
        client.send_audio(b"\xff\xff")
    assert json.loads(client.send(Paused(), ZERO))["type"] == "paused"
    assert json.loads(client.pause(ZERO))["type"] == "paused"
    assert callee.say("resume") == ResumeReceived(still_paused=True)
    assert (client.server_paused, client.client_paused) == (False, True)
    resumed = json.loads(client.resume(ZERO, SECOND, SECOND))
    assert resumed["parameters"] == {"start": "PT0S", "discarded": "PT1S"}
    assert (resumed["position"], client.paused) == ("PT1S", False)


def test_the_end_of_an_own_pause_is_silent_while_the_server_pauses(serve: Serve):
    callee = serve()
    callee.client.pause(ZERO)
    callee.say("pause")
    sent = callee.client.sent_seq
    assert callee.client.resume(ZERO, SECOND, SECOND) is None
    assert (callee.client.sent_seq, callee.client.client_paused, callee.client.paused) == (sent, False, True)
    assert callee.say("resume") == ResumeReceived(still_paused=False)


def test_a_pause_that_the_state_forbids_changes_nothing(serve: Serve):
    callee = serve()
    callee.client.pause(ZERO)
    callee.client.send(Close(reason="end"), ZERO)
    with pytest.raises(LocalProtocolError, match="resumed is not allowed while closing"):
        callee.client.resume(ZERO, SECOND, SECOND)
    assert callee.client.client_paused
    other = serve("opening").client
    with pytest.raises(LocalProtocolError, match="paused is not allowed while opening"):
        other.pause(ZERO)
    assert not other.client_paused


# the rest --------------------------------------------------------------------------------------


def test_small_messages(serve: Serve):
    callee = serve()
    assert callee.say("updated") == UpdatedReceived()
    assert callee.say("reconnect") == ReconnectReceived(None)
    assert callee.say("reconnect", {"info": "drain"}) == ReconnectReceived("drain")
    event = callee.say("event", ENTITIES)
    assert [(entity.type, entity.data) for entity in event.entities] == [("x", {})]
    disconnect = callee.say("disconnect", {"reason": "completed", "outputVariables": {"a": "b"}}).disconnect
    assert (disconnect.reason, disconnect.output_variables) == ("completed", {"a": "b"})
    assert callee.client.state == "open"


def test_extra_fields_and_unknown_entities_are_no_matter(serve: Serve):
    callee = serve()
    assert callee.say("resume", {"x": 1}, news=2) == ResumeReceived(still_paused=False)
    assert isinstance(callee.say("event", {"entities": [{"type": "?", "data": 0, "x": 1}]}), EntitiesReceived)


def test_timeouts_and_the_end_of_the_socket(serve: Serve):
    callee = serve("opening")
    callee.client.receive_timeout()
    assert callee.client.state == "failed"
    assert json.loads(callee.client.send(Error(code=408, message="late"), ZERO))["parameters"]["code"] == 408
    callee.client.send(Close(reason="error"), ZERO)
    callee.client.receive_timeout()
    assert callee.client.state == "gone"
    callee.client.receive_eof()
    assert callee.client.state == "gone"


def test_what_the_state_forbids_is_not_sent(serve: Serve):
    client = serve("preparing").client
    with pytest.raises(LocalProtocolError, match="ping is not allowed while preparing"):
        client.send(Ping(), ZERO)
    assert client.sent_seq == 0


def test_errors_do_not_quote_what_the_server_sent(serve: Serve):
    secret = "my card number"
    for type_, parameters in [
        ("event", {"entities": [secret]}),
        ("disconnect", {"reason": secret, "outputVariables": {"a": [secret]}}),
        (secret, {}),
    ]:
        assert secret not in repr(serve().say(type_, parameters))


def test_a_broken_message_keeps_nothing_alive(serve: Serve):
    def live() -> ReferenceType[object]:
        callee = serve()
        assert isinstance(callee.say("disconnect", {}, seq=2.5), Violated)
        return ref(callee.client)

    gone = live()
    gc.collect()
    assert gone() is None
