"""`Results`: hands the client what plugins emit, as far as its product takes it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from audiohook_fw.plugin import Event, Metrics, Transcript
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.telemetry import LimitedLogger

from .control import CallControl
from .facts import CallFacts
from .wire import to_entity

if TYPE_CHECKING:
    from audiohook_fw.protocol import Entity

__all__ = ["Results"]

logger = logging.getLogger(__name__)
limited = LimitedLogger(logger)


class Results:
    """Turns the events of one call into entities for its client."""

    __slots__ = ("_control", "_facts", "_media", "_metrics")

    def __init__(
        self,
        facts: CallFacts,
        control: CallControl,
        metrics: Metrics,
        media: Callable[[], MediaFormat | None],
    ) -> None:
        self._facts = facts
        self._control = control
        self._metrics = metrics
        self._media = media

    def send(self, event: Event, plugin: str) -> None:
        """Send an event that has passed all filters, if the client understands it."""
        media = self._media()
        if media is None:
            return
        try:
            entity = to_entity(event, media, self._facts.product, interims=self._facts.interims)
            if entity is not None:
                self._send(event, entity)
        except ValueError as error:  # an unknown channel, or texts that are no Unicode
            self._metrics.counter("audiohook.outbox.dropped", reason="unsupported").value += 1
            limited.warning(
                plugin, "an event of plugin %s cannot be sent to the client: %s", plugin, type(error).__name__
            )

    def _send(self, event: Event, entity: Entity) -> None:
        replaces = f"transcript {event.id}" if isinstance(event, Transcript) else ""
        self._control.send_entity(entity.wire_entity(), replaces=replaces, interim=event.is_interim())
