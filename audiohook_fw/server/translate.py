"""From the wire's words to the session's: what a call is made of, and why it ends."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from audiohook_fw.auth import Upgrade
from audiohook_fw.plugin import CloseReason, Reject
from audiohook_fw.protocol import DisconnectReason, Open
from audiohook_fw.session import CallFacts

__all__ = ["call_facts", "close_reason", "loggable", "reject_reason"]

_LONGEST: Final = 200
_NUMBERS: Final = re.compile(r"\+?\d[\d ()./-]{3,}\d")


def call_facts(upgrade: Upgrade, open_: Open, path_suffix: str) -> CallFacts:
    """Return what is known of a call whose `open` has just come."""
    credential = upgrade.credential
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
        path_suffix=path_suffix,
        retry_attempt=upgrade.retry_attempt,
        continued_sessions=open_.continued_sessions or (),
        custom_config=open_.custom_config or {},
        input_variables=open_.input_variables or {},
    )


def close_reason(reason: str | None) -> CloseReason:
    """Return why the client closes; what it does not say, or says in words we do not know, is `end`."""
    known = (CloseReason.ERROR, CloseReason.DISCONNECT, CloseReason.RECONNECT)
    return next((close for close in known if close == reason), CloseReason.END)


def reject_reason(decision: Reject) -> DisconnectReason:
    """Return the reason to send; `completed` for what the official client would not understand."""
    known = (DisconnectReason.ERROR, DisconnectReason.UNAUTHORIZED)
    return next((reason for reason in known if reason == decision.reason), DisconnectReason.COMPLETED)


def loggable(text: str) -> str:
    """Return a client's text for the log: short, without what may be somebody's number."""
    return repr(_NUMBERS.sub("#", text[:_LONGEST]))
