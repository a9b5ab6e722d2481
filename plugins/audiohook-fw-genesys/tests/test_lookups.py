"""Calls that are looked up at a fake platform, over real sockets in virtual time: what is told, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from audiohook_fw_genesys import Genesys

from audiohook_fw import ContextChanged, Session, hookimpl
from audiohook_fw.testing import CallDriver, FakePlatform, PlatformFault

NewCall = Callable[..., CallDriver]
UNKNOWN = "4e0fd2c6-0000-4000-8000-000000000001"
NOWHERE = {"api_url": "http://127.0.0.1:9", "login_url": "http://127.0.0.1:9"}
NOWHERE |= {"client_id": "id", "client_secret": "secret"}


class Wanting:
    """Wants to know the queue of each call, as a policy does; notes what it was told."""

    def __init__(self, **known: Any) -> None:
        self.told: list[tuple[str, ...]] = []
        self.known = known

    @hookimpl
    def on_opened(self, session: Session) -> None:
        session.update_context(**self.known, queue_wanted=True)

    @hookimpl
    def on_event(self, event: Any) -> None:
        if isinstance(event, ContextChanged):
            self.told.append(event.changed)


def context(call: CallDriver) -> dict[str, Any]:
    return dict(call.context)


def beside(
    audiohook_session: Callable[..., CallDriver], wanting: Wanting, settings: dict[str, Any], *, first: bool
) -> CallDriver:
    """Make a call of another plugin, which is called first or last, and this one."""
    if first:
        others = {"genesys": Genesys(Genesys.Settings.model_validate(settings))}
        return audiohook_session(wanting, name="wanting", others=others, conversation_id=UNKNOWN)
    return audiohook_session(Genesys, settings=settings, others={"wanting": wanting}, conversation_id=UNKNOWN)


def at(platform: FakePlatform, kind: str) -> list[int]:
    return [round(request.at) for request in platform.requests if request.kind == kind]


def test_a_call_in_a_queue(new_call: NewCall) -> None:
    platform = FakePlatform()
    conversation = platform.add_conversation(queue="Sales", agent="ann")
    call = new_call(platform, conversation.id)
    call.open()
    assert context(call) == {
        "lookup": "found",
        "queue_id": conversation.queue_id,
        "queue_name": "Sales",
        "agent_id": "ann",
        "on_hold": False,
        "secure_pause": False,
    }
    first, second = [event.changed for event in call.emitted if isinstance(event, ContextChanged)]
    assert first == ("lookup",)
    assert set(second) == set(context(call))
    assert platform.count() == 2


def test_nothing_waits_for_it(new_call: NewCall) -> None:
    platform = FakePlatform()
    conversation = platform.add_conversation(queue="Sales")
    platform.misbehave(PlatformFault(delay=3.0))
    call = new_call(platform, conversation.id)
    call.open()
    assert call.time == 0
    assert context(call) == {"lookup": "pending"}
    call.advance(5.9)
    assert context(call) == {"lookup": "pending"}
    call.advance(0.5)  # the token took three seconds, the conversation as many
    assert context(call)["queue_name"] == "Sales"


def test_the_queue_appears_later(new_call: NewCall) -> None:
    platform = FakePlatform()
    conversation = platform.add_conversation()
    conversation.later(20.0, lambda: conversation.enter_queue("Sales"))
    call = new_call(platform, conversation.id)
    call.open()
    assert context(call)["lookup"] == "none"
    assert "queue_id" not in context(call)
    call.advance(40)
    assert at(platform, "conversation") == [0, 2, 6, 14, 30]
    assert context(call)["queue_name"] == "Sales"
    assert context(call)["lookup"] == "found"


def test_hold_transfer_and_secure_pause_are_seen(new_call: NewCall) -> None:
    platform = FakePlatform()
    conversation = platform.add_conversation(queue="Sales", agent="ann")
    call = new_call(platform, conversation.id, refresh_interval=10.0)
    call.open()
    seen: list[tuple[Any, ...]] = []
    steps: list[Callable[[], object]] = [
        conversation.hold,
        conversation.unhold,
        lambda: conversation.secure_pause(on=True),
        lambda: conversation.secure_pause(on=False),
        lambda: conversation.enter_queue("Support"),
        lambda: conversation.connect_agent("bob"),
    ]
    names = ("queue_name", "agent_id", "on_hold", "secure_pause")
    for step in steps:
        step()
        call.advance(10.5)
        seen.append(tuple(context(call)[name] for name in names))
    assert seen == [
        ("Sales", "ann", True, False),
        ("Sales", "ann", False, False),
        ("Sales", "ann", False, True),
        ("Sales", "ann", False, False),
        ("Support", "", False, False),
        ("Support", "bob", False, False),
    ]
    conversation.end()
    call.advance(100)
    asked = platform.count("conversation")
    call.advance(100)
    assert platform.count("conversation") == asked  # it is over
    assert context(call)["queue_name"] == "Support"


def test_the_name_is_asked_for_when_it_is_not_told(new_call: NewCall) -> None:
    platform = FakePlatform(queue_names=False)
    conversation = platform.add_conversation(queue="Sales")
    call = new_call(platform, conversation.id)
    call.open()
    assert context(call)["queue_name"] == "Sales"
    call.advance(300)
    assert platform.count("queue") == 1
    assert platform.count("conversation") == 11


def test_the_id_does_not_wait_for_the_name(new_call: NewCall) -> None:
    platform = FakePlatform(queue_names=False)
    conversation = platform.add_conversation(queue="Sales", agent="ann")
    platform.misbehave(PlatformFault(delay=4, kinds=("queue",)))
    call = new_call(platform, conversation.id)
    call.open()
    call.advance(0.5)
    known = context(call)
    assert (known["queue_id"], known["queue_name"], known["agent_id"]) == (conversation.queue_id, "", "ann")
    assert known["lookup"] == "pending"  # whoever hears of `found` is to know the name, too
    call.advance(4)
    assert (context(call)["lookup"], context(call)["queue_name"]) == ("found", "Sales")
    conversation.enter_queue("Support")
    call.advance(30)
    assert context(call)["queue_id"] == conversation.queue_id
    assert (context(call)["lookup"], context(call)["queue_name"]) == ("found", "")
    call.advance(4)
    assert context(call)["queue_name"] == "Support"


def test_a_name_that_comes_too_late_keeps_the_queue_from_nobody(new_call: NewCall) -> None:
    platform = FakePlatform(queue_names=False)
    conversation = platform.add_conversation(queue="Sales")
    platform.misbehave(PlatformFault(delay=4, kinds=("queue",)))
    call = new_call(platform, conversation.id, lookup_timeout=2.0)
    call.open()
    call.advance(2.5)
    assert (context(call)["lookup"], context(call)["queue_name"]) == ("found", "")
    call.advance(2)
    assert (context(call)["lookup"], context(call)["queue_name"]) == ("found", "Sales")


def test_a_name_that_cannot_be_found_out_is_empty(new_call: NewCall) -> None:
    platform = FakePlatform(queue_names=False)
    conversation = platform.add_conversation(queue="Sales")
    platform.misbehave(PlatformFault(status=403, kinds=("queue",)))
    call = new_call(platform, conversation.id)
    call.open()
    assert (context(call)["lookup"], context(call)["queue_name"]) == ("found", "")
    platform.mend()
    call.advance(100)
    assert context(call)["queue_name"] == "Sales"


def test_only_wanted_calls(new_call: NewCall) -> None:
    platform = FakePlatform(default_queue="Sales")
    call = new_call(platform, UNKNOWN, lookup="wanted")
    call.open()
    call.advance(60)
    assert context(call) == {}
    assert platform.count() == 0
    call.run(lambda: call.session.update_context(queue_wanted=True))
    assert call.context.get("lookup") is None  # this plugin's own word does not count
    call.close()


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_call_is_wanted_before_or_after(audiohook_session: Callable[..., CallDriver], first: bool) -> None:
    """Plugins are called in configured order: another's wish comes before our `on_opened`, or after."""
    platform, wanting = FakePlatform(default_queue="Sales"), Wanting()
    call = beside(audiohook_session, wanting, {**platform.settings, "lookup": "wanted"}, first=first)
    call.run(platform.serve)
    call.open()
    assert call.context["lookup"] == "found"
    assert call.context["queue_name"] == "Sales"
    assert any("queue_id" in changed for changed in wanting.told)
    call.close()
    call.run(platform.close)


