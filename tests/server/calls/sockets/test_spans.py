"""The spans of a call: their tree, attributes and events, as an exporter gets them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from audiohook_fw.plugin import Accept, Reject, SessionHandler, hookimpl
from audiohook_fw.protocol import Discarded, Dtmf, Error, Paused, Ping, Resumed, Update
from audiohook_fw.telemetry import ATTRIBUTES, EVENTS, SPANS


class Policy:
    def __init__(self, answer: Any = None, seconds: float = 0.0) -> None:
        self.answer = answer
        self.seconds = seconds

    @hookimpl
    async def on_open(self) -> Any:
        await asyncio.sleep(self.seconds)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Plain:
    @hookimpl
    def on_open(self) -> Any:
        return Accept(tags={"a": "b"})


class Tree:
    """The finished spans, by name; each name must come once unless asked for by plugin."""

    def __init__(self, exporter: Any) -> None:
        self.spans = exporter.get_finished_spans()

    def __getitem__(self, name: str) -> Any:
        [found] = [span for span in self.spans if span.name == name]
        return found

    def of(self, plugin: str) -> Any:
        [found] = [s for s in self.spans if s.attributes.get("audiohook.plugin.name") == plugin]
        return found

    @property
    def shape(self) -> set[tuple[str, str]]:
        """Name and parent's name of each span."""
        names = {span.context.span_id: span.name for span in self.spans}
        return {(s.name, names[s.parent.span_id] if s.parent else "") for s in self.spans}


def events(span: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(event.name, dict(event.attributes)) for event in span.events]


@pytest.fixture(autouse=True)
async def only_listed_names(house: Any) -> Any:
    yield
    for span in house.exporter.get_finished_spans():
        if not span.name.startswith("audiohook."):
            continue
        assert span.name in SPANS
        assert set(span.attributes) <= set(ATTRIBUTES)
        for event in span.events:
            assert event.name in EVENTS
            assert set(event.attributes) <= set(ATTRIBUTES)


async def test_the_tree_of_an_accepted_call(house: Any) -> None:
    await house.start(policy=Policy(seconds=0.5), plain=Plain())
    caller = await house.opened(open={"language": "en-US"})
    await caller.hear(b"\x10" * 1_600)
    await caller.say(Ping(rtt=timedelta(seconds=0.25)))
    await caller.say(Ping(rtt=timedelta(seconds=0.05)))
    await caller.say(Paused())
    await caller.say(Resumed(start=timedelta(seconds=0.1), discarded=timedelta(seconds=2)))
    await caller.say(Discarded(start=timedelta(seconds=2.1), discarded=timedelta(seconds=1)))
    await caller.say(Update(language="de-DE"))
    await caller.say(Error(code=429, message="slow down"))
    await caller.raw("new")
    await caller.close()
    await house.idle()
    tree = Tree(house.exporter)
    assert tree.shape == {
        ("audiohook.session", ""),
        ("audiohook.open", "audiohook.session"),
        ("audiohook.decision", "audiohook.open"),
        ("audiohook.close", "audiohook.session"),
    }
    assert len(tree.spans) == 5
    facts = house.connections[0].call.facts
    session = tree["audiohook.session"]
    assert session.kind is SpanKind.SERVER
    assert session.status.status_code is StatusCode.UNSET
    assert dict(session.attributes) == {
        "audiohook.session.id": caller.session_id,
        "audiohook.conversation.id": facts.conversation_id,
        "audiohook.organization.id": facts.organization_id,
        "audiohook.correlation.id": facts.correlation_id,
        "audiohook.key.name": "test",
        "audiohook.product": "monitor",
        "audiohook.language": "en-US",
        "audiohook.media.format": "PCMU",
        "audiohook.media.channels": "external,internal",
        "audiohook.media.rate": 8000,
        "audiohook.outcome": "accepted",
        "audiohook.close.reason": "end",
        "audiohook.total.frames": 1,
        "audiohook.total.bytes": 1_600,
        "audiohook.total.audio": 0.1,
        "audiohook.total.paused": 2.0,
        "audiohook.total.discarded": 1.0,
        "audiohook.total.stray": 0,
        "audiohook.total.withheld_audio": 0,
        "audiohook.total.withheld_dtmf": 0,
        "audiohook.total.unknown_messages": 1,
        "audiohook.rtt.last": 0.05,
        "audiohook.rtt.max": 0.25,
    }
    assert events(session) == [
        ("audiohook.pause", {"audiohook.pause.origin": "client", "audiohook.position": 0.1}),
        (
            "audiohook.resume",
            {"audiohook.gap.start": 0.1, "audiohook.gap.length": 2.0, "audiohook.gap.clamped": False},
        ),
        (
            "audiohook.discarded",
            {"audiohook.gap.start": 2.1, "audiohook.gap.length": 1.0, "audiohook.gap.clamped": False},
        ),
        ("audiohook.update", {"audiohook.language": "de-DE"}),
        ("audiohook.error", {"audiohook.error.code": 429}),
    ]
    assert dict(tree["audiohook.open"].attributes) == {"audiohook.outcome": "accepted"}
    assert dict(tree["audiohook.close"].attributes) == {"audiohook.close.reason": "end"}
    for plugin in ("policy", "plain"):
        assert dict(tree.of(plugin).attributes) == {
            "audiohook.plugin.name": plugin,
            "audiohook.hook": "on_open",
        }


