"""What the session tests share: virtual time, and a bench on which one call runs without a socket."""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from audiohook_fw.config import LimitsSettings
from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.plugin import CloseReason, PluginInfo, Reject, SessionHandler, hookimpl, load_plugins
from audiohook_fw.protocol import (
    DisconnectReason,
    MediaFormat,
    Opened,
    Participant,
    ServerProtocol,
    WireEntity,
)
from audiohook_fw.session import BlockingPools, Call, CallFacts, CallServices, Session
from audiohook_fw.telemetry import Metrics, Tracing
from audiohook_fw.testing import VirtualLoop

M = TypeVar("M", bound=BaseModel)

SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"
CONVERSATION = "e160e428-53e2-487c-977d-96989bf5c99d"
STEREO = MediaFormat("PCMU", ("external", "internal"))


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualLoop}


class Control:
    """The socket's side, as far as a call sees it: it notes what is asked."""

    def __init__(self) -> None:
        self.pauses: list[bool] = []
        self.entities: list[tuple[WireEntity, str, bool]] = []
        self.disconnects: list[tuple[DisconnectReason, str | None, Mapping[str, str] | None]] = []
        self.played: list[bytes] = []
        self.flushed = 0
        self.full = False

    def want_pause(self, paused: bool) -> None:
        self.pauses.append(paused)

    def disconnect(
        self, reason: DisconnectReason, info: str | None, output_variables: Mapping[str, str] | None
    ) -> None:
        self.disconnects.append((reason, info, output_variables))

    def reconnect(self, info: str | None) -> None:
        raise AssertionError("no session asks for it")

    def send_entity(self, entity: WireEntity, *, replaces: str = "", interim: bool = False) -> None:
        entity.model_dump_json()  # as the outbox does
        self.entities.append((entity, replaces, interim))

    def play(self, audio: bytes) -> None:
        if self.full:
            raise LocalProtocolError("full")
        self.played.append(audio)

    def flush_playback(self) -> None:
        self.flushed += 1


class Bench:
    """One call of some plugins, driven by hand.

    `seen` is where plugins may write.
    """

    def __init__(self) -> None:
        self.limits = LimitsSettings()
        self.metrics = Metrics()
        self.control = Control()
        self.pools = BlockingPools(2)
        self.seen: list[Any] = []
        self.protocol: ServerProtocol
        self.facts: CallFacts
        self.call: Call
        self._seq = 0

    def close(self) -> None:
        self.pools.close()
        self.metrics.shutdown()

    async def open(
        self,
        *,
        product: str = "monitor",
        offers: tuple[MediaFormat, ...] = (STEREO,),
        protocol: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
        position: str = "PT0S",
        **plugins: object,
    ) -> Call:
        """Make a call whose `open` has come, and which nobody has decided."""
        options = SimpleNamespace(
            enabled=[], disabled=[], required=[], order=list(plugins), directory=None, modules=[]
        )
        manager = load_plugins(
            options, _section, self.limits, extra=plugins, metrics=self.metrics, version="0.1.0"
        )
        assert {r.name for r in manager.records if r.status == "active"} == set(plugins), manager.records
        services = CallServices(manager, self.limits, self.pools, self.metrics, Tracing())
        self.protocol = ServerProtocol(SESSION, ORGANIZATION, **(protocol or {}))
        self._seq = 0
        self.say(
            "open",
            {
                "organizationId": ORGANIZATION,
                "conversationId": CONVERSATION,
                "participant": {"id": CONVERSATION},
                "media": [offer.to_wire() for offer in offers],
                **(parameters or {}),
            },
            position,
        )
        self.facts = CallFacts(
            **{
                "session_id": SESSION,
                "correlation_id": "correlation",
                "organization_id": ORGANIZATION,
                "conversation_id": CONVERSATION,
                "participant": Participant(id=CONVERSATION, ani="+4930111", ani_name="Ada", dnis="+4930222"),
                "key_name": "main",
                "product": product,
                "offers": offers,
                "started_at": datetime(2026, 1, 1, tzinfo=UTC),
                **(facts or {}),
            }
        )
        self.call = Call(self.facts, services, self.protocol, self.control)
        contextvars.copy_context().run(self.call.attach)
        return self.call

    async def accepted(self, **options: Any) -> Call:
        """Make a call and accept it."""
        call = await self.open(**options)
        await self.accept()
        return call

    async def accept(self) -> Opened:
        """Let the plugins decide, which must be to accept, and open."""
        verdict = await self.call.decide()
        assert not isinstance(verdict.decision, Reject), verdict
        opened = self.call.opened_message()
        self.protocol.send(opened)
        self.call.begin()
        return opened

    def say(self, type_: str, parameters: Any = None, position: str = "PT0S") -> Any:
        """Send a message of the client to the protocol, and return what it means."""
        self._seq += 1
        message = {
            "version": "2",
            "id": SESSION,
            "type": type_,
            "seq": self._seq,
            "serverseq": self.protocol.sent_seq,
            "position": position,
            "parameters": {} if parameters is None else parameters,
        }
        return self.protocol.receive_text(json.dumps(message), asyncio.get_running_loop().time())

    def tell(self, type_: str, parameters: Any = None) -> None:
        """Send a message of the client all the way to the call."""
        self.call.deliver(self.say(type_, parameters))

    def hear(self, payload: bytes = b"\xff" * 320) -> None:
        event = self.protocol.receive_binary(payload)
        assert event is not None
        self.call.audio(event)

    async def finish(self, reason: CloseReason = CloseReason.END) -> Any:
        await self.call.close(reason)
        return await self.call.end(reason)

    def value(self, name: str, **attributes: str) -> float:
        return self.metrics.value(f"audiohook.{name}", **attributes)

    @property
    def lanes(self) -> list[asyncio.Task[Any]]:
        return [task for task in asyncio.all_tasks() if task.get_name().startswith("audiohook-")]


