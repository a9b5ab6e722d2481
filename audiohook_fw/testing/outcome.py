"""`CallOutcome`: what came of a call that is driven by hand."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from audiohook_fw.plugin import Accept, CallStatistics, Event, Lane, Reject, SessionSummary
from audiohook_fw.protocol import MediaFormat, WireEntity
from audiohook_fw.session import BlockingPools, Session
from audiohook_fw.stage import Fault, Stage, VirtualLoop

from .control import Disconnected
from .line import Line
from .log_notes import LogNotes

__all__ = ["CallOutcome"]


class CallOutcome:
    """What a plugin emitted, asked for, decided and logged, and how the call stands."""

    _stage: Stage
    _notes: LogNotes
    _line_: Line | None = None

    @property
    def decision(self) -> Accept | Reject | None:
        """What was decided; `None` before `open`."""
        return None if self._line_ is None else self._line_.decision

    @property
    def accepted(self) -> bool:
        """Whether the call was accepted."""
        return isinstance(self.decision, Accept)

    @property
    def ended(self) -> bool:
        """Whether the call is over: closed, broken off, rejected or ended by a plugin's `disconnect`."""
        return self._line_ is not None and self._line_.over

    @property
    def session(self) -> Session:
        """The plugin's own session. Read it as you like; what changes something needs `run`."""
        return self._line.call.view(self._stage.name)

    @property
    def media(self) -> MediaFormat | None:
        """The selected media; `None` in calls without audio."""
        return self._line.server.media

    @property
    def time(self) -> float:
        """Virtual seconds since the driver was made."""
        return self._stage.loop.time()

    @property
    def position(self) -> int:
        """Call time in samples."""
        return self._line.server.clock.position

    @property
    def paused(self) -> bool:
        """Whether no audio flows: the client pauses, or a plugin holds."""
        return self._line.client.paused

    @property
    def holds(self) -> Sequence[str]:
        """Who holds the stream paused: plugins' names; `elsewhere` for `pause(by="server")`."""
        return [hold.owner for hold in self._line.call.holds]

    @property
    def emitted(self) -> Sequence[Event]:
        """What the plugin emitted, before the filters."""
        return [event for plugin, event in self._line.call.emitted if plugin == self._stage.name]

    @property
    def passed(self) -> Sequence[Event]:
        """What passed all filters, whoever emitted it."""
        return tuple(self._stage.witness.events)

    @property
    def entities(self) -> Sequence[WireEntity]:
        """The results that were sent to Genesys."""
        return tuple(self._line.control.entities)

    @property
    def disconnects(self) -> Sequence[Disconnected]:
        """What `session.disconnect` was called with."""
        return tuple(self._line.control.disconnects)

    @property
    def played(self) -> bytes:
        """The audio that was played to the caller, joined."""
        return b"".join(self._line.control.played)

    @property
    def flushes(self) -> int:
        """How often playback was flushed."""
        return self._line.control.flushes

    @property
    def tags(self) -> Mapping[str, str]:
        """What the accepting plugins tagged the call with."""
        return MappingProxyType(self._line.call.tags)

    @property
    def context(self) -> Mapping[str, Any]:
        """What plugins found out about the call."""
        return MappingProxyType(self._line.call.context)

    @property
    def logs(self) -> Sequence[str]:
        """What the plugin logged, from level DEBUG on."""
        return [record.getMessage() for record in self.records]

    @property
    def records(self) -> Sequence[logging.LogRecord]:
        """The same with all that belongs to a record."""
        return tuple(self._notes.records)

    @property
    def left_tasks(self) -> Sequence[str]:
        """The names of the tasks that still ran when all was shut down; empty before."""
        return tuple(self._stage.left)

    @property
    def loop(self) -> VirtualLoop:
        """The loop of virtual time that everything runs in."""
        loop = self._stage.loop
        assert isinstance(loop, VirtualLoop)
        return loop

    @property
    def name(self) -> str:
        """The name under which the plugin is loaded."""
        return self._stage.name

    @property
    def plugin(self) -> object:
        """The plugin as it was loaded: the instance that was made of its class, or the module."""
        loaded = self._stage.manager.plugins
        return next(plugin.target for plugin in loaded if plugin.name == self._stage.name)

    @property
    def package(self) -> str:
        """The name of the package, or module, that the plugin is made of."""
        return self._notes.package

    @property
    def faults(self) -> Sequence[Fault]:
        """What went wrong in plugins, with `raise_faults=False` the only place where it shows."""
        return tuple(self._stage.faults)

    @property
    def statistics(self) -> CallStatistics:
        """How the plugin fares: what its lane dropped, its faults, whether it is in quarantine."""
        return self._line.call.delivery.statistics_of(self._stage.name)

    @property
    def summary(self) -> SessionSummary | None:
        """The totals that `on_end` got; `None` before, and for calls that were rejected."""
        return self._line.summary

    @property
    def closed_after(self) -> float:
        """Virtual seconds from `close` until `closed` could be sent: what `on_close` took."""
        return self._line.closed_after

    # inside ----------------------------------------------------------------------------------

    @property
    def _lane(self) -> Lane | None:
        """The plugin's lane; `None` for an inline plugin, and before the call is open."""
        lanes = self._line_.call.delivery.lanes if self._line_ is not None else ()
        return next((lane for lane in lanes if lane.name == self.name), None)

    @property
    def _pools(self) -> BlockingPools:
        """Where `session.run_blocking` gets its threads; may be replaced."""
        return self._line.call.pools

    @_pools.setter
    def _pools(self, pools: BlockingPools) -> None:
        self._line.call.pools = pools

    @property
    def _line(self) -> Line:
        if self._line_ is None:
            raise RuntimeError("the call is not open; call open() first")
        return self._line_

    @property
    def _is_live(self) -> bool:
        return self._line_ is not None and not self._line_.over

    @property
    def _media(self) -> MediaFormat:
        media = self.media
        if media is None:
            raise ValueError("this call has no audio")
        return media
