"""`ConversationState`: what the answer about a conversation says of queue, agent, hold and secure pause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .errors import Outcome, PlatformError

__all__ = ["ConversationState", "read_conversation"]

_AGENTS: Final = ("agent", "user")
_CUSTOMERS: Final = ("customer", "external")
_OVER: Final = ("disconnected", "terminated")


@dataclass(frozen=True, slots=True)
class ConversationState:
    """A conversation at one moment.

    Attributes:
        queue_id: the queue it is in, or was in last; empty before the first.
        queue_name: its name; empty when the answer does not tell it.
        agent_id: the user who talks; empty when nobody does.
        on_hold: the customer is on hold.
        secure_pause: a secure pause is on.
        ended: it is over.
    """

    queue_id: str = ""
    queue_name: str = ""
    agent_id: str = ""
    on_hold: bool = False
    secure_pause: bool = False
    ended: bool = False


def read_conversation(body: object) -> ConversationState:
    """Read the answer of `/api/v2/conversations/{id}`; what is missing or unknown in it does no harm.

    Raises:
        PlatformError: `GARBAGE`, when it is no conversation.
    """
    if not isinstance(body, dict) or not isinstance(body.get("participants"), list):
        raise PlatformError(Outcome.GARBAGE, "the answer about a conversation has no participants")
    people = [person for person in body["participants"] if isinstance(person, dict)]
    agents = [person for person in people if _purpose(person) in _AGENTS and _has_call(person, "connected")]
    queue = _queue(people, agents)
    return ConversationState(
        queue_id=_text(queue, "queueId"),
        queue_name=_text(queue, "queueName"),
        agent_id=_text(agents[-1], "userId") if agents else "",
        on_hold=_on_hold(people, agents),
        secure_pause=body.get("securePause") is True or _flag(people, "securePause"),
        ended=bool(body.get("endTime")),
    )


def _queue(people: list[dict[str, Any]], agents: list[dict[str, Any]]) -> Mapping[str, Any]:
    """Return the participant that tells the queue: who talks, else where it waits, else the last of all.

    A transfer adds participants, so the later one counts.
    """
    in_queue = [person for person in people if _text(person, "queueId") and _purpose(person) != "customer"]
    talking = [person for person in in_queue if person in agents]
    waiting = [person for person in in_queue if _purpose(person) == "acd" and not _is_over(person)]
    found = talking or waiting or in_queue
    return found[-1] if found else {}


def _on_hold(people: list[dict[str, Any]], agents: list[dict[str, Any]]) -> bool:
    """Tell whether the customer hears music or silence: its own leg says so, or all agents hold theirs."""
    customers = [person for person in people if _purpose(person) in _CUSTOMERS]
    if _flag(customers, "held") or _flag(customers, "confined"):
        return True
    return bool(agents) and all(_flag([agent], "held") for agent in agents)


def _flag(people: Iterable[Mapping[str, Any]], name: str) -> bool:
    """Tell whether a live call of one of these has a flag set."""
    return any(
        call.get(name) is True
        for person in people
        for call in _calls(person)
        if call.get("state") not in _OVER
    )


def _has_call(person: Mapping[str, Any], state: str) -> bool:
    return any(call.get("state") == state for call in _calls(person))


def _is_over(person: Mapping[str, Any]) -> bool:
    states = [call.get("state") for call in _calls(person)]
    return bool(person.get("endTime")) or (bool(states) and all(state in _OVER for state in states))


def _calls(person: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    calls = person.get("calls")
    if isinstance(calls, list):
        yield from (call for call in calls if isinstance(call, dict))


def _purpose(person: Mapping[str, Any]) -> str:
    return _text(person, "purpose").lower()


def _text(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    return value if isinstance(value, str) else ""