def _section(name: str, model: type[M]) -> M:
    return model()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture(scope="session")
def virtually() -> Callable[[Callable[[Bench], Any]], Any]:
    """Run a coroutine function with a bench and in virtual time of its own: for tests that run many."""

    def run(function: Callable[[Bench], Any]) -> Any:
        async def on_a_bench() -> Any:
            bench = Bench()
            try:
                return await function(bench)
            finally:
                bench.close()

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(on_a_bench())

    return run


class Witness:
    """Notes everything it is told; in a lane if asked to."""

    def __init__(self, *, lane: bool = False, slow: float = 0.0) -> None:
        self.seen: list[Any] = []
        self.begun: list[str] = []
        self.lane = lane
        self.slow = slow

    @hookimpl
    def on_decided(self, decision: Any) -> None:
        self.seen.append(("decided", decision))

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return (Slow if self.lane else Quick)(self.seen, self.slow, self.begun)

    def of(self, name: str) -> list[Any]:
        return [what for what in self.seen if what[0] == name]

    @property
    def hooks(self) -> list[str]:
        return [what[0] for what in self.seen]


class Quick(SessionHandler):
    def __init__(self, seen: list[Any], slow: float, begun: list[str]) -> None:
        self.seen = seen
        self.begun = begun

    def on_opened(self) -> None:
        self.seen.append(("opened",))

    def on_audio(self, frame: Any) -> None:
        self.seen.append(("audio", frame))

    def on_pause(self, origin: Any, position: int) -> None:
        self.seen.append(("pause", origin, position))

    def on_resume(self, gap: Any) -> None:
        self.seen.append(("resume", gap))

    def on_discarded(self, gap: Any) -> None:
        self.seen.append(("discarded", gap))

    def on_update(self, update: Any, position: int) -> None:
        self.seen.append(("update", update, position))

    def on_client_error(self, error: Any) -> None:
        self.seen.append(("error", error))

    def on_dtmf(self, digit: str, position: int) -> None:
        self.seen.append(("dtmf", digit, position))

    def on_playback(self, playback: Any, position: int) -> None:
        self.seen.append(("playback", playback, position))

    def on_event(self, event: Any) -> None:
        self.seen.append(("event", event))

    def on_close(self, reason: Any) -> None:
        self.begun.append("close")
        self.seen.append(("close", reason))

    def on_end(self, summary: Any) -> None:
        self.begun.append("end")
        self.seen.append(("end", summary))


class Slow(SessionHandler):
    def __init__(self, seen: list[Any], slow: float, begun: list[str]) -> None:
        self.seen = seen
        self.slow = slow
        self.begun = begun

    async def on_opened(self) -> None:
        await asyncio.sleep(self.slow)
        self.seen.append(("opened",))

    async def on_audio(self, frame: Any) -> None:
        self.seen.append(("audio", frame))

    async def on_close(self, reason: Any) -> None:
        self.begun.append("close")
        await asyncio.sleep(self.slow)
        self.seen.append(("close", reason))

    async def on_end(self, summary: Any) -> None:
        self.begun.append("end")
        await asyncio.sleep(self.slow)
        self.seen.append(("end", summary))


class Policy:
    """Answers `on_open` as told, after a while."""

    def __init__(self, answer: Any = None, seconds: float = 0.0, info: PluginInfo | None = None) -> None:
        self.answer = answer
        self.seconds = seconds
        if info is not None:
            self.info = info

    @hookimpl
    async def on_open(self) -> Any:
        await asyncio.sleep(self.seconds)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture(scope="session")
def make_witness() -> type[Witness]:
    """Make plugins that note everything they are told."""
    return Witness


@pytest.fixture(scope="session")
def make_policy() -> type[Policy]:
    """Make plugins that decide."""
    return Policy
