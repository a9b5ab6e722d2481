"""`ServerProtocol`: the server's side of one connection, without I/O.

Text and bytes in, typed events out (`receive_text`, `receive_binary`); messages in, JSON text out
(`send`). The caller sends the text to the network at once, in the order in which it was made.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pydantic import ValidationError

from audiohook_fw.errors import LocalProtocolError, RemoteProtocolError

from . import client_messages as received_
from . import server_messages as sent_
from .clock import StreamClock
from .duration import to_samples
from .entities import describe
from .envelope import MAX_RECEIVED_BYTES, MAX_SENT_BYTES, Envelope, read_envelope
from .events import (
    AudioReceived,
    CloseReceived,
    DiscardedReceived,
    DtmfReceived,
    ErrorReceived,
    OpenReceived,
    PausedReceived,
    PingReceived,
    PlaybackReceived,
    ResumedReceived,
    ServerEvent,
    UnknownReceived,
    UpdateReceived,
    Violated,
    WithheldReceived,
)
from .media import MediaFormat, parse_offers
from .pausing import ClientPause, PauseFlags
from .sequence import Sequenced
from .states import (
    AUDIO,
    EOF,
    SERVER_IGNORED,
    SERVER_TABLE,
    TIMEOUT,
    UNKNOWN,
    VIOLATION,
    ServerState,
    received,
    sent,
)
from .values import DisconnectReason

__all__ = ["ServerProtocol"]

_AUDIO: Final = received(AUDIO)
_PAUSED: Final = received(received_.Paused.type)
_RESUMED: Final = received(received_.Resumed.type)
_TYPE_LENGTH: Final = 64
"""How much of an unknown type's name is kept."""
_PENDING_ANSWERS: Final = 64
"""Pings or updates that may wait for their answer; a client has one of each in flight."""


