"""What both roles share: sequence numbers, the session id, and the state table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from audiohook_fw.errors import LocalProtocolError, RemoteProtocolError

from .client_messages import ClientMessage
from .envelope import MAX_SENT_BYTES, VERSION, Envelope, write_answer, write_envelope
from .server_messages import ServerMessage

__all__ = ["Sequenced"]

S = TypeVar("S", bound=StrEnum)

_ANSWERS: Final = frozenset({"clientseq"})


class Sequenced(Generic[S]):
    """Base of `ServerProtocol` and `ClientProtocol`.

    Attributes:
        session_id: the `id` of every message, as first seen.
        state: the present state; only `_step` changes it.
        sent_seq: number of our last message. received_seq: number of the peer's last message.
        stray: how much came that the state tolerates but does not want.
    """

    _table: Mapping[S, Mapping[str, S]]
    _ignored: Mapping[S, frozenset[str]]

    def __init__(self, session_id: str, state: S) -> None:
        self.session_id = session_id
        self.state: S = state
        self._cells = self._table[state]  # looked up once a state: an enum's hash costs more than all else
        self.sent_seq = 0
        self.received_seq = 0
        self.stray = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state} sent={self.sent_seq} received={self.received_seq}>"

    def permits(self, input_: str) -> bool:
        """Tell whether the state table has a cell for this input now."""
        return input_ in self._cells

    def _step(self, input_: str) -> bool:
        """Make the transition; return False when the input is tolerated only. Illegal: `KeyError`."""
        following = self._cells.get(input_)
        if following is not None:
            if following is not self.state:
                self.state = following
                self._cells = self._table[following]
            return True
        if input_ in self._ignored[self.state]:
            self.stray += 1
            return False
        raise KeyError(input_)

    def _check_envelope(self, envelope: Envelope, acknowledged: int | None) -> None:
        if envelope.id.lower() != self.session_id.lower():
            raise RemoteProtocolError("message id is not the session id")
        if envelope.seq != self.received_seq + 1:
            raise RemoteProtocolError(f"seq is {envelope.seq}, expected {self.received_seq + 1}")
        if acknowledged is not None and acknowledged > self.sent_seq:
            raise RemoteProtocolError("message acknowledges more than was sent")

    def _count(self, envelope: Envelope) -> None:
        # Once the end has begun numbers are not judged; what we acknowledge must not run backwards.
        self.received_seq = max(self.received_seq, envelope.seq)

    def _write(self, message: ClientMessage | ServerMessage, **fields: Any) -> str:
        """Return the JSON text of our next message; the number is used up only when it can be sent."""
        try:
            text = self._text(message, fields)
            size = len(text.encode())
        except (TypeError, ValueError, RecursionError):
            raise LocalProtocolError(f"{message.type} holds something that JSON cannot express") from None
        if size > MAX_SENT_BYTES:
            raise LocalProtocolError(
                f"{message.type} would be {size} bytes long, not {MAX_SENT_BYTES} at most"
            )
        self.sent_seq += 1
        return text

    def _text(self, message: ClientMessage | ServerMessage, fields: dict[str, Any]) -> str:
        seq = self.sent_seq + 1
        if not type(message).model_fields and fields.keys() == _ANSWERS:
            return write_answer(message.type, self.session_id, seq, fields["clientseq"])
        head = {"version": VERSION, "type": message.type, "seq": seq, **fields}
        return write_envelope({**head, "id": self.session_id, "parameters": message.to_wire()})
