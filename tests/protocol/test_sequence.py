"""What both roles share, seen on both of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from audiohook_fw.errors import LocalProtocolError, RemoteProtocolError
from audiohook_fw.protocol import (
    MAX_SENT_BYTES,
    ClientProtocol,
    Disconnect,
    DisconnectReason,
    EventMessage,
    Open,
    Participant,
    Reconnect,
    ServerProtocol,
    Violated,
    WireEntity,
)

SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"


def event(data: Any) -> EventMessage:
    return EventMessage(entities=[WireEntity(type="x", data=data)])


def test_the_envelope_of_what_is_sent(call: Callable[..., Any]):
    caller = call()
    caller.say("error", {"code": 400, "message": "x"})
    assert caller.sends(Reconnect(info="drain")) == {
        "version": "2",
        "type": "reconnect",
        "seq": 2,
        "clientseq": 2,
        "id": SESSION,
        "parameters": {"info": "drain"},
    }


def test_the_envelope_of_what_a_client_sends(serve: Callable[..., Any]):
    callee = serve("preparing")
    text = callee.client.send(callee_open(), timedelta(seconds=1.5))
    message = json.loads(text)
    assert message.pop("parameters")["media"]
    assert message == {
        "version": "2",
        "type": "open",
        "seq": 1,
        "serverseq": 0,
        "position": "PT1.5S",
        "id": SESSION,
    }


def callee_open() -> Any:
    return Open(
        organization_id=SESSION, conversation_id=SESSION, participant=Participant(id=SESSION), media=[{}]
    )


@pytest.mark.parametrize(
    "data",
    [object(), float("nan"), {"deep": [float("inf")]}, b"\xff", "\ud800", {("\udfff",): 1}],
    ids=range(6),
)
def test_what_json_cannot_express_uses_up_no_number(call: Callable[..., Any], data: object):
    caller = call()
    with pytest.raises(LocalProtocolError, match="cannot express"):
        caller.server.send(event(data))
    assert caller.server.sent_seq == 1
    assert caller.sends(event({"fine": None}))["seq"] == 2


def test_nested_beyond_all_measure(call: Callable[..., Any]):
    data: dict[str, Any] = {}
    inner = data
    for _ in range(100_000):
        inner["a"] = inner = {}
    caller = call()
    with pytest.raises(LocalProtocolError, match="cannot express"):
        caller.server.send(event(data))
    itself: list[Any] = []
    itself.append(itself)
    with pytest.raises(LocalProtocolError, match="cannot express"):
        caller.server.send(event(itself))
    assert caller.server.sent_seq == 1


@pytest.mark.parametrize("filler", ["x", "ä", "\U0001f600"])
def test_messages_are_limited_in_bytes(call: Callable[..., Any], filler: str):
    caller = call()
    empty = len(caller.server.send(event("")).encode())
    fits = (MAX_SENT_BYTES - empty) // len(filler.encode())
    assert len(caller.server.send(event(filler * fits)).encode()) <= MAX_SENT_BYTES
    with pytest.raises(LocalProtocolError, match="64000 at most") as caught:
        caller.server.send(event(filler * (fits + 1)))
    assert filler * 2 not in str(caught.value)
    assert caller.server.sent_seq == 3


@pytest.mark.parametrize(
    ("envelope", "problem"),
    [
        ({"id": "e160e428-53e2-487c-977d-96989bf5c99d"}, "session id"),
        ({"seq": 3}, "seq is 3, expected 2"),
        ({"seq": 1}, "seq is 1, expected 2"),
        ({"seq": 0}, "seq is 0, expected 2"),
        ({"seq": 2**53 - 1}, "expected 2"),
        ({"serverseq": 2}, "acknowledges more"),
    ],
)
def test_wrong_numbers_and_ids(call: Callable[..., Any], envelope: dict[str, Any], problem: str):
    caller = call()
    violated = caller.say("ping", **envelope)
    assert isinstance(violated, Violated)
    assert isinstance(violated.error, RemoteProtocolError)
    assert problem in str(violated.error)
    assert caller.server.received_seq == 1


@pytest.mark.parametrize(
    "envelope", [{"serverseq": 0}, {"serverseq": ...}, {"serverseq": None}, {"seq": 2.0}]
)
def test_acknowledgements_may_lag_or_be_missing(call: Callable[..., Any], envelope: dict[str, Any]):
    caller = call()
    assert not isinstance(caller.say("ping", **envelope), Violated)
    assert caller.server.received_seq == 2


def test_ids_are_compared_in_any_case_and_echoed_as_received(call: Callable[..., Any]):
    caller = call("upgraded")
    caller.say("open", caller.open_parameters(), id=SESSION.upper())
    assert caller.sends(Disconnect(reason=DisconnectReason.ERROR))["id"] == SESSION.upper()


def test_once_the_end_has_begun_numbers_are_not_judged_and_never_run_backwards(call: Callable[..., Any]):
    caller = call()
    caller.sends(Disconnect(reason=DisconnectReason.ERROR))
    caller.say("error", {"code": 1}, seq=40)
    caller.say("error", {"code": 1}, seq=3, id="nonsense")
    assert caller.server.received_seq == 40
    assert caller.sends(event(1))["clientseq"] == 40


def test_repr_says_where_it_stands_and_nothing_else():
    assert repr(ServerProtocol(SESSION)) == "<ServerProtocol upgraded sent=0 received=0>"
    assert repr(ClientProtocol(SESSION)) == "<ClientProtocol preparing sent=0 received=0>"


def test_an_input_that_no_table_knows_is_a_bug_of_ours():
    with pytest.raises(KeyError):
        ServerProtocol(SESSION)._step("< weather")
