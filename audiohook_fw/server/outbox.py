"""The outbox: one writer per call. It numbers messages as it writes them and obeys the client's limits.

Answers go first, then the pause state, then results, then audio to play. It keeps the *desired*
pause state, not a queue of commands, and tokens in reserve for `pong` and `closed`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    BargeInEntity,
    Closed,
    Disconnect,
    DisconnectReason,
    EventMessage,
    Opened,
    Pause,
    Pong,
    Reconnect,
    Resume,
    ServerMessage,
    ServerProtocol,
    ServerState,
    TokenBucket,
    Updated,
    WireEntity,
)
from audiohook_fw.telemetry import LimitedLogger

from .entities_queue import EntityQueue
from .farewell import make_disconnect, short_info
from .outbox_needs import OutboxLimits, Wire

__all__ = ["Outbox", "OutboxLimits", "Wire"]

logger = logging.getLogger(__name__)
limited = LimitedLogger(logger)

RESERVE: Final = 4
"""Tokens that only answers may use."""
FINALS_RESERVE: Final = 4
"""Tokens, beside those, that interims leave to finals, which then wait for none."""
LAST_MESSAGES: Final = 16
"""Messages with results that may go without tokens right before `closed`: a full queue of usual results."""
PLAYBACK_BYTES: Final = 4_000_000
"""Queued audio to play: eight minutes of PCMU."""
PLAYBACK_FRAME: Final = 32_000
"""Audio is joined into frames of up to this size: the client takes five messages a second."""
ANSWERS: Final = 64
"""Answers that may wait; the protocol remembers as many pings. A client has one in flight."""
LONGEST_QUIET: Final = 60.0
"""Seconds of silence that one 429 can ask for: nonsense must not keep a pause from being sent."""
_PONG: Final = Pong()


class Outbox:
    """Everything the server wants to say on one connection; implements `session.CallControl`.

    All methods but `run` only note a wish and wake the writer. Wishes that the state forbids by the
    time they would be written are dropped and counted.

    Attributes:
        sent: messages written, by type. forbidden: wishes dropped because the protocol forbade them.
        unsendable: the part of `forbidden` that were results: too long, or too late.
        entities: the results that wait.
    """

    def __init__(
        self,
        protocol: ServerProtocol,
        wire: Wire,
        limits: OutboxLimits,
        *,
        clock: Callable[[], float],
        on_sent: Callable[[ServerMessage], None],
    ) -> None:
        self._protocol = protocol
        self._wire = wire
        self._clock = clock
        self._on_sent = on_sent
        self._write_timeout = limits.write_timeout
        self._reserve = min(RESERVE, limits.message_burst - 1)
        self._interim_reserve = min(RESERVE + FINALS_RESERVE, limits.message_burst - 1)
        self._text = TokenBucket(limits.message_rate, limits.message_burst)
        self._binary = TokenBucket(limits.message_rate, limits.message_burst)
        self._resumes = TokenBucket(limits.pause_rate, limits.pause_burst)
        self._pauses = TokenBucket(limits.pause_rate, limits.pause_burst)
        self._answers: list[tuple[ServerMessage, int | None]] = []
        self._audio = bytearray()
        self._paused: bool | None = None
        self._quiet_until = 0.0
        self._writing = False
        self._closed = False
        self._last_messages = LAST_MESSAGES
        self._idle = False
        self._sleeper: asyncio.Future[None] | None = None
        self._flushed: list[asyncio.Future[None]] = []
        self.entities = EntityQueue(limits.outbox_events)
        self.sent: dict[str, int] = {}
        self.forbidden = 0
        self.unsendable = 0

    # wishes -------------------------------------------------------------------------------------

    def opened(self, message: Opened) -> None:
        """Accept the call."""
        self._answer(message)

    def pong(self, seq: int) -> None:
        """Answer ping number `seq`."""
        self._answer(_PONG, seq)

    def updated(self, seq: int) -> None:
        """Answer update number `seq`."""
        self._answer(Updated(), seq)

    def closed(self) -> None:
        """Answer `close`: the last message.

        Finals that still wait go before it, in as few messages as hold them, and `LAST_MESSAGES` of those
        without tokens: what is not sent now is lost. All else is dropped.
        """
        self._closed = True
        self.entities.clear(finals=False)
        self._answers.clear()
        self._answer(Closed())

    def disconnect(
        self,
        reason: DisconnectReason,
        info: str | None = None,
        output_variables: Mapping[str, str] | None = None,
    ) -> None:
        """Ask the client to end the call; once, further wishes are dropped.

        It goes before all other answers, and in place of an `opened` that waits.

        Raises:
            LocalProtocolError: when the output variables are no texts, or too long to be sent.
        """
        self._answer(make_disconnect(reason, info, output_variables))

    def reconnect(self, info: str | None = None) -> None:
        """Ask the client to move to a new connection."""
        self._answer(Reconnect(info=short_info(info)))

    def want_pause(self, paused: bool) -> None:
        """Make the server's pause flag so, as soon as state and limits allow."""
        self._paused = paused
        self._rouse()

    def send_entity(
        self, entity: WireEntity, *, replaces: str = "", interim: bool = False, first: bool = False
    ) -> None:
        """Send a result, unless the end has come; raises `ValueError` for what JSON cannot carry."""
        if self._closed:
            self.entities.cleared += 1
            return
        lost, duplicates = self.entities.lost, self.entities.duplicates
        self.entities.put(entity, replaces=replaces, interim=interim, first=first)
        if self.entities.lost > lost:
            limited.warning(
                "full", "more results wait for the client than limits.outbox_events: some are lost"
            )
        if self.entities.duplicates > duplicates:
            limited.warning(
                "duplicate", "a second final result of one utterance is not sent; give each its own id"
            )
        self._rouse()

    def play(self, audio: bytes) -> None:
        """Queue audio to play.

        Raises:
            LocalProtocolError: when more is queued than eight minutes.
        """
        if len(self._audio) + len(audio) > PLAYBACK_BYTES:
            raise LocalProtocolError("too much audio to play is queued; wait for on_playback")
        if audio:
            self._audio += audio
            self._rouse()

    def flush_playback(self) -> None:
        """Drop queued audio and send `barge_in` before all other results, and before newer audio."""
        self._audio.clear()
        self.send_entity(BargeInEntity().wire_entity(), replaces="barge_in", first=True)

    def back_off(self, seconds: float) -> None:
        """Send answers only for a while, a minute at most: the client said 429."""
        self._quiet_until = max(self._quiet_until, self._clock() + min(seconds, LONGEST_QUIET))

    async def flushed(self) -> None:
        """Wait until nothing is left to write. Cancelling is safe."""
        while self._answers or self.entities or self._writing:
            flushed = asyncio.get_running_loop().create_future()
            self._flushed.append(flushed)
            await flushed

    # the writer ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write until cancelled.

        Raises:
            ConnectionError: when the socket is gone. TimeoutError: when the client reads too slowly.
        """
        while True:
            now = self._clock()
            message, answers = self._next(now)
            if message is not None:
                await self._send(message, answers)
            elif (audio := self._next_audio(now)) is not None:
                await self._write(self._wire.send_bytes(audio))
            else:
                self._tell_flushed()
                await self._sleep(self._wait(now))

    async def _sleep(self, seconds: float | None) -> None:
        """Wait until something is wished for, or for so many seconds."""
        loop = asyncio.get_running_loop()
        self._sleeper = loop.create_future()
        self._idle = seconds is None
        timer = loop.call_later(seconds, self._rouse) if seconds is not None else None
        try:
            await self._sleeper
        finally:
            self._sleeper = None
            self._idle = False
            if timer is not None:
                timer.cancel()

    def _rouse(self) -> None:
        self._idle = False
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    def _tell_flushed(self) -> None:
        flushed, self._flushed = self._flushed, []
        for waiting in flushed:
            if not waiting.done():
                waiting.set_result(None)

    async def _send(self, message: ServerMessage, answers: int | None) -> None:
        text = self._number(message, answers)
        if text is None:
            return
        if self._wire.is_clear():
            self._wire.send_now(text)
        else:
            await self._write(self._wire.send_str(text))

    def _number(self, message: ServerMessage, answers: int | None) -> str | None:
        """Return the text of a message, which is to be written at once; `None` when it is forbidden."""
        try:
            text = self._protocol.send(message, answers=answers)
        except LocalProtocolError as error:
            self.forbidden += 1
            self.unsendable += isinstance(message, EventMessage)
            self._log_unsent(message, error)
            return None
        self.sent[message.type] = self.sent.get(message.type, 0) + 1
        self._on_sent(message)
        return text

    def _log_unsent(self, message: ServerMessage, error: LocalProtocolError) -> None:
        if not isinstance(message, Opened) or self._protocol.state is not ServerState.OPENING:
            logger.debug("not sent: %s", error)
            return
        # Nothing forbids it but itself; without an answer the client would wait until it gives up.
        logger.error("the call is not opened: %s", error)
        self.disconnect(DisconnectReason.ERROR, "cannot open")

    async def _write(self, writing: Awaitable[None]) -> None:
        self._writing = True
        try:
            async with asyncio.timeout(self._write_timeout):
                await writing
        finally:
            self._writing = False

    # what is next -------------------------------------------------------------------------------

    def _answer(self, message: ServerMessage, answers: int | None = None) -> None:
        if answers is not None and self._idle and self._wire.is_clear() and self._text.take(self._clock()):
            # A ping, mostly: there is no need to wake the writer, which sleeps and has nothing else to do.
            if (text := self._number(message, answers)) is not None:
                self._wire.send_now(text)
            return
        if answers is None and any(type(waiting) is type(message) for waiting, _ in self._answers):
            return  # once is enough
        if len(self._answers) >= ANSWERS:
            self._drop_answer()
        if isinstance(message, Disconnect) and not self._closed:
            waiting = [item for item in self._answers if not isinstance(item[0], Opened)]
            self._answers = [(message, answers), *waiting]
        else:
            self._answers.append((message, answers))
        self._rouse()

    def _drop_answer(self) -> None:
        """Drop the oldest `pong` or `updated`: the client floods, and the protocol forgot its number too."""
        oldest = next(item for item in self._answers if item[1] is not None)
        self._answers.remove(oldest)
        self.forbidden += 1

    def _next(self, now: float) -> tuple[ServerMessage | None, int | None]:
        if self._closed and self.entities:
            return self._next_of_the_last(now), None
        if self._answers and self._may_answer(now):
            return self._answers.pop(0)
        if self._quiet_until > now:
            return None, None
        if (pause := self._due_pause()) is not None and self._may_pause(pause, now):
            return (Pause() if pause else Resume()), None
        if self.entities and self._text.take(now, reserve=self._entity_reserve):
            return self.entities.pop(merge=self._must_merge(now)), None
        return None, None

    def _next_of_the_last(self, now: float) -> ServerMessage:
        message = self.entities.pop(merge=True)
        self._last_messages -= not self._text.take(now)
        if self._last_messages <= 0:
            if self.entities:
                limited.warning(
                    "last", "%d results are lost: the call ended before they were sent", len(self.entities)
                )
            self.entities.clear()
        return message

    @property
    def _is_closing(self) -> bool:
        return self._protocol.state is ServerState.CLOSING

    @property
    def _entity_reserve(self) -> int:
        """Tokens that the next result leaves: to answers, and an interim to finals; at the end one."""
        if self._is_closing:
            return min(1, self._reserve)
        return self._reserve if self.entities.has_final else self._interim_reserve

    def _must_merge(self, now: float) -> bool:
        """Tell whether results would be lost if each had a message of its own."""
        if self._is_closing:
            return len(self.entities) > self._text.tokens(now)
        return self.entities.crowded

    def _may_answer(self, now: float) -> bool:
        # The end must not wait for tokens; the client forgives one message more, not a missing end.
        return self._text.take(now) or isinstance(self._answers[0][0], Closed | Disconnect)

    def _due_pause(self) -> bool | None:
        wanted = self._paused
        if wanted is None or wanted is self._protocol.pause.server:
            return None
        return wanted if self._protocol.allows(Pause()) else None

    def _may_pause(self, pause: bool, now: float) -> bool:
        bucket = self._pauses if pause else self._resumes
        return bucket.wait(now) == 0 and self._text.take(now, reserve=self._reserve) and bucket.take(now)

    def _next_audio(self, now: float) -> bytes | None:
        if not self._may_play or self._quiet_until > now or not self._binary.take(now, reserve=self._reserve):
            return None
        frame = bytes(self._audio[:PLAYBACK_FRAME])
        del self._audio[:PLAYBACK_FRAME]
        try:
            return self._protocol.send_audio(frame)
        except LocalProtocolError:
            self.forbidden += 1
            self._audio.clear()
            return None

    @property
    def _may_play(self) -> bool:
        # Audio before `opened` waits; audio behind a `barge_in` would be thrown away with the old.
        opening = self._protocol.state is ServerState.OPENING
        return bool(self._audio) and not opening and not self.entities.urgent

    def _wait(self, now: float) -> float | None:
        """Return the seconds until something that waits may be written; `None` when nothing waits."""
        waits = []
        quiet = max(0.0, self._quiet_until - now)
        if self._answers:
            waits.append(self._text.wait(now))
        if (pause := self._due_pause()) is not None:
            text = self._text.wait(now, reserve=self._reserve)
            bucket = self._pauses if pause else self._resumes
            waits.append(max(quiet, text, bucket.wait(now)))
        if self.entities:
            waits.append(max(quiet, self._text.wait(now, reserve=self._entity_reserve)))
        if self._may_play:
            waits.append(max(quiet, self._binary.wait(now, reserve=self._reserve)))
        return min(waits) + 0.001 if waits else None
