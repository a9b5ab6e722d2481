"""`Connection`: one WebSocket, from the upgrade until its call has ended. The only reader of the socket."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Final

from aiohttp import WSMessage, WSMsgType, web
from opentelemetry.context import Context

from audiohook_fw.auth import Upgrade
from audiohook_fw.plugin import CloseReason, Reject
from audiohook_fw.protocol import (
    AudioReceived,
    CloseReceived,
    Disconnect,
    DisconnectReason,
    ErrorReceived,
    Open,
    Opened,
    OpenReceived,
    PingReceived,
    Reconnect,
    ServerEvent,
    ServerMessage,
    ServerProtocol,
    ServerState,
    UnknownReceived,
    UpdateReceived,
    Violated,
)
from audiohook_fw.session import Call, CallFacts
from audiohook_fw.telemetry import LimitedLogger, log_context
from audiohook_fw.telemetry import attributes as names

from .counting import Counting
from .outbox import Outbox
from .services import Services
from .timers import StateTimer, allowances

__all__ = ["Connection"]

logger = logging.getLogger(__name__)
limited = LimitedLogger(logger)

FRAMES_IN_A_ROW: Final = 16
"""A client that bursts its backlog must not keep other calls waiting: the loop gets a turn."""


class Connection:
    """Reads the socket, feeds the protocol, and drives the call through its life.

    Attributes:
        key: (API key, organization, session id): within it the newest connection wins.
        call: the call, once `open` came and was no probe.
    """

    def __init__(
        self,
        services: Services,
        upgrade: Upgrade,
        socket: web.WebSocketResponse,
        *,
        path_suffix: str = "",
        context: Context | None = None,
        transport: asyncio.Transport | None = None,
    ) -> None:
        limits = services.settings.limits
        self.key = (upgrade.credential.api_key, upgrade.organization_id.lower(), upgrade.session_id.lower())
        self.call: Call | None = None
        self._services = services
        self._upgrade = upgrade
        self._socket = socket
        self._path_suffix = path_suffix
        self._parent = context
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._protocol = ServerProtocol(upgrade.session_id, upgrade.organization_id, max_gap=limits.max_gap)
        self._outbox = Outbox(self._protocol, socket, limits, clock=self._loop.time, on_sent=self._sent)
        self._timer = StateTimer(self._protocol, allowances(limits), self._expired)
        self._counting = Counting(services.metrics)
        self._stack = ExitStack()
        self._opening: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._closing_socket: asyncio.Task[None] | None = None
        self._opened_at = 0.0

    def __repr__(self) -> str:
        return f"<Connection {self._upgrade.session_id} {self._protocol.state}>"

    # for the server -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until the socket is over and the call has ended. Never raises for what the client does.

        Cancelling cuts the socket; the call still ends as it should before this returns.
        """
        self._services.registry.add(self)
        writer = self._loop.create_task(self._outbox.run(), name="audiohook-outbox")
        writer.add_done_callback(self._writer_done)
        try:
            with self._stack:
                self._stack.enter_context(log_context(session_id=self._upgrade.session_id))
                self._timer.follow()
                try:
                    await self._read()
                finally:
                    writer.cancel()
                    await self._finish()
        finally:
            self._timer.stop()
            if self._closing_socket is not None:
                self._closing_socket.cancel()
            self._services.registry.remove(self)

    def reconnect(self, info: str = "") -> None:
        """Ask the client to move its call to another connection."""
        self._outbox.reconnect(info or None)

    def disconnect(self, reason: str = "error", info: str = "") -> None:
        """Ask the client to end the call."""
        self._outbox.disconnect(DisconnectReason(reason), info or None)

    async def abort(self) -> None:
        """Cut the socket; the reader then ends the call."""
        self._cut()

    # the reader ---------------------------------------------------------------------------------

    async def _read(self) -> None:
        receive, protocol, timer, time = self._socket.receive, self._protocol, self._timer, self._loop.time
        frames = 0
        while True:
            message = await receive()
            timer.heard = time()
            if message.type is WSMsgType.BINARY:
                event = protocol.receive_binary(message.data)
                if isinstance(event, AudioReceived):
                    self._audio(event)
                elif event is not None:
                    self._violated(event)
                frames += 1
                if frames == FRAMES_IN_A_ROW:
                    frames = 0
                    await asyncio.sleep(0)
            elif message.type is WSMsgType.TEXT:
                frames = 0
                self._text(message.data)
            else:
                self._over(message)
                return

    def _audio(self, event: AudioReceived) -> None:
        call = self.call
        assert call is not None, "the protocol delivers no audio before `opened`"
        if not call.begun:
            call.begin()
        call.audio(event)

    def _text(self, text: str) -> None:
        event = self._protocol.receive_text(text, self._loop.time())
        if event is not None:
            self._counting.received(event)
            self._handle(event)
        self._timer.follow()

    def _over(self, message: WSMessage) -> None:
        if self._protocol.state not in (ServerState.CLOSED, ServerState.GONE):
            code = message.data if message.type is WSMsgType.CLOSE else self._socket.close_code
            limited.info("socket lost", "the connection broke off while %s (%s)", self._protocol.state, code)

    # what comes, by kind -------------------------------------------------------------------------

    def _handle(self, event: ServerEvent) -> None:
        match event:
            case OpenReceived(open=open_):
                self._open(open_)
            case PingReceived(seq=seq):
                self._outbox.pong(seq)
            case UpdateReceived(seq=seq):
                self._outbox.updated(seq)
            case CloseReceived(reason=reason):
                self._end(_close_reason(reason))
            case Violated():
                self._violated(event)
            case UnknownReceived(type=type_):
                limited.info(("unknown", type_), "a message of unknown type %r is ignored", type_)
            case ErrorReceived():
                self._error(event)
            case _:
                pass
        if self.call is not None and self.call.begun:
            self.call.deliver(event)

    def _open(self, open_: Open) -> None:
        self._opened_at = self._loop.time()
        if open_.is_probe:
            self._answer_probe(open_)
            return
        registry = self._services.registry
        refusal = registry.refusal()
        if refusal is not None:
            limited.warning(refusal, "a call is sent away: %s", refusal)
            self._counting.outcome("rejected")
            self._outbox.disconnect(DisconnectReason.ERROR, refusal)
            return
        older = registry.claim(self)
        if older is not None:
            logger.warning("a newer connection takes over this session; the older one is cut")
            older.retire()
        self.call = Call(
            self._facts(open_), self._services.calls, self._protocol, self._outbox, parent=self._parent
        )
        self.call.attach(self._stack)
        self._opening = self._loop.create_task(self._decide(self.call), name="audiohook-open")

    def _answer_probe(self, open_: Open) -> None:
        logger.info("connection probe: ok")
        self._counting.outcome("probe")
        languages = (self._services.languages or []) if open_.supported_languages else None
        media = [offer.to_wire() for offer in open_.offers[:1]]
        self._outbox.opened(Opened(media=media, supported_languages=languages))

    def _error(self, event: ErrorReceived) -> None:
        error = event.error
        limited.warning(("error", error.code), "the client complains: %d %s", error.code, error.message)
        if error.code == 429:
            self._outbox.back_off(error.retry_after.total_seconds() if error.retry_after else 1.0)

    def _violated(self, event: Violated) -> None:
        error = event.error
        self._counting.violated(error)
        limited.warning(("violation", error.code), "the client broke a rule: %s", error)
        if self.call is not None:
            self.call.trace.event(names.EVENT_ERROR, {names.ERROR_CODE: error.code})
        self._outbox.disconnect(DisconnectReason(error.reason), error.message)
        self._timer.follow()

    # the beginning ------------------------------------------------------------------------------

    def _facts(self, open_: Open) -> CallFacts:
        upgrade, credential = self._upgrade, self._upgrade.credential
        return CallFacts(
            session_id=upgrade.session_id,
            correlation_id=upgrade.correlation_id,
            organization_id=upgrade.organization_id,
            conversation_id=open_.conversation_id,
            participant=open_.participant,
            key_name=credential.name,
            product=credential.product,
            offers=open_.offers,
            started_at=datetime.now(UTC),
            language=open_.language,
            wants_languages=bool(open_.supported_languages),
            interims=credential.interims,
            byte_order=credential.byte_order,
            path_suffix=self._path_suffix,
            retry_attempt=upgrade.retry_attempt,
            continued_sessions=open_.continued_sessions or (),
            custom_config=open_.custom_config or {},
            input_variables=open_.input_variables or {},
        )

    async def _decide(self, call: Call) -> None:
        verdict = await call.decide()
        if self._protocol.state is not ServerState.OPENING:
            return
        decision = verdict.decision
        if isinstance(decision, Reject):
            self._outbox.disconnect(_reject_reason(decision), decision.info or None)
            self._counting.opened("rejected", self._loop.time() - self._opened_at)
            await call.reject(decision)
        else:
            self._outbox.opened(call.opened_message(self._services.languages or []))

    def _sent(self, message: ServerMessage) -> None:
        """Follow what the outbox writes; called right before the text goes to the socket."""
        self._counting.sent(message)
        call = self.call
        match message:
            case Opened() if call is not None:
                self._counting.opened("accepted", self._loop.time() - self._opened_at)
                call.begin()
            case Disconnect(reason=reason) if call is not None:
                call.trace.event(names.EVENT_DISCONNECT, {names.DISCONNECT_REASON: reason})
            case Reconnect() if call is not None:
                call.trace.event(names.EVENT_RECONNECT)
            case _:
                pass
        self._timer.follow()

    # the end ------------------------------------------------------------------------------------

    def _end(self, reason: CloseReason) -> None:
        if self._ending is None:
            self._ending = self._loop.create_task(self._run_out(reason), name="audiohook-close")

    async def _run_out(self, reason: CloseReason) -> None:
        """Let the plugins finish, answer `closed`, then run the end hooks."""
        call, opening, began = self.call, self._opening, self._loop.time()
        if call is not None and opening is not None and not call.decided:
            opening.cancel()
            await asyncio.wait({opening})
        if call is not None and call.begun:
            await call.close(reason)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._services.settings.limits.outbox_deadline):
                    await self._outbox.flushed()
            self._counting.closed(self._loop.time() - began)
        self._outbox.closed()
        if call is not None and opening is not None:
            await asyncio.wait({opening})
            await call.end(reason)

    async def _finish(self) -> None:
        """The socket is over: end the call if it has not ended, whatever happens to us meanwhile."""
        self._protocol.receive_eof()
        self._timer.follow()
        self._services.registry.release(self)
        self._end(CloseReason.LOST)
        assert self._ending is not None
        while not self._ending.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({self._ending})
        if not self._ending.cancelled() and (error := self._ending.exception()) is not None:
            logger.error("ending the call failed", exc_info=error)

    def retire(self) -> None:
        """Give way to a newer connection of the same session."""
        self._cut()

    def _expired(self) -> None:
        state = self._protocol.state
        self._counting.timed_out(state)
        self._protocol.receive_timeout()
        match self._protocol.state:
            case ServerState.FAILED:
                limited.warning(("timeout", state), "nothing came in time while %s", state)
                self._outbox.disconnect(DisconnectReason.ERROR, f"timeout while {state}")
            case ServerState.CLOSING:
                logger.warning("plugins are late: the client is answered without them")
                self._outbox.closed()
            case _:
                self._close_socket(state)
        self._timer.follow()

    def _close_socket(self, state: ServerState) -> None:
        if self._closing_socket is None and state is not ServerState.GONE:
            self._closing_socket = self._loop.create_task(self._say_goodbye(), name="audiohook-goodbye")
        else:
            self._cut()

    async def _say_goodbye(self) -> None:
        with suppress(ConnectionError, RuntimeError):
            await self._socket.close()

    def _writer_done(self, writer: asyncio.Task[None]) -> None:
        if not writer.cancelled() and (error := writer.exception()) is not None:
            limited.info("writer", "cannot write to the client any more: %s", type(error).__name__)
            if not isinstance(error, ConnectionError | TimeoutError):
                logger.error("the writer failed", exc_info=error)
            self._cut()

    def _cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _close_reason(reason: str | None) -> CloseReason:
    try:
        return CloseReason(reason or "end")
    except ValueError:
        return CloseReason.END


def _reject_reason(decision: Reject) -> DisconnectReason:
    try:
        return DisconnectReason(decision.reason)
    except ValueError:
        return DisconnectReason.COMPLETED
