"""`Connection`: one WebSocket, from the upgrade until its call has ended: where its events lead."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from contextlib import suppress
from typing import Final

from aiohttp import WebSocketError, WSCloseCode, WSMessage, WSMsgType
from opentelemetry.context import Context

from audiohook_fw.auth import Upgrade
from audiohook_fw.errors import RemoteProtocolError
from audiohook_fw.plugin import CloseReason, Reject, offered_languages
from audiohook_fw.protocol import (
    Closed,
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
from audiohook_fw.session import Call
from audiohook_fw.telemetry import LimitedLogger, set_log_context
from audiohook_fw.telemetry import attributes as names

from .call_socket import CallSocket
from .outbox import Outbox
from .reader import Reader
from .services import Services
from .timers import StateTimer
from .translate import call_facts, close_reason, loggable, reject_reason

__all__ = ["Connection"]

logger = logging.getLogger(__name__)
limited = LimitedLogger(logger)

ENDINGS: Final = 3
"""Tries to end a call when something cancels the end."""
UNKNOWN_TYPES: Final = 20
"""Types of unknown messages that are logged for one call, each once."""


class Connection:
    """Drives one call through its life, by what its reader tells and what its outbox writes.

    Attributes:
        key: (API key, organization, session id): within it the newest connection wins.
        call: the call, once `open` came and was no probe.
    """

    def __init__(
        self,
        services: Services,
        upgrade: Upgrade,
        socket: CallSocket,
        *,
        path_suffix: str = "",
        context: Context | None = None,
        transport: asyncio.Transport | None = None,
    ) -> None:
        limits = services.settings.limits
        self.key = (upgrade.credential.api_key, upgrade.organization_id.lower(), upgrade.session_id.lower())
        self.call: Call | None = None
        self._scope = contextvars.copy_context()
        self._services = services
        self._upgrade = upgrade
        self._socket = socket
        self._path_suffix = path_suffix
        self._parent = context
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._protocol = ServerProtocol(upgrade.session_id, upgrade.organization_id, max_gap=limits.max_gap)
        self._outbox = Outbox(self._protocol, socket, limits, clock=self._loop.time, on_sent=self._sent)
        self._timer = StateTimer(self._protocol, services.allowances, self._expired)
        self._reader = Reader(
            socket,
            self._protocol,
            self._timer,
            event=self._handle,
            context=self._scope,
            turn=services.turn,
            write_timeout=limits.write_timeout,
        )
        self._counting = services.counting
        self._opening: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._closing_socket: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._opened_at = 0.0
        self._close_at = 0.0
        self._unknown: set[str] = set()

    def __repr__(self) -> str:
        return f"<Connection {self._upgrade.session_id} {self._protocol.state}>"

    # for the server -----------------------------------------------------------------------------

    def start(self) -> asyncio.Task[None]:
        """Serve, in a task that ends when the socket is over and the call has ended.

        It never raises for what the client does. Cancelling it cuts the socket; the call still ends as it
        should before the task does.
        """
        return self._loop.create_task(self._run(), name="audiohook-connection", context=self._scope)

    async def _run(self) -> None:
        self._services.registry.add(self)
        try:
            set_log_context(session_id=self._upgrade.session_id)
            await self._serve()
        finally:
            self._timer.stop()
            self._counting.unsent(self._outbox)
            self._services.registry.remove(self)
            if self._transport is not None and self._transport.get_write_buffer_size():
                self._cut()  # of a client that reads no more; else it would stay until TCP gives up

    async def _serve(self) -> None:
        self._start_writer()
        self._timer.follow()
        try:
            self._over(await self._reader.run())
        except asyncio.CancelledError:
            self._cut()
            raise
        finally:
            writer, self._writing = self._writing, None
            if writer is not None:
                writer.cancel()
            await self._finish()

    def _start_writer(self) -> None:
        self._writing = self._loop.create_task(self._outbox.run(), name="audiohook-outbox")
        self._writing.add_done_callback(self._writer_done)

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

    def _over(self, message: WSMessage | None) -> None:
        if message is None:
            self._cut()
        elif isinstance(message.data, WebSocketError):  # answered already, with its close code
            too_long = message.data.code == WSCloseCode.MESSAGE_TOO_BIG
            self._counting.violated(RemoteProtocolError("no WebSocket", code=413 if too_long else 400))
        elif message.type is WSMsgType.ERROR and not isinstance(message.data, OSError):
            logger.error("reading from the client failed", exc_info=message.data)
        if self._protocol.state not in (ServerState.CLOSED, ServerState.GONE):
            closed = message is not None and message.type is WSMsgType.CLOSE
            code = message.data if message is not None and closed else self._socket.close_code
            limited.info("socket lost", "the connection broke off while %s (%s)", self._protocol.state, code)

    # what comes, by kind -------------------------------------------------------------------------

    def _handle(self, event: ServerEvent) -> None:
        self._counting.received(event)
        match event:
            case OpenReceived(open=open_):
                self._open(open_)
            case PingReceived(seq=seq):
                self._outbox.pong(seq)
            case UpdateReceived(seq=seq):
                self._outbox.updated(seq)
            case CloseReceived(reason=reason):
                self._close_at = self._loop.time()
                self._end(close_reason(reason))
            case Violated():
                self._violated(event)
            case UnknownReceived(type=type_):
                self._ignore(type_)
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
        refusal = registry.refusal(self.key)
        if refusal is not None:
            limited.warning(refusal, "a call is sent away: %s", refusal)
            self._counting.outcome("rejected")
            self._outbox.disconnect(DisconnectReason.ERROR, refusal)
            return
        if open_.unknown_offers:
            logger.info("%d media offers are not understood, and skipped", open_.unknown_offers)
        older = registry.claim(self)
        if older is not None:
            logger.warning("a newer connection takes over this session; the older one is cut")
            older.retire()
        self.call = Call(
            call_facts(self._upgrade, open_, self._path_suffix),
            self._services.calls,
            self._protocol,
            self._outbox,
            parent=self._parent,
        )
        self.call.attach()
        self._reader.audio = self.call.audio
        self._opening = self._loop.create_task(self._decide(self.call), name="audiohook-open")

    def _answer_probe(self, open_: Open) -> None:
        logger.info("connection probe: ok")
        self._counting.outcome("probe")
        told = offered_languages(self._services.plugins.languages) if open_.supported_languages else None
        media = [offer.to_wire() for offer in open_.offers[:1]]
        self._outbox.opened(Opened(media=media, supported_languages=told))

    def _ignore(self, type_: str) -> None:
        if type_ not in self._unknown and len(self._unknown) < UNKNOWN_TYPES:
            self._unknown.add(type_)
            logger.info("messages of unknown type %s are ignored", loggable(type_))

    def _error(self, event: ErrorReceived) -> None:
        error = event.error
        key = ("error", error.code if 400 <= error.code <= 599 else 0)
        limited.warning(key, "the client complains: %d %s", error.code, loggable(error.message))
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

    async def _decide(self, call: Call) -> None:
        try:
            await self._answer_open(call)
        except Exception:
            logger.exception("deciding about a call failed")
            self._outbox.disconnect(DisconnectReason.ERROR, "cannot decide")
        finally:
            self._opening = None  # a task that is done is a kilobyte, and a call may be long

    async def _answer_open(self, call: Call) -> None:
        verdict = await call.decide()
        if self._protocol.state is not ServerState.OPENING:
            return
        decision = verdict.decision
        if isinstance(decision, Reject):
            self._outbox.disconnect(reject_reason(decision), str(decision.info) or None)
            self._counting.opened("rejected", self._loop.time() - self._opened_at)
            await call.reject(decision)
        else:
            self._outbox.opened(call.opened_message())

    def _sent(self, message: ServerMessage) -> None:
        """Follow what the outbox writes; called right before the text goes to the socket."""
        self._counting.sent(message)
        call = self.call
        match message:
            case Opened() if call is not None:
                self._counting.opened("accepted", self._loop.time() - self._opened_at)
                call.begin()
            case Closed():
                self._counting.closed(self._loop.time() - self._close_at)
            case Disconnect(reason=reason) if call is not None and not call.rejected:
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
        """End the call, again if a plugin's code cancels us: an accepted call has its `on_end`."""
        for _ in range(ENDINGS):
            try:
                await self._end_call(reason)
            except asyncio.CancelledError:
                logger.error("the end of a call was cancelled; beginning it again")
            else:
                return

    async def _end_call(self, reason: CloseReason) -> None:
        """Let the plugins finish, answer `closed` unless the socket is gone, then run the end hooks."""
        call, opening = self.call, self._opening
        if call is not None and opening is not None and not call.decided:
            opening.cancel()
            await asyncio.wait({opening})
        if call is not None and call.begun:
            await call.close(reason)
            if self._protocol.state is ServerState.CLOSING:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._services.settings.limits.outbox_deadline):
                        await self._outbox.flushed()
        if self._protocol.state is ServerState.CLOSING:
            self._outbox.closed()
        if call is not None:
            if opening is not None:
                await asyncio.wait({opening})
            await call.end(reason)

    async def _finish(self) -> None:
        """The socket is over: end the call if it has not ended, whatever happens to us meanwhile."""
        self._protocol.receive_eof()
        self._timer.follow()
        self._services.registry.release(self)
        self._end(CloseReason.LOST)
        ending = self._ending
        assert ending is not None
        await self._outlast(ending)
        if not ending.cancelled() and (error := ending.exception()) is not None:
            logger.error("ending the call failed", exc_info=error)
        if self._closing_socket is not None:
            await self._outlast(self._closing_socket)

    async def _outlast(self, task: asyncio.Task[None]) -> None:
        """Wait for a task even when cancelled: a call that was accepted gets its end."""
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                self._cut()

    def retire(self) -> None:
        """Give way to a newer connection of the same session."""
        self._cut()

    def _expired(self) -> None:
        state = self._protocol.state
        self._counting.timed_out(state)
        if state not in (ServerState.CLOSING, ServerState.CLOSED, ServerState.GONE):
            limited.warning(("timeout", state), "nothing came in time while %s", state)
        self._protocol.receive_timeout()
        match self._protocol.state:
            case ServerState.FAILED:
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
        with suppress(OSError, RuntimeError):
            await self._socket.close()

    def _writer_done(self, writer: asyncio.Task[None]) -> None:
        if writer.cancelled() and self._writing:
            logger.error("an inline hook cancelled the task that called it; the writer begins again")
            self._start_writer()
        elif not writer.cancelled() and (error := writer.exception()) is not None:
            limited.info("writer", "cannot write to the client any more: %s", type(error).__name__)
            if not isinstance(error, ConnectionError | TimeoutError):
                logger.error("the writer failed", exc_info=error)
            self._cut()

    def _cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()
