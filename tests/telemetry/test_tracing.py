"""Spans: parents, events, failures, and that only listed attributes leave."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from audiohook_fw.telemetry import ATTRIBUTES, EVENTS, PERSONAL, SPANS, Tracing, attributes, tracer

PACKAGE = Path(attributes.__file__).parents[1]
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_tree_of_spans(tracing, spans):
    session = tracing.start(attributes.SPAN_SESSION, kind=SpanKind.SERVER)
    with tracing.span(attributes.SPAN_OPEN, session) as opening:
        with tracing.span(attributes.SPAN_DECISION, attributes={attributes.PLUGIN: "policy"}) as decision:
            assert trace.get_current_span() is decision
        assert trace.get_current_span() is opening
    tracing.event(session, attributes.EVENT_PAUSE, {attributes.PAUSE_ORIGIN: "client"})
    tracing.end(session, {attributes.TOTAL_FRAMES: 3})
    done = {span.name: span for span in spans.get_finished_spans()}
    assert set(done) == {attributes.SPAN_SESSION, attributes.SPAN_OPEN, attributes.SPAN_DECISION}
    assert done[attributes.SPAN_OPEN].parent == done[attributes.SPAN_SESSION].context
    assert done[attributes.SPAN_DECISION].parent == done[attributes.SPAN_OPEN].context
    assert done[attributes.SPAN_SESSION].parent is None
    assert done[attributes.SPAN_SESSION].kind is SpanKind.SERVER
    assert done[attributes.SPAN_SESSION].attributes == {attributes.TOTAL_FRAMES: 3}
    (event,) = done[attributes.SPAN_SESSION].events
    assert (event.name, dict(event.attributes)) == (
        attributes.EVENT_PAUSE,
        {attributes.PAUSE_ORIGIN: "client"},
    )


def test_what_a_plugin_traces_nests_in_the_lanes_context(tracing, provider, spans):
    session = tracing.start(attributes.SPAN_SESSION)
    plugin = trace.get_tracer("plugin", tracer_provider=provider)
    plugin.start_span("plugin.work", context=tracing.context(session)).end()
    (work,) = spans.get_finished_spans()
    assert work.parent == session.get_span_context()


@pytest.mark.parametrize("name", ["traceparent", "Traceparent", "TRACEPARENT"])
def test_an_incoming_trace_goes_on(tracing, spans, name):
    context = tracing.extract({"Host": "x", name: f"00-{TRACE}-{PARENT}-01"})
    with tracing.span(attributes.SPAN_OPEN, context):
        pass
    (span,) = spans.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT


@pytest.mark.parametrize("header", ["", "00-1-2-3", "x" * 10_000, f"00-{'0' * 32}-{PARENT}-01"])
def test_a_broken_trace_header_begins_a_new_trace(tracing, spans, header):
    with tracing.span(attributes.SPAN_OPEN, tracing.extract({"traceparent": header})):
        pass
    assert spans.get_finished_spans()[0].parent is None


def test_a_request_does_not_inherit_from_the_span_around_it(tracing, spans):
    with tracing.span(attributes.SPAN_SESSION):
        tracing.start(attributes.SPAN_OPEN, tracing.extract({})).end()
    assert spans.get_finished_spans()[0].parent is None


def test_only_listed_attributes_leave(tracing, spans):
    given = {
        "caller": "+431",
        attributes.PII_ANI: "+431",
        attributes.HOOK: "on_open",
        attributes.PLUGIN: None,
    }
    span = tracing.start(attributes.SPAN_OPEN, attributes=given)
    tracing.event(span, attributes.EVENT_ERROR, given)
    tracing.end(span, given)
    (done,) = spans.get_finished_spans()
    assert dict(done.attributes) == dict(done.events[0].attributes) == {attributes.HOOK: "on_open"}


def test_personal_data_leaves_only_on_demand(provider, spans):
    allowing = Tracing(provider, personal_data=True)
    allowing.start(attributes.SPAN_OPEN, attributes={attributes.PII_ANI: "+431", "caller": "x"}).end()
    assert dict(spans.get_finished_spans()[0].attributes) == {attributes.PII_ANI: "+431"}


def test_texts_are_cut(tracing, spans):
    tracing.start(attributes.SPAN_OPEN, attributes={attributes.LANGUAGE: "x" * 100_000}).end()
    assert len(spans.get_finished_spans()[0].attributes[attributes.LANGUAGE]) == 256


def test_a_failure_tells_the_class_and_nothing_else(tracing, spans):
    with pytest.raises(KeyError, match="PLANTED"), tracing.span(attributes.SPAN_DECISION):
        raise KeyError("PLANTED")
    (span,) = spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert dict(span.attributes) == {attributes.ERROR_TYPE: "KeyError"}
    assert not span.events
    assert "PLANTED" not in span.to_json()


def test_a_failure_may_be_a_word(tracing, spans):
    span = tracing.start(attributes.SPAN_DECISION)
    tracing.fail(span, "late")
    tracing.end(span)
    (done,) = spans.get_finished_spans()
    assert (done.status.status_code, done.attributes[attributes.ERROR_TYPE]) == (StatusCode.ERROR, "late")


def test_an_ended_span_takes_nothing_more(tracing, spans):
    span = tracing.start(attributes.SPAN_OPEN)
    tracing.end(span)
    tracing.event(span, attributes.EVENT_ERROR)
    tracing.fail(span, "late")
    (done,) = spans.get_finished_spans()
    assert (done.status.status_code, len(done.events)) == (StatusCode.UNSET, 0)


def test_without_a_provider_nothing_is_recorded():
    tracing = Tracing()
    with tracing.span(attributes.SPAN_SESSION) as span:
        tracing.event(span, attributes.EVENT_PAUSE)
        tracing.fail(span, "x")
        assert not span.is_recording()
    assert not tracer().start_span("x").is_recording()


def test_every_name_is_listed_and_ours():
    constants = {
        name: value for name, value in vars(attributes).items() if name.isupper() and isinstance(value, str)
    }
    listed = [*SPANS, *EVENTS, *ATTRIBUTES, *PERSONAL]
    assert sorted(constants.values()) == sorted(listed)
    for name in listed:
        assert re.fullmatch(r"audiohook(\.[a-z_]+)+|error\.type", name), name
    for name in PERSONAL:
        assert name.startswith("audiohook.pii.")
        assert name not in ATTRIBUTES
    for meaning in [*SPANS.values(), *EVENTS.values(), *ATTRIBUTES.values(), *PERSONAL.values()]:
        assert meaning.endswith(".")


def test_the_core_uses_names_from_the_list_only():
    """Attribute names written as text anywhere in the package would go round the list."""
    listed = {*SPANS, *EVENTS, *ATTRIBUTES, *PERSONAL}
    for file in PACKAGE.rglob("*.py"):
        if file.name == "attributes.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in listed, f"{file}:{node.lineno}"
