"""`Line`: both ends of one call without a socket: Genesys' side answers as the real one does.

Both protocols, the call, dispatch and lanes are the real ones, so positions and states are exact.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from audiohook_fw.plugin import Accept, CloseReason, Event, Reject, SessionSummary
from audiohook_fw.protocol import (
    AudioReceived,
    ClientMessage,
    ClientProtocol,
    ClientState,
    Close,
    Closed,
    Discarded,
    Disconnect,
    DisconnectReason,
    Open,
    Pause,
    Paused,
    Resume,
    Resumed,
    ServerMessage,
    ServerProtocol,
    Update,
    Updated,
    Violated,
)
from audiohook_fw.session import Call, CallFacts, CallServices, Hold

from .control import NotedControl

__all__ = ["ELSEWHERE", "Line"]

ELSEWHERE: Final = "elsewhere"
"""Who emits and holds for the test: no plugin that is loaded."""


class _NotedCall(Call):
    """The real call; it also notes what is emitted, before the filters."""

    def __init__(
        self, facts: CallFacts, services: CallServices, server: ServerProtocol, control: NotedControl
    ) -> None:
        super().__init__(facts, services, server, control)
        self.emitted: list[tuple[str, Event]] = []

    def emit(self, event: Event, plugin: str) -> None:
        """Note and emit."""
        self.emitted.append((plugin, event))
        super().emit(event, plugin)


class Line:
    """One call from `open` to its end. Use it in its event loop only.

    Attributes:
        call: the call. client, server: the two ends' protocols. control: what the call asked for.
        decision: what the plugins decided. summary: of a call that has ended.
        closed_after, ended_after: seconds from `close` until `closed` was due, and until `on_end` returned.
    """

    def __init__(self, facts: CallFacts, services: CallServices, *, max_gap: float) -> None:
        self.control = NotedControl()
        self.client = ClientProtocol(facts.session_id, connector=facts.product == "connector")
        self.server = ServerProtocol(facts.session_id, facts.organization_id, max_gap=max_gap)
        self.call = _NotedCall(facts, services, self.server, self.control)
        self.call.attach()
        self.decision: Accept | Reject | None = None
        self.summary: SessionSummary | None = None
        self.closed_after = self.ended_after = 0.0
        self._loop = asyncio.get_running_loop()
        self._origin = timedelta(0)
        self._paused_since: float | None = None
        self._hold: Hold | None = None
        self._told = 0.0
        self._over = False

    @property
    def over(self) -> bool:
        """Whether the client has closed, or is gone."""
        return self._over

    @property
    def position(self) -> timedelta:
        """The client's position on the wire."""
        clock = self.server.clock
        return self._origin + timedelta(seconds=clock.position / clock.rate)

    # the beginning ------------------------------------------------------------------------------

    async def open(self, message: Open, position: float) -> Accept | Reject:
        """Send `open`, let the plugins decide, and open or reject."""
        self._origin = timedelta(seconds=position)
        event = self.server.receive_text(self.client.send(message, self._origin), self._loop.time())
        if isinstance(event, Violated):
            raise ValueError(f"such a call cannot be: {event.error}")
        verdict = await self.call.decide()
        self.decision = verdict.decision
        if isinstance(verdict.decision, Reject):
            known = {"error": DisconnectReason.ERROR, "unauthorized": DisconnectReason.UNAUTHORIZED}
            self._over = True
            self._send(Disconnect(reason=known.get(verdict.decision.reason, DisconnectReason.COMPLETED)))
            await self.call.reject(verdict.decision)
            await self.call.end(CloseReason.DISCONNECT)
        else:
            opened = self.call.opened_message()
            self._send(opened)
            self.call.begin()
            if opened.start_paused:
                self._paused()
        return verdict.decision

    # what the client does -----------------------------------------------------------------------

    def frame(self, payload: bytes) -> None:
        """Send one binary frame; nothing is sent while the stream is paused, as Genesys sends nothing."""
        if not self.client.paused and self.client.media is not None:
            event = self.server.receive_binary(self.client.send_audio(payload))
            if isinstance(event, Violated):
                raise ValueError(f"no such frame can come: {event.error}")
            if isinstance(event, AudioReceived):
                self.call.audio(event)

    def say(self, message: ClientMessage) -> None:
        """Send a message, all the way to the plugins."""
        self._deliver(self.client.send(message, self.position))
        if isinstance(message, Update):
            self._send(Updated())

    def pause(self, *, by_server: bool) -> None:
        """Begin a pause: the client's own, or a hold of no plugin's."""
        if by_server:
            self._hold = self._hold or self.call.view(ELSEWHERE).pause("a test")
        else:
            self._begin_pause()
            self._deliver(self.client.pause(self.position))

    def resume(self) -> None:
        """End both kinds of pause."""
        if self.client.client_paused:
            lost = self._lost()
            text = self.client.resume(self.position, lost, self.position + lost)
            if text is not None:
                self._paused_since = None
                self._deliver(text)
        if self._hold is not None:
            self._hold.release()
            self._hold = None

    def discard(self, seconds: float) -> None:
        """Throw away audio."""
        self.say(Discarded(start=self.position, discarded=timedelta(seconds=seconds)))

    def answer(self) -> bool:
        """Do what the call asks the client for; return whether it asks for the end."""
        wanted = self.control.paused
        while wanted is not None and wanted is not self.server.pause.server and self.server.allows(Pause()):
            self._send(Pause() if wanted else Resume())
            if wanted or self.client.client_paused:
                self._paused()
            else:
                self._resumed()
            wanted = self.control.paused
        return bool(self.control.disconnects) and not self._over

    # the end ------------------------------------------------------------------------------------

    async def close(self, reason: CloseReason) -> None:
        """Send `close`, and let the plugins finish; with `lost` the connection breaks off instead."""
        if self._over:
            return
        self._over = True
        began = self._loop.time()
        if reason is CloseReason.LOST:
            self.client.receive_eof()
            self.server.receive_eof()
        else:
            if reason is CloseReason.DISCONNECT and self.control.disconnects:
                asked = self.control.disconnects[0]
                self._send(Disconnect(reason=DisconnectReason(asked.reason), info=asked.info or None))
            self._deliver(self.client.send(Close(reason=str(reason)), self.position))
        await self.call.close(reason)
        self.closed_after = self._loop.time() - began
        if reason is not CloseReason.LOST:
            self._send(Closed())
        self.summary = await self.call.end(reason)
        self.ended_after = self._loop.time() - began

    # inside -------------------------------------------------------------------------------------

    def _deliver(self, text: str) -> None:
        event = self.server.receive_text(text, self._loop.time())
        if isinstance(event, Violated):
            raise ValueError(f"Genesys does no such thing: {event.error}")
        if event is not None and self.call.begun:
            self.call.deliver(event)

    def _send(self, message: ServerMessage) -> None:
        # The outbox would keep to the client's limits; here each message comes long after the one before.
        self._told += 60
        self.client.receive_text(self.server.send(message), self._told)
        assert self.client.state is not ClientState.FAILED, f"the client refuses {message.type}"

    def _begin_pause(self) -> None:
        if self._paused_since is None:
            self._paused_since = self._loop.time()

    def _lost(self) -> timedelta:
        """Return the call time that passed in the pause."""
        since = self._paused_since
        return timedelta(seconds=0 if since is None else self._loop.time() - since)

    def _paused(self) -> None:
        self._begin_pause()
        self.say(Paused())

    def _resumed(self) -> None:
        lost = self._lost()
        self._paused_since = None
        self.say(Resumed(start=self.position, discarded=lost))
