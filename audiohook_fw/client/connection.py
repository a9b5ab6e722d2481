"""Plays a simulated call over a real WebSocket: one reader, one loop, retries as Genesys makes them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from socket import SHUT_RDWR
from typing import Final, TypeAlias

import aiohttp
from aiohttp import WSMsgType
from yarl import URL

from .call import ClientCall
from .handshake import ConnectError, Environment, new_session, open_socket, parse_url, upgrade_headers
from .options import CallIds, CallOptions
from .report import CallReport, Closing
from .stream import Hangup, Output
from .timeline import Timeline

__all__ = ["Observer", "probe", "run_call"]

Socket: TypeAlias = aiohttp.ClientWebSocketResponse[bool]
_Received: TypeAlias = tuple[float, str | bytes | None]
"""The time, and a text, a binary frame or the end."""

Observer: TypeAlias = Callable[[str, str | bytes], None]
"""Called for every message with `">"` (sent) or `"<"` (received); it holds personal data."""

_INBOX: Final = 1000
_RETRY_SPREAD: Final = 0.5
"""By how much of itself a wait before a retry may grow at random."""


async def run_call(
    options: CallOptions,
    *,
    environment: Environment | None = None,
    observer: Observer | None = None,
    on_start: Callable[[ClientCall], None] | None = None,
) -> CallReport:
    """Play one call, with retries; return its report, whatever the network and the server do.

    Cancelling it breaks the connection off and leaves nothing behind.

    Args:
        observer: sees every message. on_start: gets the call of each attempt.

    Raises:
        ValueError: when `options.url` is no address of a server.
    """
    url = parse_url(options.url)
    environment = environment or Environment()
    ids = _new_ids(options, environment)
    loop = asyncio.get_running_loop()
    began = loop.time()
    earlier: list[str] = []
    for attempt in range(options.retries + 1):
        report = CallReport(ids, attempts=attempt + 1, earlier=earlier.copy(), byte_order=options.byte_order)
        waited = loop.time() - began if attempt else 0.0
        call = ClientCall(options, report, waited=waited)
        if on_start is not None:
            on_start(call)
        await _attempt(call, url, options, environment, observer)
        if not report.retryable or attempt == options.retries:
            break
        earlier.append(report.outcome())
        spread = 1 + _RETRY_SPREAD * environment.chance()
        await asyncio.sleep(options.timing.retry * 2**attempt * spread)
    return report


async def probe(options: CallOptions, *, environment: Environment | None = None) -> CallReport:
    """Make the connection probe that Genesys makes when an integration is activated."""
    probing = replace(options, probe=True, timeline=Timeline())
    return await run_call(probing, environment=environment)


def _new_ids(options: CallOptions, environment: Environment) -> CallIds:
    new = environment.new_id
    return CallIds(
        organization=options.organization or new(),
        session=new(),
        correlation=new(),
        conversation=options.conversation or new(),
        participant=new(),
    )


async def _attempt(
    call: ClientCall, url: URL, options: CallOptions, environment: Environment, observer: Observer | None
) -> None:
    report = call.report
    headers = upgrade_headers(url, report.ids, options, environment, report.attempts - 1)
    # A session of its own: closing it ends the connection without a WebSocket close, for `abort`.
    async with new_session() as session:
        try:
            async with asyncio.timeout(options.timing.connect):
                socket = await open_socket(session, url, headers, options)
        except ConnectError as error:
            report.fail(str(error), retryable=error.retryable)
            report.closing = error.closing
            return
        except TimeoutError:
            report.fail(f"{url.host}:{url.port} did not answer the upgrade in time", retryable=True)
            report.closing = Closing.UNREACHABLE
            return
        await _Conversation(call, socket, options.timing.write, observer).run()


class _Conversation:
    """Moves texts and bytes between a call and its socket until the call is finished."""

    def __init__(
        self, call: ClientCall, socket: Socket, write_limit: float, observer: Observer | None
    ) -> None:
        self._call = call
        self._socket = socket
        self._write_limit = write_limit
        self._observer = observer
        self._clock = asyncio.get_running_loop().time
        # With each message the time it came: a round trip does not include our own delay.
        self._inbox: asyncio.Queue[_Received] = asyncio.Queue(_INBOX)
        self._broken_at: float | None = None

    async def run(self) -> None:
        """Play the call to its end; cancelling it leaves no task behind."""
        reader = asyncio.create_task(self._read())
        how: Hangup | None = None
        try:
            how = await self._write(self._call.start(self._clock()))
            while not self._call.finished:
                how = await self._step()
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        if how is Hangup.CLOSE:
            await self._socket.close()

    async def _step(self) -> Hangup | None:
        item = await self._next(self._wake_at())
        how: Hangup | None = None
        while item is not None and not self._call.finished:
            how = await self._receive(*item)
            item = self._inbox.get_nowait() if not self._inbox.empty() else None
        if self._call.finished:
            return how
        if self._broken_at is None:
            return await self._write(self._call.tick(self._clock()))
        if self._clock() >= self._broken_at + self._write_limit:
            self._call.receive_eof(self._clock())
        return None

    def _wake_at(self) -> float | None:
        # Of a broken connection only what came in before its end is of interest.
        return self._call.wake_at() if self._broken_at is None else self._broken_at + self._write_limit

    async def _next(self, until: float | None) -> _Received | None:
        if not self._inbox.empty():
            return self._inbox.get_nowait()
        if until is not None and until <= self._clock():
            await asyncio.sleep(0)
            return None
        try:
            async with asyncio.timeout_at(until):
                return await self._inbox.get()
        except TimeoutError:
            return None

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            ended = message.type not in (WSMsgType.TEXT, WSMsgType.BINARY)
            await self._inbox.put((self._clock(), None if ended else message.data))
            if ended:
                return

    async def _receive(self, at: float, data: str | bytes | None) -> Hangup | None:
        if data is None:
            self._call.receive_eof(at)
            return None
        self._observe("<", data)
        if isinstance(data, str):
            return await self._write(self._call.receive_text(data, at))
        return await self._write(self._call.receive_binary(data, at))

    async def _write(self, outputs: Iterable[Output]) -> Hangup | None:
        for output in outputs:
            if isinstance(output, Hangup):
                return output
            if self._broken_at is not None:
                continue
            self._observe(">", output)
            try:
                async with asyncio.timeout(self._write_limit):
                    await self._send(output)
            except TimeoutError:
                self._give_up()
                return None
            except (OSError, aiohttp.ClientError):
                self._broken_at = self._clock()
        return None

    async def _send(self, output: str | bytes) -> None:
        if isinstance(output, str):
            await self._socket.send_str(output)
        else:
            await self._socket.send_bytes(output)

    def _give_up(self) -> None:
        self._call.receive_eof(self._clock(), "the server stopped reading")
        raw = self._socket.get_extra_info("socket")
        if raw is not None:  # what is buffered will never be taken: do not wait for it
            with contextlib.suppress(OSError):
                raw.shutdown(SHUT_RDWR)

    def _observe(self, direction: str, data: str | bytes) -> None:
        if self._observer is not None:
            self._observer(direction, data)
