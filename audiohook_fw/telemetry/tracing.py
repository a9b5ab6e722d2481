"""`Tracing`: spans of the core, on whatever tracer provider it is given. Touches only opentelemetry-api."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, TracerProvider

from .attributes import ATTRIBUTES, ERROR_TYPE, PERSONAL

__all__ = ["Tracing", "Value", "tracer"]

Value = bool | int | float | str
"""What an attribute may hold."""

_LONGEST: Final = 256  # characters of an attribute's text: whatever the wire says, spans stay small


def tracer(provider: TracerProvider | None = None) -> Tracer:
    """Return the core's tracer from a provider, or from the process-wide one (no-op unless set up)."""
    return trace.get_tracer("audiohook_fw", tracer_provider=provider)


class Tracing:
    """Makes the core's spans; attributes not listed in `attributes` are left out.

    Args:
        provider: where spans go; `None` takes the process-wide provider, which does nothing unless set up.
        personal_data: let the attributes in `PERSONAL` through as well.
    """

    __slots__ = ("_allowed", "_tracer")

    def __init__(self, provider: TracerProvider | None = None, *, personal_data: bool = False) -> None:
        self._tracer = tracer(provider)
        self._allowed = ATTRIBUTES.keys() | (PERSONAL.keys() if personal_data else frozenset())

    def start(
        self,
        name: str,
        parent: Span | Context | None = None,
        attributes: Mapping[str, Value | None] | None = None,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> Span:
        """Start a span without making it the current one; the caller must `end` it.

        Args:
            name: one of `SPANS`.
            parent: a span, or a context as `extract` returns it; `None` takes the current span.
            attributes: only listed names are kept, and `None` values are left out.
            kind: `SpanKind.SERVER` for what a client's request began.
        """
        return self._tracer.start_span(name, _context(parent), kind, self._kept(attributes))

    def end(self, span: Span, attributes: Mapping[str, Value | None] | None = None) -> None:
        """Add attributes, such as totals, and end the span. Ending twice does nothing."""
        if span.is_recording():
            span.set_attributes(self._kept(attributes))
        span.end()

    def event(self, span: Span, name: str, attributes: Mapping[str, Value | None] | None = None) -> None:
        """Add an event, one of `EVENTS`, to a span."""
        if span.is_recording():
            span.add_event(name, self._kept(attributes))

    def fail(self, span: Span, error: BaseException | str) -> None:
        """Mark a span as failed by the class of an exception (its text may be personal), or a short word."""
        if span.is_recording():
            kind = error if isinstance(error, str) else type(error).__qualname__
            span.set_attribute(ERROR_TYPE, kind[:_LONGEST])
            span.set_status(Status(StatusCode.ERROR))

    @contextmanager
    def span(
        self,
        name: str,
        parent: Span | Context | None = None,
        attributes: Mapping[str, Value | None] | None = None,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> Iterator[Span]:
        """Start a span, make it the current one, and end it; an exception marks it as failed and goes on."""
        span = self.start(name, parent, attributes, kind=kind)
        try:
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                yield span
        except BaseException as error:
            self.fail(span, error)
            raise
        finally:
            span.end()

    def context(self, span: Span) -> Context:
        """Return a context in which `span` is the current one; lanes run in the one of their session."""
        return trace.set_span_in_context(span)

    def extract(self, headers: Mapping[str, str]) -> Context:
        """Return the trace context (W3C `traceparent`) that a request carries, to be used as a parent."""
        return propagate.extract(headers, Context(), _headers)

    def _kept(self, attributes: Mapping[str, Value | None] | None) -> dict[str, Value]:
        return {
            name: value[:_LONGEST] if isinstance(value, str) else value
            for name, value in (attributes or {}).items()
            if value is not None and name in self._allowed
        }


def _context(parent: Span | Context | None) -> Context | None:
    return trace.set_span_in_context(parent) if isinstance(parent, Span) else parent


class _Headers(Getter[Mapping[str, str]]):
    """Header names without regard to case, for plain dicts too."""

    def get(self, carrier: Mapping[str, str], key: str) -> list[str] | None:
        found = [value for name, value in carrier.items() if name.lower() == key.lower()]
        return found or None

    def keys(self, carrier: Mapping[str, str]) -> list[str]:
        return list(carrier)


_headers: Final = _Headers()