async def test_what_comes_in_a_pause_of_the_client_s_is_told_once_and_not_what_it_is(house: Any) -> None:
    await house.start(plain=Plain())
    caller = await house.opened()
    await caller.say(Paused())
    for _ in range(3):
        await caller.socket.send_bytes(b"\x2a" * 1_600)
        await caller.say(Dtmf(digit="7"))
    await caller.close()
    await house.idle()
    session = Tree(house.exporter)["audiohook.session"]
    assert events(session)[1:] == [
        ("audiohook.withheld", {"audiohook.withheld.what": what}) for what in ("audio", "dtmf")
    ]
    assert session.attributes["audiohook.total.withheld_audio"] == 3
    assert session.attributes["audiohook.total.withheld_dtmf"] == 3
    assert house.value("messages.received", type="dtmf") == 3


async def test_the_tree_of_a_rejected_call(house: Any) -> None:
    await house.start(policy=Policy(Reject(info="no")), broken=Policy(KeyError("personal")))
    caller = await house.call()
    await caller.open()
    await caller.until("closed")
    await caller.hang_up()
    await house.idle()
    tree = Tree(house.exporter)
    assert tree.shape == {
        ("audiohook.session", ""),
        ("audiohook.open", "audiohook.session"),
        ("audiohook.decision", "audiohook.open"),
    }
    session = tree["audiohook.session"]
    assert session.attributes["audiohook.outcome"] == "rejected"
    assert events(session) == []
    assert dict(tree["audiohook.open"].attributes) == {
        "audiohook.outcome": "rejected",
        "audiohook.disconnect.reason": "completed",
    }
    broken = tree.of("broken")
    assert broken.status.status_code is StatusCode.ERROR
    assert broken.attributes["error.type"] == "KeyError"
    assert broken.events == ()
    assert "personal" not in broken.to_json()


async def test_the_tree_of_a_call_that_broke_off(house: Any) -> None:
    await house.start(policy=Policy())
    caller = await house.opened()
    await caller.hear(b"\x10" * 1_600)
    await caller.ping()
    caller.cut()
    await house.idle()
    tree = Tree(house.exporter)
    assert tree.shape == {
        ("audiohook.session", ""),
        ("audiohook.open", "audiohook.session"),
        ("audiohook.decision", "audiohook.open"),
        ("audiohook.close", "audiohook.session"),
    }
    session = tree["audiohook.session"]
    assert session.status.status_code is StatusCode.ERROR
    assert session.attributes["error.type"] == "connection_lost"
    assert session.attributes["audiohook.outcome"] == "accepted"
    assert session.attributes["audiohook.close.reason"] == "lost"
    assert session.attributes["audiohook.total.audio"] == 0.1
    assert dict(tree["audiohook.close"].attributes) == {"audiohook.close.reason": "lost"}


async def test_the_tree_of_a_call_that_was_given_up_while_it_was_decided(house: Any) -> None:
    await house.start(policy=Policy(seconds=1.5))
    caller = await house.call()
    await caller.say(caller.message())
    await asyncio.sleep(0.5)
    caller.cut()
    await house.idle()
    await asyncio.sleep(2)
    tree = Tree(house.exporter)
    assert tree.shape == {
        ("audiohook.session", ""),
        ("audiohook.open", "audiohook.session"),
        ("audiohook.decision", "audiohook.open"),
    }
    assert tree["audiohook.session"].attributes["audiohook.outcome"] == "lost"
    assert tree["audiohook.open"].attributes["audiohook.outcome"] == "lost"


async def test_violations_reconnects_and_quarantines_are_events(house: Any) -> None:
    class Broken:
        @hookimpl
        def on_audio(self) -> None:
            raise ValueError

    await house.start(broken=Broken())
    caller = await house.opened()
    for _ in range(house.settings.limits.faults_in_a_row):
        await caller.hear(b"\x10" * 160)
    await caller.ping()
    house.connections[0].reconnect("draining")
    await caller.until("reconnect")
    await caller.socket.send_str("nonsense")
    await caller.until("closed")
    await caller.hang_up()
    await house.idle()
    assert events(Tree(house.exporter)["audiohook.session"]) == [
        ("audiohook.quarantine", {"audiohook.plugin.name": "broken"}),
        ("audiohook.reconnect", {}),
        ("audiohook.error", {"audiohook.error.code": 400}),
        ("audiohook.disconnect", {"audiohook.disconnect.reason": "error"}),
    ]


