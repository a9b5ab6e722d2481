"""`CallFacts`: what is known of a call when it opens, and never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from audiohook_fw.protocol import ContinuedSession, MediaFormat, Participant

__all__ = ["CallFacts"]


@dataclass(frozen=True, slots=True)
class CallFacts:
    """The ids, offers and settings of one call; personal data is hidden from `repr`.

    Attributes:
        session_id, correlation_id, organization_id, conversation_id: as received.
        participant: the customer: `id`, and the personal `ani`, `ani_name`, `dnis`.
        key_name: name of the API key's entry in the configuration; never the key.
        product: `monitor`, `transcription` or `connector`.
        offers: the offered media that are understood, in order of preference.
        started_at: wall time of `open` (UTC).
        language: as offered; `None` when the client named none.
        wants_languages: the client asked for `supportedLanguages`.
        interims: this key wants interim transcripts.
        byte_order: of L16 samples, `little` or `big`.
        path_suffix: what followed `server.path` in the URL (Audio Connector), without the slash.
        retry_attempt: `Audiohook-Retry-Attempt`, `None` when not told.
        continued_sessions: predecessors named by a reconnecting client.
        custom_config: the integration's own JSON. input_variables: of the Architect action.
    """

    session_id: str
    correlation_id: str
    organization_id: str
    conversation_id: str
    participant: Participant
    key_name: str
    product: str
    offers: tuple[MediaFormat, ...]
    started_at: datetime
    language: str | None = None
    wants_languages: bool = False
    interims: bool = False
    byte_order: Literal["little", "big"] = "little"
    path_suffix: str = ""
    retry_attempt: int | None = None
    continued_sessions: tuple[ContinuedSession, ...] = ()
    custom_config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    input_variables: Mapping[str, str] = field(default_factory=dict, repr=False)