def test_other_organizations_are_left_alone(new_call: NewCall) -> None:
    ours, other = "D7934305-0972-4844-938E-9060EEF73D05", "00000000-0000-4000-8000-000000000009"
    for organization, found in ((ours, {"found"}), (other, set())):
        platform = FakePlatform(default_queue="Sales")
        call = new_call(platform, UNKNOWN, organization=organization, organizations=[ours.lower()])
        call.open()
        call.advance(5)
        assert {call.context[key] for key in call.context if key == "lookup"} == found


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "there are no credentials"),
        ({"domain": "mypurecloud.de"}, "there are no credentials"),
        (
            {**NOWHERE, "organizations": ["00000000-0000-4000-8000-000000000009"]},
            "its organization is not in plugins.genesys.organizations",
        ),
        ({"lookup": "off"}, ""),  # then another plugin may have its turn
    ],
)
def test_nobody_to_look_up_is_told_at_once(
    audiohook_session: Callable[..., CallDriver],
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, Any],
    why: str,
    first: bool,
) -> None:
    caplog.set_level("INFO")
    wanting = Wanting()
    call = beside(audiohook_session, wanting, settings, first=first)
    call.open()
    assert call.time == 0
    assert call.context.get("lookup") == ("failed" if why else None)
    assert (("lookup",) in wanting.told) is bool(why)
    said = [message for message in caplog.messages if "is not known" in message]
    assert said == ([f"the queue of conversation {UNKNOWN} is not known: {why}"] if why else [])