class ServerProtocol(Sequenced[ServerState]):
    """The server's twin: tolerant of what it receives, strict about what it sends.

    Args:
        session_id: the `Audiohook-Session-Id` header; every message must carry it.
        organization_id: the `Audiohook-Organization-Id` header, which `open` must repeat; `None`
            leaves that check out.
        max_gap: bound of the stream clock in seconds, or `None` for no bound (replay).
        allow_rejected: also send the `disconnect` reason `rejected`, which official clients refuse.

    Attributes:
        open: the `open` message, from when it came until it is answered.
        media: the selected format, once opened.
        clock: the stream clock, once opened. pause: the two pause flags.
        dropped_audio: binary frames dropped because no audio was wanted then.
        withheld_audio, withheld_dtmf: frames, and keys, dropped because they came in what is, or may be, a
            pause of the client's own; the frames are part of `dropped_audio`.
    """

    _table = SERVER_TABLE
    _ignored = SERVER_IGNORED

    def __init__(
        self,
        session_id: str,
        organization_id: str | None = None,
        *,
        max_gap: float | None = 30.0,
        allow_rejected: bool = False,
    ) -> None:
        super().__init__(session_id, ServerState.UPGRADED)
        self._organization_id = organization_id
        self._max_gap = max_gap
        self._allow_rejected = allow_rejected
        self._opened_at = 0.0
        self._origin = timedelta(0)
        self._offers: tuple[MediaFormat, ...] = ()
        self._pings: list[int] = []
        self._updates: list[int] = []
        self._close_seq = 0
        self._told: tuple[bool, ClientPause] | None = None  # what the last `paused` said
        self.open: received_.Open | None = None
        self.media: MediaFormat | None = None
        self.clock = StreamClock(8000, opened_at=0.0, max_gap=max_gap)
        self.pause = PauseFlags()
        self.dropped_audio = 0
        self.withheld_audio = 0
        self.withheld_dtmf = 0

    # what comes in -----------------------------------------------------------------------------

    def receive_text(self, text: str, now: float) -> ServerEvent | None:
        """Take one text message; return what it means, or `None` when it means nothing (any more).

        Never raises for what the client does: a broken rule is returned as `Violated`.
        """
        try:
            envelope = read_envelope(text)
            # A client that closes waits for `closed`, whatever is wrong with its numbers.
            if self._judging and envelope.type != received_.Close.type:
                self._check_envelope(envelope, envelope.serverseq)
            self._count(envelope)
            return self._receive(envelope, now)
        except RemoteProtocolError as error:
            return self._violated(error)

    def receive_binary(self, payload: bytes) -> AudioReceived | WithheldReceived | Violated | None:
        """Take one binary frame; `None` when it is dropped (empty, paused, or not the time for it).

        The first one that is dropped in a pause of the client's own is told of, without its content.
        """
        if _AUDIO not in self._cells:
            return self._drop_audio()
        if len(payload) > MAX_RECEIVED_BYTES:
            too_long = f"binary frame longer than {MAX_RECEIVED_BYTES} bytes"
            return self._violated(RemoteProtocolError(too_long, code=413))
        media = self.media
        if media is None:
            self.dropped_audio += 1
            return None
        try:
            samples = media.samples(len(payload))
        except ValueError as error:
            return self._violated(RemoteProtocolError(str(error)))
        if not samples:
            return None
        position, gap = self.clock.advance(samples)
        return AudioReceived(payload, samples, position, gap)

    def _drop_audio(self) -> WithheldReceived | Violated | None:
        if _AUDIO not in SERVER_IGNORED[self.state]:
            return self._violated(RemoteProtocolError(f"audio while {self.state}"))
        self.stray += 1
        self.dropped_audio += 1
        if not self.pause.may_be_secure:
            return None
        self.withheld_audio += 1
        return WithheldReceived("audio", first=True) if self.withheld_audio == 1 else None

    def receive_timeout(self) -> None:
        """Note that the time allowed for this state is over; the new state tells what is due."""
        self._step(TIMEOUT)

    def receive_eof(self) -> None:
        """Note that the socket is gone."""
        self._step(EOF)

    # what goes out -----------------------------------------------------------------------------

    @property
    def origin(self) -> timedelta:
        """The position on the wire at which call time is 0: that of `open`, more than 0 on a reconnect."""
        return self._origin

    def allows(self, message: sent_.ServerMessage) -> bool:
        """Tell whether `send` would take a message of this type now."""
        return self.permits(sent(message.type)) and self._awaited(message)

    def send(self, message: sent_.ServerMessage, *, answers: int | None = None) -> str:
        """Return the JSON text of a message, to be written to the socket at once.

        Args:
            answers: for `Pong` and `Updated` the `seq` of the message answered; the default is the
                oldest unanswered one. `Closed` always answers the `close`.

        Raises:
            LocalProtocolError: when the state forbids it, or the message breaks a rule of its own.
                Nothing is sent and no number is used up then.
        """
        if not self.allows(message):
            raise LocalProtocolError(f"{message.type} is not allowed while {self.state}")
        self._check(message)
        text = self._write(message, clientseq=self._answered(message, answers))
        self._step(sent(message.type))
        self._note_sent(message)
        return text

    def send_audio(self, payload: bytes) -> bytes:
        """Return the bytes of a binary frame to play (Audio Connector).

        Raises:
            LocalProtocolError: when the state forbids it or the frame is longer than 64,000 bytes.
        """
        if not self.permits(sent(AUDIO)):
            raise LocalProtocolError(f"audio is not allowed while {self.state}")
        if len(payload) > MAX_SENT_BYTES:
            raise LocalProtocolError(f"a frame of {len(payload)} bytes is longer than {MAX_SENT_BYTES}")
        return payload

    # receiving, by type --------------------------------------------------------------------------

    @property
    def _judging(self) -> bool:
        return self.permits(received(VIOLATION))

    def _violated(self, error: RemoteProtocolError) -> Violated | None:
        return Violated(error) if self._step(received(VIOLATION)) else None

    def _receive(self, envelope: Envelope, now: float) -> ServerEvent | None:
        model = received_.CLIENT_MESSAGES.get(envelope.type)
        if model is None:
            return UnknownReceived(envelope.type[:_TYPE_LENGTH]) if self._step(received(UNKNOWN)) else None
        input_ = received(envelope.type)
        if input_ in SERVER_IGNORED[self.state]:
            self._step(input_)
            self._note_early(input_, envelope)
            return None
        if not self.permits(input_):
            raise RemoteProtocolError(f"{envelope.type} while {self.state}", code=409)
        try:
            message = model.model_validate(envelope.parameters)
        except ValidationError as error:
            problem = describe(error)
        else:
            return self._take(message, envelope, now)
        raise RemoteProtocolError(f"malformed {envelope.type}: {problem}")  # outside: see `describe`

    def _note_early(self, input_: str, envelope: Envelope) -> None:
        """Keep in mind a pause of the client's that begins, against the rules, before `opened`."""
        if self.state is ServerState.OPENING:
            if input_ == _PAUSED:
                self.pause.paused(envelope.serverseq)
            elif input_ == _RESUMED:
                self.pause.resumed(envelope.serverseq)

    def early_pause(self) -> PausedReceived | None:
        """Return, once `opened` was sent, that the client had paused before that; `None` when it had not."""
        if self.state is not ServerState.PAUSED or self._told is not None:
            return None
        self._told = (True, self.pause.client)
        return PausedReceived(self.clock.position, True, self.pause.client, True)

    def _take(self, message: received_.ClientMessage, envelope: Envelope, now: float) -> ServerEvent:
        if isinstance(message, received_.Open):
            self._take_open(message, envelope, now)
        was = self.state
        self._step(received(message.type))
        position = self.clock.position
        match message:
            case received_.Open():
                return OpenReceived(message)
            case received_.Close():
                self._close_seq = envelope.seq
                return CloseReceived(message.reason, envelope.seq)
            case received_.Ping():
                _await_answer(self._pings, envelope.seq)
                return PingReceived(envelope.seq, message.rtt.total_seconds() if message.rtt else None)
            case received_.Update():
                _await_answer(self._updates, envelope.seq)
                return UpdateReceived(envelope.seq, message.language, position)
            case received_.Paused():
                by_client = self.pause.paused(envelope.serverseq)
                told, self._told = self._told, (by_client, self.pause.client)
                news = was is not ServerState.PAUSED or self._told != told
                return PausedReceived(position, by_client, self.pause.client, news)
            case received_.Resumed(start=start, discarded=discarded):
                self.pause.resumed(envelope.serverseq)
                return ResumedReceived(self.clock.resume(self._samples(start), self._samples(discarded), now))
            case received_.Discarded(start=start, discarded=discarded):
                gap = self.clock.discard(self._samples(start), self._samples(discarded), now)
                return DiscardedReceived(gap)
            case received_.Error():
                return ErrorReceived(message)
            case received_.Dtmf(digit=digit):
                if self.pause.may_be_secure:  # it may be one of a card's number
                    self.withheld_dtmf += 1
                    return WithheldReceived("dtmf", first=self.withheld_dtmf == 1)
                return DtmfReceived(digit, position)
            case _:
                return PlaybackReceived(isinstance(message, received_.PlaybackStarted), position)

    def _take_open(self, message: received_.Open, envelope: Envelope, now: float) -> None:
        organization = self._organization_id
        if organization is not None and message.organization_id.lower() != organization.lower():
            raise RemoteProtocolError(
                "open is of another organization than the header", reason="unauthorized"
            )
        self.open = message
        self.session_id = envelope.id  # equal but for case: echo it as received
        self._offers = message.offers
        self._opened_at = now
        self._origin = envelope.position or timedelta(0)

    def _samples(self, duration: timedelta) -> int:
        return to_samples(duration, self.clock.rate)

    # sending, by type ----------------------------------------------------------------------------

    def _awaited(self, message: sent_.ServerMessage) -> bool:
        match message:
            case sent_.Pong():
                return bool(self._pings)
            case sent_.Updated():
                return bool(self._updates)
            case _:
                return True

    def _check(self, message: sent_.ServerMessage) -> None:
        match message:
            case sent_.Opened(media=media, supported_languages=languages):
                offers = [offer.to_wire() for offer in self._offers]
                if any(entry not in offers or not parse_offers([entry])[0] for entry in media):
                    raise LocalProtocolError("the selected media is not one of the offers")
                if languages is not None and not (self.open and self.open.supported_languages):
                    raise LocalProtocolError("supportedLanguages was not asked for")
            case sent_.Disconnect(reason=DisconnectReason.REJECTED) if not self._allow_rejected:
                raise LocalProtocolError("disconnect reason `rejected` is not allowed by configuration")
            case sent_.EventMessage(entities=entities):
                if not entities or any(entity.data is None for entity in entities):
                    raise LocalProtocolError("an event needs entities, and every entity data")
            case _:
                pass

    def _answered(self, message: sent_.ServerMessage, answers: int | None) -> int:
        match message:
            case sent_.Closed():
                return self._close_seq
            case sent_.Pong():
                return _pending(self._pings, answers)
            case sent_.Updated():
                return _pending(self._updates, answers)
            case _:
                return self.received_seq

    def _note_sent(self, message: sent_.ServerMessage) -> None:
        match message:
            case sent_.Opened(media=media, start_paused=start_paused):
                self.open = None  # long calls need not hold it
                self.media = parse_offers(media)[0][0] if media else None
                rate = self.media.rate if self.media else self.clock.rate
                origin = to_samples(self._origin, rate)
                self.clock = StreamClock(
                    rate, opened_at=self._opened_at, max_gap=self._max_gap, origin=origin
                )
                if start_paused:
                    self.pause.sent(pause=True, seq=self.sent_seq, from_start=True)
                if self.pause.client is not ClientPause.NO:
                    self._step(_PAUSED)
            case sent_.Pause() | sent_.Resume():
                self.pause.sent(pause=isinstance(message, sent_.Pause), seq=self.sent_seq)
            case _:
                pass


def _await_answer(waiting: list[int], seq: int) -> None:
    waiting.append(seq)
    del waiting[:-_PENDING_ANSWERS]  # the oldest of a client that floods


def _pending(waiting: list[int], answers: int | None) -> int:
    seq = waiting[0] if answers is None else answers
    if seq not in waiting:
        raise LocalProtocolError(f"message {seq} was answered already, or never came")
    waiting.remove(seq)
    return seq
