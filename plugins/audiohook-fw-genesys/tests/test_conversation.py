"""What an answer about a conversation says: from real shapes, step by step, and from garbage."""

from __future__ import annotations

from typing import Any

import pytest
from audiohook_fw_genesys.conversation import ConversationState, read_conversation
from audiohook_fw_genesys.errors import PlatformError

from audiohook_fw.testing import FakeConversation, FakePlatform


@pytest.fixture
def conversation() -> FakeConversation:
    platform = FakePlatform()
    platform.stop()
    return platform.add_conversation()


def _read(conversation: FakeConversation) -> ConversationState:
    return read_conversation(conversation.body(0.0))


def test_a_call_from_the_ivr_to_its_end(conversation: FakeConversation) -> None:
    assert _read(conversation) == ConversationState()
    sales = conversation.enter_queue("Sales")
    assert _read(conversation) == ConversationState(sales, "Sales")
    conversation.connect_agent("ann")
    assert _read(conversation) == ConversationState(sales, "Sales", "ann")
    conversation.hold()
    assert _read(conversation) == ConversationState(sales, "Sales", "ann", on_hold=True)
    conversation.unhold()
    conversation.secure_pause(on=True)
    assert _read(conversation) == ConversationState(sales, "Sales", "ann", secure_pause=True)
    conversation.secure_pause(on=False)
    support = conversation.enter_queue("Support")
    assert _read(conversation) == ConversationState(support, "Support")
    conversation.connect_agent("bob")
    assert _read(conversation) == ConversationState(support, "Support", "bob")
    conversation.end()
    assert _read(conversation) == ConversationState(support, "Support", ended=True)


def _person(purpose: str, state: str = "connected", **facts: Any) -> dict[str, Any]:
    call = {"state": state, **facts.pop("call", {})}
    return {"purpose": purpose, "calls": [call], **facts}


@pytest.mark.parametrize(
    ("people", "queue"),
    [
        # A consultation: who talks counts, not the queue that is asked meanwhile.
        ([_person("agent", queueId="a", userId="u"), _person("acd", queueId="b")], "a"),
        # An agent whose phone still rings does not talk yet.
        ([_person("acd", queueId="a"), _person("agent", "alerting", queueId="b")], "a"),
        # Nobody talks and nothing waits: the last one counts.
        ([_person("acd", "terminated", queueId="a"), _person("agent", "disconnected", queueId="b")], "b"),
        ([_person("voicemail", queueId="v")], "v"),
        ([_person("customer", queueId="c")], ""),
        ([_person("agent", userId="u")], ""),
    ],
)
def test_which_queue_counts(people: list[Any], queue: str) -> None:
    assert read_conversation({"participants": people}).queue_id == queue


@pytest.mark.parametrize(
    ("people", "on_hold"),
    [
        ([_person("customer", call={"held": True})], True),
        ([_person("external", call={"confined": True})], True),
        ([_person("agent", call={"held": True})], True),
        ([_person("agent", call={"held": True}), _person("agent")], False),  # one still talks
        ([_person("customer", "disconnected", call={"held": True})], False),
        ([_person("acd", call={"held": True})], False),
        ([_person("customer", call={"held": "yes"})], False),
    ],
)
def test_who_is_on_hold(people: list[Any], on_hold: bool) -> None:
    assert read_conversation({"participants": people}).on_hold is on_hold


@pytest.mark.parametrize("body", [None, [], "x", 5, {}, {"participants": {}}, {"participants": None}])
def test_what_is_no_conversation(body: object) -> None:
    with pytest.raises(PlatformError, match="no participants"):
        read_conversation(body)


@pytest.mark.parametrize(
    "person",
    [
        None,
        5,
        {},
        {"purpose": 5, "queueId": ["x"], "calls": 7},
        {"purpose": "agent", "calls": [None, {"state": 5}, {"held": True}]},
        {"purpose": "customer", "calls": {"held": True}},
    ],
)
def test_strange_participants_do_no_harm(person: object) -> None:
    body = {"participants": [person, _person("acd", queueId="a", queueName=5)], "securePause": "yes"}
    assert read_conversation(body) == ConversationState(queue_id="a")
