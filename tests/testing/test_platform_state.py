"""Conversations of the fake platform: who is in them, step by step, as the API tells it."""

from __future__ import annotations

from typing import Any

from audiohook_fw.testing import FakeConversation, FakePlatform


def _made(**options: Any) -> FakeConversation:
    platform = FakePlatform(**options)
    platform.stop()
    return platform.add_conversation("c1")


def _told(conversation: FakeConversation, now: float = 0.0) -> list[tuple[str, str, str]]:
    """Return purpose, queue's name and state of each participant."""
    return [
        (p["purpose"], p.get("queueName", ""), p["calls"][0]["state"])
        for p in conversation.body(now)["participants"]
    ]


def test_from_ivr_to_queue_to_agent_to_another_queue() -> None:
    call = _made()
    assert call.id == "c1"
    assert call.queue_id == ""
    assert _told(call) == [("customer", "", "connected"), ("ivr", "", "connected")]
    sales = call.enter_queue("Sales")
    assert call.queue_id == sales
    assert _told(call)[1:] == [("ivr", "", "disconnected"), ("acd", "Sales", "connected")]
    user = call.connect_agent()
    assert _told(call)[2:] == [("acd", "Sales", "disconnected"), ("agent", "Sales", "connected")]
    assert call.body(0)["participants"][3]["userId"] == user
    assert call.enter_queue("Support") != sales
    assert _told(call)[3:] == [("agent", "Sales", "disconnected"), ("acd", "Support", "connected")]
    assert "endTime" not in call.body(0)
    call.end()
    assert {state for _, _, state in _told(call)} == {"disconnected"}
    assert "endTime" in call.body(0)
    assert repr(call) == f"<FakeConversation c1 in {call.queue_id}>"


def test_names_of_queues_may_be_missing() -> None:
    call = _made(queue_names=False)
    call.enter_queue("Sales")
    assert call.body(0)["participants"][-1]["queueName"] == ""


def test_hold_and_secure_pause() -> None:
    call = _made()
    call.enter_queue("Sales")
    call.connect_agent("agent")

    def customer_and_agent(flag: str) -> tuple[bool, bool]:
        participants = call.body(0)["participants"]
        return participants[0]["calls"][0][flag], participants[3]["calls"][0][flag]

    call.hold()
    assert customer_and_agent("held") == (False, True)
    assert customer_and_agent("confined") == (True, False)
    call.unhold()
    assert customer_and_agent("held") == customer_and_agent("confined") == (False, False)
    call.secure_pause(on=True)
    assert call.body(0)["securePause"] is True
    assert customer_and_agent("securePause") == (True, True)
    call.secure_pause(on=False)
    assert call.body(0)["securePause"] is False
    call.hold()
    call.enter_queue("Support")  # who leaves holds nobody
    assert customer_and_agent("held") == customer_and_agent("confined") == (False, False)


def test_steps_count_from_the_first_request_on() -> None:
    call = _made()
    call.later(5.0, lambda: call.connect_agent("agent"))
    call.later(2.0, lambda: call.enter_queue("Sales"))
    assert len(_told(call, 100.0)) == 2
    assert len(_told(call, 101.9)) == 2
    assert _told(call, 102.0)[-1] == ("acd", "Sales", "connected")
    assert _told(call, 106.0)[-1] == ("agent", "Sales", "connected")
