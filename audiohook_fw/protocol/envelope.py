"""The envelope around every message: JSON text to a checked `Envelope`, and back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from audiohook_fw.errors import RemoteProtocolError

from .duration import parse_duration
from .entities import describe
from .values import Counted

__all__ = [
    "MAX_RECEIVED_BYTES",
    "MAX_SENT_BYTES",
    "VERSION",
    "Envelope",
    "read_envelope",
    "write_answer",
    "write_envelope",
]

VERSION: Final = "2"
MAX_RECEIVED_BYTES: Final = 65_536
"""The longest message taken, text and binary."""
MAX_SENT_BYTES: Final = 64_000
"""The longest message sent: the protocol's limit, in UTF-8 bytes."""

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _parameters(value: object) -> object:
    return {} if value is None else value


class Envelope(BaseModel):
    """What every message has; `clientseq` is the server's, `serverseq` and `position` the client's."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    version: str
    type: str
    id: str
    seq: Counted
    clientseq: Counted | None = None
    serverseq: Counted | None = None
    sent_position: Any = Field(default=None, alias="position", repr=False)
    parameters: Annotated[dict[str, Any], BeforeValidator(_parameters)] = Field(default={}, repr=False)

    @property
    def position(self) -> timedelta | None:
        """The client's position, read when asked for: only that of `open` matters. `None` for an odd one."""
        try:
            return parse_duration(self.sent_position)
        except (TypeError, ValueError):
            return None


def read_envelope(text: str) -> Envelope:
    """Parse one text message.

    Raises:
        RemoteProtocolError: 413 when it is too long, 400 when it is no JSON object of this form.
            The message never quotes the text: it may hold personal data.
    """
    if len(text) > MAX_RECEIVED_BYTES or len(text.encode(errors="surrogatepass")) > MAX_RECEIVED_BYTES:
        raise RemoteProtocolError(f"message longer than {MAX_RECEIVED_BYTES} bytes", code=413)
    try:
        envelope = Envelope.model_validate_json(text)
    except ValidationError as error:
        problem = describe(error)
    else:
        return _checked(envelope)
    raise RemoteProtocolError(f"malformed message: {problem}")  # outside: see `describe`


def _checked(envelope: Envelope) -> Envelope:
    if envelope.version != VERSION:
        raise RemoteProtocolError('version is not "2"')
    return envelope


def write_envelope(fields: dict[str, Any]) -> str:
    """Write one message as compact JSON; `ValueError` or `TypeError` for what JSON cannot express."""
    return _ENCODER.encode(fields)


def write_answer(type_: str, session_id: str, seq: int, clientseq: int) -> str:
    """Write a server's message without parameters: what `write_envelope` writes, and cheaper."""
    head = f'{{"version":"{VERSION}","type":"{type_}","seq":{seq},"clientseq":{clientseq}'
    return f'{head},"id":{_ENCODER.encode(session_id)},"parameters":{{}}}}'
