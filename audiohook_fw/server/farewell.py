"""What tells the client why it is sent away, in a form that can be sent whatever a plugin wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import Disconnect, DisconnectReason

__all__ = ["make_disconnect", "short_info"]

LONGEST_DISCONNECT: Final = 60_000
"""Bytes of a `disconnect` without its envelope: output variables beyond it are refused when given."""
LONGEST_INFO: Final = 256
"""Characters of `info`: Genesys logs it, and a message that is too long could not be sent at all."""


def make_disconnect(
    reason: DisconnectReason, info: str | None, output_variables: Mapping[str, str] | None
) -> Disconnect:
    """Return a `disconnect`.

    Raises:
        LocalProtocolError: when the output variables are no texts, or too long to be sent.
    """
    variables = dict(output_variables) if output_variables is not None else None
    try:
        message = Disconnect(reason=reason, info=short_info(info), output_variables=variables)
        size = len(message.model_dump_json().encode())
    except ValueError:  # pydantic's own; its text may quote the variables
        raise LocalProtocolError("output variables must be texts by name") from None
    if size > LONGEST_DISCONNECT:
        raise LocalProtocolError("the output variables are too long")
    return message


def short_info(info: str | None) -> str | None:
    """Return `info` in a form that can be sent."""
    return info and info[:LONGEST_INFO].encode(errors="replace").decode()
