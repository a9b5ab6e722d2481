"""`FakeConversation`: a call as the Platform API tells it, which changes by hand or by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal
from uuid import NAMESPACE_DNS, uuid4, uuid5

__all__ = ["FakeConversation", "queue_id"]

_QUEUE: Final = ("queueId", "queueName")
_CONNECTED: Final = "connected"
_OVER: Final = "disconnected"

Purpose = Literal["customer", "ivr", "acd", "agent"]


def queue_id(name: str) -> str:
    """Return the id that the fake platform gives a queue: the same for the same name, everywhere."""
    return str(uuid5(NAMESPACE_DNS, f"{name}.queue.invalid"))


class FakeConversation:
    """One conversation: a customer in an IVR at first, then in queues and with agents, as you say.

    Make it with `FakePlatform.add_conversation`. Each step counts at once; `later` makes it count some time
    after the conversation was first asked for. Use it from any thread.

    Attributes:
        id: of the conversation. customer_id: of the customer, `open.participant.id`.
    """

    def __init__(self, _id: str, *, _queues: dict[str, str], _name_queues: bool = True) -> None:
        self.id: Final = _id or str(uuid4())
        self.customer_id: Final = str(uuid4())
        self._queues = _queues
        self._name_queues = _name_queues
        self._participants: list[dict[str, Any]] = []
        self._later: list[tuple[float, Callable[[], object]]] = []
        self._asked: float | None = None
        self._secure_pause = False
        self._add("customer", self.customer_id)
        self._add("ivr")

    def __repr__(self) -> str:
        return f"<FakeConversation {self.id} in {self.queue_id or 'no queue'}>"

    @property
    def queue_id(self) -> str:
        """The queue it was in last; empty before the first."""
        ids = [str(p["queueId"]) for p in self._participants if "queueId" in p]
        return ids[-1] if ids else ""

    def later(self, seconds: float, step: Callable[[], object]) -> None:
        """Take a step so long after the first request for this conversation.

        That is when the plugin looked first, so that a slow machine changes nothing:
        `conversation.later(2, lambda: conversation.enter_queue("Sales"))`.
        """
        self._later.append((seconds, step))
        self._later.sort(key=lambda entry: entry[0])

    def enter_queue(self, name: str) -> str:
        """Let the customer wait in a queue, also as a transfer; return the queue's id."""
        self._queues[queue_id(name)] = name
        self._leave("ivr", "acd", "agent")
        self._add("acd", queueId=queue_id(name), queueName=name if self._name_queues else "")
        return queue_id(name)

    def connect_agent(self, user_id: str = "") -> str:
        """Let an agent of the present queue answer; return the user's id."""
        user = user_id or str(uuid4())
        queue = {key: value for p in self._active("acd") for key, value in p.items() if key in _QUEUE}
        self._leave("ivr", "acd", "agent")
        self._add("agent", userId=user, **queue)
        return user

    def hold(self) -> None:
        """Let the agents put the customer on hold: these hear nothing, and the customer music."""
        self._set_hold(held=True)

    def unhold(self) -> None:
        """End the hold."""
        self._set_hold(held=False)

    def secure_pause(self, *, on: bool) -> None:
        """Begin or end a secure pause (a card number is said)."""
        self._secure_pause = on
        for participant in self._active("customer", "agent"):
            participant["calls"][0]["securePause"] = on

    def end(self) -> None:
        """Let everybody hang up."""
        self._leave("customer", "ivr", "acd", "agent")

    def body(self, now: float) -> dict[str, Any]:
        """Return what the API tells of it at a time (seconds of the platform's clock)."""
        if self._asked is None:
            self._asked = now
        while self._later and self._later[0][0] <= now - self._asked:
            self._later.pop(0)[1]()
        over = not list(self._active("customer"))
        return {
            "id": self.id,
            "startTime": "2026-01-01T00:00:00.000Z",
            **({"endTime": "2026-01-01T00:10:00.000Z"} if over else {}),
            "participants": self._participants,
            "recordingState": "PAUSED" if self._secure_pause else "ACTIVE",
            "securePause": self._secure_pause,
            "divisions": [],
            "selfUri": f"/api/v2/conversations/{self.id}",
        }

    def _add(self, purpose: Purpose, id_: str = "", **facts: Any) -> None:
        call = {"id": str(uuid4()), "state": _CONNECTED, "direction": "inbound", "held": False}
        call |= {"confined": False, "muted": False, "securePause": False, "recording": True}
        self._participants.append(
            {
                "id": id_ or str(uuid4()),
                "purpose": purpose,
                "participantType": {"customer": "External", "agent": "Internal"}.get(purpose, "System"),
                "startTime": "2026-01-01T00:00:00.000Z",
                "connectedTime": "2026-01-01T00:00:01.000Z",
                "attributes": {},
                "ani": "tel:+15550100",
                "dnis": "tel:+15550199",
                **facts,
                "calls": [call],
            }
        )

    def _active(self, *purposes: Purpose) -> Iterator[dict[str, Any]]:
        for participant in self._participants:
            if participant["purpose"] in purposes and participant["calls"][0]["state"] == _CONNECTED:
                yield participant

    def _leave(self, *purposes: Purpose) -> None:
        for participant in list(self._active(*purposes)):
            participant["endTime"] = "2026-01-01T00:05:00.000Z"
            participant["calls"][0].update(state=_OVER, held=False, confined=False)
        for participant in self._active("customer"):
            participant["calls"][0]["confined"] = False

    def _set_hold(self, *, held: bool) -> None:
        for participant in self._active("agent"):
            participant["calls"][0]["held"] = held
        for participant in self._active("customer"):
            participant["calls"][0]["confined"] = held
