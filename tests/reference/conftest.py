"""What the tests of the reference share: the pages' makers, and a bench that runs the example of a hook."""

from __future__ import annotations

import ast
import asyncio
import contextvars
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import (
    CloseReason,
    Event,
    PluginManager,
    PluginStatus,
    ServerContext,
    hookimpl,
    load_plugins,
)
from audiohook_fw.protocol import MediaFormat, Participant, ServerProtocol, WireEntity
from audiohook_fw.session import BlockingPools, Call, CallFacts, CallServices
from audiohook_fw.telemetry import Metrics, Tracing

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "reference" / "hooks"
SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"
STEREO = MediaFormat("PCMU", ("external", "internal"))

sys.path.append(str(ROOT / "docs"))  # for `make_reference`


class Control:
    """The socket's side, as far as a call sees it: it notes what is asked."""

    def __init__(self) -> None:
        self.paused = False
        self.entities: list[WireEntity] = []
        self.disconnects: list[tuple[str, Mapping[str, str] | None]] = []
        self.played: list[bytes] = []

    def want_pause(self, paused: bool) -> None:
        self.paused = paused

    def disconnect(self, reason: Any, info: str | None, output_variables: Mapping[str, str] | None) -> None:
        self.disconnects.append((str(reason), output_variables))

    def reconnect(self, info: str | None) -> None:
        raise AssertionError("no session asks for it")

    def send_entity(self, entity: WireEntity, *, replaces: str = "", interim: bool = False) -> None:
        self.entities.append(entity)

    def play(self, audio: bytes) -> None:
        self.played.append(audio)

    def flush_playback(self) -> None:
        self.played.clear()


class Bench:
    """One example, loaded from its file by the loader, and called as the server calls plugins.

    `seen` holds the events that passed all filters.
    """

    server = ServerContext(version="0.1.0", node="test")

    def __init__(self, name: str, settings: Mapping[str, object]) -> None:
        options = {"directory": EXAMPLES, "enabled": [name]}
        self.loaded = Loaded.of(Settings.model_validate({"plugins": options}), {name: settings})
        self.metrics = Metrics()
        self.manager: PluginManager = load_plugins(
            self.loaded.settings.plugins,
            self.loaded.plugin_section,
            self.loaded.settings.limits,
            metrics=self.metrics,
            extra={"listener": _Listener(self)},
        )
        found = {r.name: r for r in self.manager.records if r.status is not PluginStatus.DISABLED}
        assert found[name].status is PluginStatus.ACTIVE, found[name]
        self.module: ModuleType = sys.modules[f"audiohook_fw_file_{name}"]
        self.control = Control()
        self.seen: list[Any] = []
        self.protocol = ServerProtocol(SESSION, ORGANIZATION)
        self.call: Call
        self._pools = BlockingPools(1)
        self._context = contextvars.copy_context()
        self._seq = 0

    async def open(self, product: str = "monitor", dnis: str = "", offers: Any = (STEREO,)) -> Any:
        """Begin a call, and return what its plugins decided."""
        participant = Participant(id=SESSION, dnis=dnis)
        parameters = {
            "organizationId": ORGANIZATION,
            "conversationId": SESSION,
            "participant": {"id": SESSION},
            "media": [offer.to_wire() for offer in offers],
        }
        self._say("open", parameters)
        facts = CallFacts(
            session_id=SESSION,
            correlation_id="correlation",
            organization_id=ORGANIZATION,
            conversation_id=SESSION,
            participant=participant,
            key_name="test",
            product=product,
            offers=offers,
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        limits = self.loaded.settings.limits
        services = CallServices(self.manager, limits, self._pools, self.metrics, Tracing())
        self.call = Call(facts, services, self.protocol, self.control)
        self._context.run(self.call.attach)
        return (await self.call.decide()).decision

    async def begin(self, **options: Any) -> None:
        """Begin a call that is accepted."""
        await self.open(**options)
        self.protocol.send(self.call.opened_message())
        self.call.begin()

    def tell(self, type_: str, **parameters: Any) -> None:
        """Let the client say something."""
        self.call.deliver(self._say(type_, parameters))

    def hear(self, payload: bytes) -> None:
        """Let a frame of audio come."""
        event = self.protocol.receive_binary(payload)
        assert event is not None
        self.call.audio(event)

    async def finish(self, reason: CloseReason = CloseReason.END) -> None:
        """End the call."""
        await self.call.close(reason)
        await self.call.end(reason)

    def close(self) -> None:
        self._pools.close()
        self.metrics.shutdown()

    def _say(self, type_: str, parameters: Mapping[str, Any]) -> Any:
        self._seq += 1
        message = {
            "version": "2",
            "id": SESSION,
            "type": type_,
            "seq": self._seq,
            "serverseq": self.protocol.sent_seq,
            "position": "PT0S",
            "parameters": parameters,
        }
        return self.protocol.receive_text(json.dumps(message), asyncio.get_running_loop().time())


class _Listener:
    """A plugin beside the example: it hears what the example says."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @hookimpl
    def on_event(self, event: Event) -> None:
        self._bench.seen.append(event)


class Watch:
    """Notes which functions of the examples run, and who calls them."""

    def __init__(self) -> None:
        self.calls: set[tuple[str, str]] = set()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        code, caller = frame.f_code, frame.f_back
        if event != "call" or not code.co_filename.startswith(str(EXAMPLES)) or caller is None:
            return
        if not caller.f_code.co_filename.startswith(str(ROOT / "tests")):
            self.calls.add((Path(code.co_filename).stem, code.co_name))


@dataclass(frozen=True)
class Used:
    """What the code of a test file uses; docstrings and comments count for nothing.

    Attributes:
        names: identifiers.
        texts: strings, and the words in them.
        asked: strings that are the first argument of a call of `value`, as metrics are asked for.
    """

    names: frozenset[str]
    texts: frozenset[str]
    asked: frozenset[str]


@pytest.fixture(scope="session")
def tested(tracked_files: list[Path]) -> dict[Path, Used]:
    """Every test file of the core, and what it uses."""
    tests = ROOT / "tests"
    return {f: _used(f) for f in tracked_files if f.suffix == ".py" and f.is_relative_to(tests)}


def _used(file: Path) -> Used:
    names, texts, asked = set[str](), set[str](), set[str]()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="value"), args=[ast.Constant(value=str(text)), *_]):
                asked.add(text)
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                names.add(name)
            case ast.keyword(arg=str(name)):
                names.add(name)
            case ast.Constant(value=str(text)) if id(node) not in prose:
                texts |= {text, *re.findall(r"\w+", text)}
            case _:
                pass
    return Used(frozenset(names), frozenset(texts), frozenset(asked))


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def example(request: pytest.FixtureRequest, watch: Watch) -> AsyncIterator[Callable[..., Bench]]:
    """Load the example that the test is named after, with these settings.

    Its hook must have been called by the framework when the test is over.
    """
    hook = request.function.__name__.removeprefix("test_hook_")
    benches: list[Bench] = []

    def load(**settings: object) -> Bench:
        benches.append(Bench(hook, settings))
        return benches[-1]

    sys.setprofile(watch)
    try:
        yield load
    finally:
        sys.setprofile(None)
        for bench in benches:
            bench.close()
            sys.modules.pop(bench.module.__name__, None)
    assert (hook, hook) in watch.calls, f"nothing but the test itself called {hook} of its example"