async def test_a_reconnected_call_names_its_node_and_what_it_continues(house: Any) -> None:
    from audiohook_fw.protocol import ContinuedSession

    house.settings = house.settings.model_copy(
        update={"server": house.settings.server.model_copy(update={"node": "node-7"})}
    )
    await house.start()
    earlier = ContinuedSession(id="30b0e395-84d3-4570-ac13-9a62d8f514c0", serverseq=1, clientseq=2)
    caller = await house.opened(open={"continued_sessions": (earlier,)})
    await caller.close()
    await house.idle()
    session = Tree(house.exporter)["audiohook.session"]
    assert session.attributes["audiohook.session.continued"] == 1
    assert session.attributes["audiohook.node"] == "node-7"


async def test_the_trace_of_the_request_is_continued(house: Any) -> None:
    await house.start()
    caller = await house.opened(
        headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    )
    await caller.close()
    await house.idle()
    tree = Tree(house.exporter)
    assert {f"{span.context.trace_id:032x}" for span in tree.spans} == {"0af7651916cd43dd8448eb211c80319c"}
    assert f"{tree['audiohook.session'].parent.span_id:016x}" == "b7ad6b7169203331"


async def test_two_calls_have_two_traces(house: Any) -> None:
    await house.start(policy=Policy())
    callers = [await house.opened() for _ in range(2)]
    for caller in callers:
        await caller.close()
    await house.idle()
    by_trace: dict[int, set[str]] = {}
    for span in house.exporter.get_finished_spans():
        by_trace.setdefault(span.context.trace_id, set()).add(span.name)
    assert [len(names) for names in by_trace.values()] == [4, 4]


class Inline(SessionHandler):
    """Makes a span of its own in each of its hooks."""

    def __init__(self, tracer: Any, prefix: str) -> None:
        self.tracer = tracer
        self.prefix = prefix

    def span(self, hook: str) -> None:
        with self.tracer.start_as_current_span(f"{self.prefix}.{hook}"):
            pass

    def on_opened(self) -> None:
        self.span("on_opened")

    def on_audio(self, frame: Any) -> None:
        self.span("on_audio")

    def on_close(self, reason: Any) -> None:
        self.span("on_close")

    def on_end(self, summary: Any) -> None:
        self.span("on_end")


class Lane(Inline):
    async def on_audio(self, frame: Any) -> None:  # type: ignore[override]
        with self.tracer.start_as_current_span(f"{self.prefix}.on_audio"):
            await asyncio.sleep(0.1)
            with self.tracer.start_as_current_span(f"{self.prefix}.inner"):
                await asyncio.sleep(0.1)


class Making:
    def __init__(self, kind: type[Inline], house: Any, prefix: str) -> None:
        self.make = lambda: kind(house.provider.get_tracer("a plugin"), prefix)

    @hookimpl
    def create_handler(self) -> SessionHandler:
        return self.make()


async def test_spans_of_plugins_nest_under_the_session_inline_and_in_lanes(house: Any) -> None:
    class Deciding:
        @hookimpl
        async def on_open(self) -> None:
            await asyncio.sleep(0.1)
            with house.provider.get_tracer("a plugin").start_as_current_span("deciding.look_up"):
                await asyncio.sleep(0.1)

    await house.start(
        deciding=Deciding(), inline=Making(Inline, house, "inline"), lane=Making(Lane, house, "lane")
    )
    caller = await house.opened()
    await caller.hear(b"\x10" * 160)
    await caller.ping()
    await caller.close()
    await house.idle()
    tree = Tree(house.exporter)
    hooks = ("on_opened", "on_audio", "on_close", "on_end")
    assert {pair for pair in tree.shape if not pair[0].startswith("audiohook.")} == {
        *((f"{prefix}.{hook}", "audiohook.session") for prefix in ("inline", "lane") for hook in hooks),
        ("lane.inner", "lane.on_audio"),
        ("deciding.look_up", "audiohook.decision"),
    }
    assert len({span.context.trace_id for span in tree.spans}) == 1
    session = tree["audiohook.session"]
    assert all(span.end_time <= session.end_time for span in tree.spans)


async def test_spans_of_an_event_that_one_call_emits_do_not_leak_into_another(house: Any) -> None:
    found: list[Any] = []

    class Looking:
        @hookimpl
        async def on_audio(self, session: Any) -> None:
            found.append((session.id, trace.get_current_span().get_span_context().trace_id))

    await house.start(looking=Looking())
    callers = [await house.opened() for _ in range(3)]
    for _ in range(3):
        for caller in callers:
            await caller.hear(b"\x10" * 160)
    for caller in callers:
        await caller.close()
    await house.idle()
    assert len(found) == 9
    assert len({trace_id for _, trace_id in found}) == 3
    assert len(set(found)) == 3


async def test_a_run_without_tracing_makes_no_span(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from audiohook_fw.telemetry import Tracing

    await house.start(policy=Policy())
    monkeypatch.setattr(house.services.calls, "tracing", Tracing())
    caller = await house.opened()
    await caller.hear(b"\x10" * 160)
    await caller.close()
    await house.idle()
    assert house.exporter.get_finished_spans() == ()
