"""What holds for any sequence of messages, frames, intents and timeouts on a bare `ClientProtocol`.

Nothing is caught here: an exception out of `receive_text` or `receive_binary` fails the test.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    CLIENT_MESSAGES,
    SERVER_MESSAGES,
    ClientProtocol,
    DisconnectReason,
    PongReceived,
    Violated,
)

SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
STEREO = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
MONO = {**STEREO, "channels": ["internal"]}
OPEN: dict[str, Any] = {
    "organizationId": SESSION,
    "conversationId": SESSION,
    "participant": {"id": SESSION},
    "media": [STEREO, MONO],
}
SPAN = {"start": "PT1S", "discarded": "PT1S"}
TO_SEND: dict[str, dict[str, Any]] = {
    "open": OPEN,
    "discarded": SPAN,
    "resumed": SPAN,
    "error": {"code": 400, "message": "x"},
    "dtmf": {"digit": "#"},
    "close": {"reason": "end"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
RIGHT: dict[str, st.SearchStrategy[Any]] = {
    "opened": st.fixed_dictionaries(
        {"media": st.lists(st.sampled_from([STEREO, MONO]), max_size=2)},
        optional={"startPaused": st.booleans()},
    ),
    "disconnect": st.fixed_dictionaries({"reason": st.sampled_from(list(DisconnectReason))}),
    "event": st.fixed_dictionaries({"entities": st.lists(st.just({"type": "x", "data": 1}), max_size=2)}),
}
NAMES = st.sampled_from([*SERVER_MESSAGES, "weather", "audio"])


class ClientMachine(RuleBasedStateMachine):
    """One client that anybody may write to, and that anybody may ask to send anything."""

    def __init__(self) -> None:
        super().__init__()
        self.client = ClientProtocol(SESSION, connector=True)
        self.now = 1000.0
        self.sent: list[dict[str, Any]] = []
        self.pings: list[int] = []
        self.highest = 0

    @initialize(hurry=st.booleans(), media=st.sampled_from([[], [STEREO]]))
    def begin(self, hurry: bool, media: list[Any]) -> None:
        if hurry:
            self.send("open", OPEN)
            self.message("opened", {"media": media})

    def text(self, text: str) -> None:
        before = self.client.state
        event = self.client.receive_text(text, self.now)
        match event:
            case Violated():
                assert before in ("preparing", "opening", "open", "closing")
                assert self.client.state == ("closing" if before == "closing" else "failed")
            case PongReceived(seq=seq):
                self.pings.remove(seq)
            case None:
                assert self.client.state == before
            case _:
                assert before in ("opening", "open", "closing")
        assert self.client.ping_outstanding is bool(self.pings)

    def message(self, type_: str, parameters: Any, **envelope: Any) -> None:
        message = {
            "version": "2",
            "id": SESSION,
            "type": type_,
            "seq": self.client.received_seq + 1,
            "clientseq": self.client.sent_seq,
            "parameters": parameters,
            **envelope,
        }
        self.text(json.dumps(message))

    @rule(data=st.data(), type_=NAMES)
    def right(self, data: st.DataObject, type_: str) -> None:
        self.message(type_, data.draw(RIGHT.get(type_, st.just({}))))

    @rule(type_=NAMES, parameters=JSON)
    def odd_parameters(self, type_: str, parameters: Any) -> None:
        self.message(type_, parameters)

    @rule(
        type_=NAMES,
        envelope=st.fixed_dictionaries(
            {},
            optional={
                "seq": st.integers(-1, 60) | JSON,
                "id": JSON,
                "clientseq": st.integers(0, 60) | JSON,
                "type": JSON,
            },
        ),
    )
    def odd_envelope(self, type_: str, envelope: dict[str, Any]) -> None:
        self.message(
            type_, {"media": [], "reason": "error", "entities": [{"type": "x", "data": 1}]}, **envelope
        )

    @rule(text=st.text() | JSON.map(json.dumps) | st.sampled_from(["[" * 9999, "\ud800", "x" * 70_000]))
    def anything(self, text: str) -> None:
        self.text(text)

    @rule(length=st.sampled_from([0, 1, 160, 64_000, 64_001]))
    def binary(self, length: int) -> None:
        before = self.client.state
        if isinstance(self.client.receive_binary(bytes(length), self.now), Violated):
            assert before != "open" or length > 64_000

    @rule(count=st.integers(20, 100), type_=st.sampled_from(["event", "pause", "resume"]))
    def flood(self, count: int, type_: str) -> None:
        for _ in range(count):
            self.message(type_, {"entities": [{"type": "x", "data": 1}]})

    @rule(type_=st.sampled_from(sorted(CLIENT_MESSAGES)))
    def intent(self, type_: str) -> None:
        self.send(type_, TO_SEND.get(type_, {}))

    def send(self, type_: str, parameters: dict[str, Any]) -> None:
        message = CLIENT_MESSAGES[type_].model_validate(parameters)
        before = (self.client.sent_seq, self.client.state)
        right = self.client.permits(f"> {type_}")
        try:
            sent = json.loads(self.client.send(message, timedelta(seconds=1)))
        except LocalProtocolError:
            assert not right
            assert before == (self.client.sent_seq, self.client.state)
            return
        assert right
        assert sent["serverseq"] == self.client.received_seq
        self.sent.append(sent)
        if type_ == "ping":
            self.pings.append(sent["seq"])

    @rule()
    def own_pause(self) -> None:
        try:
            self.sent.append(json.loads(self.client.pause(timedelta(0))))
        except LocalProtocolError:
            assert self.client.state != "open"
        else:
            assert self.client.paused

    @rule()
    def own_resume(self) -> None:
        try:
            text = self.client.resume(timedelta(0), timedelta(0), timedelta(0))
        except LocalProtocolError:
            assert self.client.state != "open"
            assert not self.client.server_paused
            return
        assert (text is None) is self.client.server_paused
        if text is not None:
            self.sent.append(json.loads(text))

    @rule()
    def audio(self) -> None:
        flows = self.client.state == "open" and self.client.media is not None and not self.client.paused
        try:
            self.client.send_audio(b"\xff\xff")
        except LocalProtocolError:
            assert not flows
        else:
            assert flows

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def timeout(self) -> None:
        self.client.receive_timeout()
        assert self.client.state in ("failed", "gone")

    @rule()
    def eof(self) -> None:
        if self.now > 1030.0:
            self.client.receive_eof()
            assert self.client.state == "gone"

    @invariant()
    def numbers_are_gapless_and_the_envelope_exact(self) -> None:
        assert [message["seq"] for message in self.sent] == list(range(1, len(self.sent) + 1))
        assert self.client.sent_seq == len(self.sent)
        for message in self.sent[-1:]:
            assert set(message) == {"version", "type", "id", "seq", "serverseq", "position", "parameters"}

    @invariant()
    def the_order_of_what_was_sent_is_right(self) -> None:
        types = [message["type"] for message in self.sent]
        assert types.count("open") <= 1
        assert types.count("close") <= 1
        assert set(types[:1]) <= {"open", "error", "close"}
        if "close" in types:
            assert set(types[types.index("close") + 1 :]) <= {"error"}

    @invariant()
    def what_is_acknowledged_never_runs_backwards(self) -> None:
        assert self.client.received_seq >= self.highest
        self.highest = self.client.received_seq


ClientMachine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


class TestClient(ClientMachine.TestCase):  # type: ignore[name-defined,misc]
    """Any sequence on a client."""
