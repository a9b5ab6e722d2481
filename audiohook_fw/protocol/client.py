"""`ClientProtocol`: the client's side of one connection, without I/O.

The twin of `ServerProtocol`, as strict towards the server as the official client is: simulators and
conformance checks run on it. The caller obeys what the events ask for (`Violated`: send `Error` and
`Close`; `Complaint`: send `Error`; `PauseReceived`: send `Paused`; …).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError

from audiohook_fw.errors import LocalProtocolError, RemoteProtocolError

from . import client_messages as sent_
from . import server_messages as received_
from .buckets import TokenBucket
from .duration import format_duration
from .entities import describe
from .envelope import MAX_SENT_BYTES, Envelope, read_envelope
from .events import (
    ClientEvent,
    ClosedReceived,
    Complaint,
    DisconnectReceived,
    EntitiesReceived,
    OpenedReceived,
    PauseReceived,
    PongReceived,
    ReconnectReceived,
    ResumeReceived,
    ServerAudioReceived,
    UpdatedReceived,
    Violated,
)
from .media import MediaFormat, parse_offers
from .sequence import Sequenced
from .states import (
    AUDIO,
    CLIENT_IGNORED,
    CLIENT_TABLE,
    EOF,
    TIMEOUT,
    UNKNOWN,
    VIOLATION,
    ClientState,
    received,
    sent,
)
from .values import DisconnectReason

__all__ = ["ClientProtocol"]

_RATES: Final = {"text": (5.0, 25.0), "binary": (5.0, 25.0), "pause": (2.0, 4.0), "resume": (2.0, 4.0)}
_NEVER_LIMITED: Final = frozenset({"opened", "closed", "disconnect"})
_ABUSE: Final = 50
"""Breaches of the rate limits after which the session is ended."""


class ClientProtocol(Sequenced[ClientState]):
    """The client's twin: strict about what it receives, exact in what it sends.

    Args:
        session_id: the `id` of every message.
        connector: this is an Audio Connector session: the server may send audio.

    Attributes:
        media: the format the server selected; `None` before `opened`, and when it selected none.
        server_paused, client_paused: the two pause flags; audio flows only when both are clear.
        limited: messages of the server that broke its rate limits.
    """

    _table = CLIENT_TABLE
    _ignored = CLIENT_IGNORED

    def __init__(self, session_id: str, *, connector: bool = False) -> None:
        super().__init__(session_id, ClientState.PREPARING)
        self._connector = connector
        self._offers: list[Any] = []
        self._pings: list[int] = []
        self._buckets = {name: TokenBucket(*rate) for name, rate in _RATES.items()}
        self.media: MediaFormat | None = None
        self.server_paused = False
        self.client_paused = False
        self.limited = 0

    @property
    def paused(self) -> bool:
        """Whether no audio may be sent now."""
        return self.server_paused or self.client_paused

    @property
    def ping_outstanding(self) -> bool:
        """Whether a ping has no pong yet."""
        return bool(self._pings)

    # what comes in -----------------------------------------------------------------------------

    def receive_text(self, text: str, now: float) -> ClientEvent | None:
        """Take one text message of the server; never raises for what the server does."""
        try:
            envelope = read_envelope(text)
            judging = self.permits(received(VIOLATION))
            if judging:
                self._check_strictly(envelope)
            self._count(envelope)
            limited = self._limit(envelope.type, now) if judging else None
            return limited if limited is not None else self._receive(envelope)
        except RemoteProtocolError as error:
            return self._violated(error)

    def receive_binary(self, payload: bytes, now: float) -> ClientEvent | None:
        """Take one binary frame of the server."""
        if not self._connector or not self.permits(received(AUDIO)):
            if received(AUDIO) in CLIENT_IGNORED[self.state]:
                self.stray += 1
                return None
            return self._violated(RemoteProtocolError("binary message of the server", code=415))
        if len(payload) > MAX_SENT_BYTES:
            return self._violated(RemoteProtocolError("binary message is too long", code=413))
        return self._limit(AUDIO, now) or ServerAudioReceived(payload)

    def receive_timeout(self) -> None:
        """Note that the server did not answer in time; the new state tells what is due."""
        self._step(TIMEOUT)

    def receive_eof(self) -> None:
        """Note that the socket is gone."""
        self._step(EOF)

    # what goes out -----------------------------------------------------------------------------

    def send(self, message: sent_.ClientMessage, position: timedelta) -> str:
        """Return the JSON text of a message, to be written to the socket at once.

        Args:
            position: the client's stream position.

        Raises:
            LocalProtocolError: when the state forbids it.
        """
        if not self.permits(sent(message.type)):
            raise LocalProtocolError(f"{message.type} is not allowed while {self.state}")
        text = self._write(message, serverseq=self.received_seq, position=format_duration(position))
        self._step(sent(message.type))
        if isinstance(message, sent_.Open):
            self._offers = message.media
        elif isinstance(message, sent_.Ping):
            self._pings.append(self.sent_seq)
        return text

    def pause(self, position: timedelta) -> str:
        """Begin the client's own pause; return the unprompted `paused`."""
        text = self.send(sent_.Paused(), position)
        self.client_paused = True
        return text

    def resume(self, start: timedelta, discarded: timedelta, position: timedelta) -> str | None:
        """End the client's own pause; return `resumed`, or `None` while the server pauses too."""
        resumed = sent_.Resumed(start=start, discarded=discarded)
        text = None if self.server_paused else self.send(resumed, position)
        self.client_paused = False
        return text

    def send_audio(self, payload: bytes) -> bytes:
        """Return the bytes of a binary frame.

        Raises:
            LocalProtocolError: when the stream is paused, has no media, or the state forbids it.
        """
        if not self.permits(sent(AUDIO)) or self.paused or self.media is None:
            raise LocalProtocolError(f"audio is not allowed while {'paused' if self.paused else self.state}")
        return payload

    # receiving, by type --------------------------------------------------------------------------

    def _violated(self, error: RemoteProtocolError) -> Violated | None:
        return Violated(error) if self._step(received(VIOLATION)) else None

    def _check_strictly(self, envelope: Envelope) -> None:
        if envelope.clientseq is None:
            raise RemoteProtocolError("clientseq is missing")
        if "parameters" not in envelope.model_fields_set:
            raise RemoteProtocolError("parameters is missing")
        self._check_envelope(envelope, envelope.clientseq)

    def _limit(self, type_: str, now: float) -> Complaint | Violated | None:
        if type_ in _NEVER_LIMITED:
            return None
        kinds = [type_] if type_ in ("pause", "resume") else []
        kinds.append("binary" if type_ == AUDIO else "text")
        waits = [self._buckets[kind].wait(now) for kind in kinds]
        if not any(waits):
            for kind in kinds:
                self._buckets[kind].take(now)
            return None
        self.limited += 1
        error = RemoteProtocolError("rate limit exceeded", code=429)
        return Complaint(error, max(waits)) if self.limited < _ABUSE else self._violated(error)

    def _receive(self, envelope: Envelope) -> ClientEvent | None:
        model = received_.SERVER_MESSAGES.get(envelope.type)
        if model is None:
            if received(UNKNOWN) in CLIENT_IGNORED[self.state]:
                self.stray += 1
                return None
            raise RemoteProtocolError("unknown message type", code=500)
        input_ = received(envelope.type)
        if input_ in CLIENT_IGNORED[self.state]:
            self._step(input_)
            return None
        if not self.permits(input_):
            raise RemoteProtocolError(f"{envelope.type} while {self.state}", code=409)
        try:
            message = model.model_validate(envelope.parameters)
        except ValidationError as error:
            problem = describe(error)
        else:
            self._check(message)
            self._step(input_)
            return self._take(message, envelope)
        raise RemoteProtocolError(f"malformed {envelope.type}: {problem}")  # outside: see `describe`

    def _check(self, message: received_.ServerMessage) -> None:
        match message:
            case received_.Opened(media=media) if any(entry not in self._offers for entry in media):
                raise RemoteProtocolError("media mismatch")
            case received_.Disconnect(reason=DisconnectReason.REJECTED):
                raise RemoteProtocolError("unknown disconnect reason", code=500)
            case received_.EventMessage(entities=entities) if any(e.data is None for e in entities):
                raise RemoteProtocolError("entity without data")
            case _:
                pass

    def _take(self, message: received_.ServerMessage, envelope: Envelope) -> ClientEvent:
        match message:
            case received_.Opened():
                known, _ = parse_offers(message.media)
                self.media = known[0] if known else None
                self.server_paused = bool(message.start_paused)
                return OpenedReceived(message)
            case received_.Closed():
                return ClosedReceived()
            case received_.Disconnect():
                return DisconnectReceived(message)
            case received_.EventMessage():
                return EntitiesReceived(tuple(message.entities))
            case received_.Pause():
                self.server_paused = True
                return PauseReceived()
            case received_.Resume():
                self.server_paused = False
                return ResumeReceived(still_paused=self.client_paused)
            case received_.Pong():
                return self._take_pong(envelope)
            case received_.Reconnect():
                return ReconnectReceived(message.info)
            case _:
                return UpdatedReceived()

    def _take_pong(self, envelope: Envelope) -> ClientEvent:
        if not self._pings:
            return Complaint(RemoteProtocolError("pong without a ping", code=409))
        if envelope.clientseq not in self._pings:
            return Complaint(RemoteProtocolError("pong with a wrong clientseq"))
        seq = envelope.clientseq
        self._pings.remove(seq)
        return PongReceived(seq)
