"""The `open` message of a call that no client makes."""

from __future__ import annotations

from audiohook_fw.protocol import Open
from audiohook_fw.session import CallFacts

__all__ = ["open_message"]


def open_message(facts: CallFacts) -> Open:
    """Return the `open` that tells a server of them."""
    return Open(
        organization_id=facts.organization_id,
        conversation_id=facts.conversation_id,
        participant=facts.participant,
        media=[offer.to_wire() for offer in facts.offers],
        language=facts.language,
        supported_languages=facts.wants_languages or None,
        continued_sessions=facts.continued_sessions or None,
        custom_config=dict(facts.custom_config) or None,
        input_variables=dict(facts.input_variables) or None,
    )