def test_nothing_is_told_of_calls_whose_queue_nobody_wants(
    audiohook_session: Callable[..., CallDriver],
) -> None:
    call = audiohook_session(Genesys)
    call.open()
    call.advance(10)
    assert context(call) == {}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("known", [{"lookup": "pending"}, {"queue_id": "1"}, {"queue_name": "Sales"}])
def test_another_plugin_may_look_up(
    audiohook_session: Callable[..., CallDriver], known: dict[str, str], first: bool
) -> None:
    call = beside(audiohook_session, Wanting(**known), {}, first=first)
    call.open()
    call.advance(1)
    assert context(call) == {**known, "queue_wanted": True}


def test_an_unknown_conversation(new_call: NewCall) -> None:
    platform = FakePlatform()
    call = new_call(platform, UNKNOWN)
    call.open()
    call.advance(5)
    assert context(call) == {"lookup": "pending"}  # it may be younger there than here
    call.advance(5)
    assert context(call) == {"lookup": "failed"}
    call.advance(600)
    assert at(platform, "conversation") == [0, 2, 6]


def test_no_permission(new_call: NewCall, caplog: pytest.LogCaptureFixture) -> None:
    platform = FakePlatform(default_queue="Sales")
    platform.misbehave(PlatformFault(status=403, kinds=("conversation",)))
    caplog.set_level("INFO")
    call = new_call(platform, UNKNOWN)
    call.open()
    assert context(call) == {"lookup": "failed"}
    call.advance(600)
    assert platform.count("conversation") == 1
    assert "conversation:communication:view" in caplog.text


@pytest.mark.parametrize(
    "fault",
    [PlatformFault(status=503), PlatformFault(delay=100), PlatformFault(cut=True), PlatformFault.garbage()],
    ids=["503", "slow", "cut", "garbage"],
)
def test_a_platform_that_is_down_and_comes_back(new_call: NewCall, fault: PlatformFault) -> None:
    platform = FakePlatform(default_queue="Sales")
    platform.misbehave(fault)
    call = new_call(platform, UNKNOWN)
    call.open()
    call.advance(9)
    assert context(call) == {"lookup": "failed"}
    call.advance(600)
    assert platform.count() < 40
    platform.mend()
    call.advance(61)
    assert context(call)["lookup"] == "found"
    assert context(call)["queue_name"] == "Sales"


def test_what_was_found_stays_when_the_platform_goes_down(new_call: NewCall) -> None:
    platform = FakePlatform(default_queue="Sales")
    call = new_call(platform, UNKNOWN)
    call.open()
    platform.misbehave(PlatformFault(status=500))
    call.advance(600)
    assert context(call)["lookup"] == "found"
    assert context(call)["queue_name"] == "Sales"


def test_without_further_looks(new_call: NewCall) -> None:
    platform = FakePlatform(default_queue="Sales")
    call = new_call(platform, UNKNOWN, refresh_interval=0.0)
    call.open()
    call.advance(600)
    assert platform.count("conversation") == 1
    nowhere = FakePlatform()
    conversation = nowhere.add_conversation()
    call = new_call(nowhere, conversation.id, refresh_interval=0.0)
    call.open()
    call.advance(3_600)
    assert nowhere.count("conversation") == 8


def test_a_call_that_ends_is_not_looked_at_any_more(new_call: NewCall) -> None:
    platform = FakePlatform(default_queue="Sales")
    platform.misbehave(PlatformFault(delay=3))
    call = new_call(platform, UNKNOWN)
    call.open()
    call.advance(4)
    call.close()
    call.advance(600)
    assert platform.count("conversation") <= 1
    plugin = call.plugin
    assert isinstance(plugin, Genesys)
    assert plugin._lookups is not None
    assert plugin._lookups.conversations == 0


def test_off_and_idle(new_call: NewCall, audiohook_session: Callable[..., CallDriver]) -> None:
    platform = FakePlatform(default_queue="Sales")
    call = new_call(platform, UNKNOWN, lookup="off")
    call.open()
    idle = audiohook_session(Genesys)
    idle.open()
    idle.audio(seconds=1)
    assert context(call) == context(idle) == {}
    assert platform.count() == 0
