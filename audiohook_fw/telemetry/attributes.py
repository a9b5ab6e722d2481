"""Names of spans, span events and attributes. Only the attributes listed here are ever exported.

Names of our own begin with `audiohook.`; `error.type` is OpenTelemetry's (semantic conventions 1.40).
Texts of callers, transcripts, keys, secrets and signatures have no name here, so they cannot leave.
Positions and lengths are seconds of call time.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ATTRIBUTES", "EVENTS", "PERSONAL", "SPANS"]

SPAN_SESSION: Final = "audiohook.session"
SPAN_OPEN: Final = "audiohook.open"
SPAN_DECISION: Final = "audiohook.decision"
SPAN_CLOSE: Final = "audiohook.close"

SPANS: Final = {
    SPAN_SESSION: "One call, from its `open` until its last hook returned; carries the totals.",
    SPAN_OPEN: "From `open` to `opened` or `disconnect`.",
    SPAN_DECISION: "One plugin deciding about a call in `on_open`.",
    SPAN_CLOSE: "From `close`, or the end of the connection, to `closed`.",
}
"""Every span of the core, and what it covers."""

EVENT_PAUSE: Final = "audiohook.pause"
EVENT_RESUME: Final = "audiohook.resume"
EVENT_WITHHELD: Final = "audiohook.withheld"
EVENT_DISCARDED: Final = "audiohook.discarded"
EVENT_UPDATE: Final = "audiohook.update"
EVENT_ERROR: Final = "audiohook.error"
EVENT_RECONNECT: Final = "audiohook.reconnect"
EVENT_DISCONNECT: Final = "audiohook.disconnect"
EVENT_QUARANTINE: Final = "audiohook.quarantine"

EVENTS: Final = {
    EVENT_PAUSE: "The client confirmed a pause.",
    EVENT_RESUME: "Audio went on after a pause.",
    EVENT_WITHHELD: "The first audio or key that came in what may be a pause of the client's own; dropped.",
    EVENT_DISCARDED: "The client threw away audio.",
    EVENT_UPDATE: "The client changed its language.",
    EVENT_ERROR: "An error message came, or the client broke a rule.",
    EVENT_RECONNECT: "The client was asked to reconnect.",
    EVENT_DISCONNECT: "The client was asked to close.",
    EVENT_QUARANTINE: "A plugin was shut out of this call.",
}
"""Every event that a session span may hold."""

SESSION_ID: Final = "audiohook.session.id"
CONVERSATION_ID: Final = "audiohook.conversation.id"
ORGANIZATION_ID: Final = "audiohook.organization.id"
CORRELATION_ID: Final = "audiohook.correlation.id"
CONTINUED_SESSIONS: Final = "audiohook.session.continued"
RETRY_ATTEMPT: Final = "audiohook.retry.attempt"
KEY_NAME: Final = "audiohook.key.name"
PRODUCT: Final = "audiohook.product"
NODE: Final = "audiohook.node"
LANGUAGE: Final = "audiohook.language"
MEDIA_FORMAT: Final = "audiohook.media.format"
MEDIA_CHANNELS: Final = "audiohook.media.channels"
MEDIA_RATE: Final = "audiohook.media.rate"
PLUGIN: Final = "audiohook.plugin.name"
HOOK: Final = "audiohook.hook"
OUTCOME: Final = "audiohook.outcome"
DISCONNECT_REASON: Final = "audiohook.disconnect.reason"
CLOSE_REASON: Final = "audiohook.close.reason"
ERROR_CODE: Final = "audiohook.error.code"
ERROR_TYPE: Final = "error.type"
PAUSE_ORIGIN: Final = "audiohook.pause.origin"
WITHHELD: Final = "audiohook.withheld.what"
POSITION: Final = "audiohook.position"
GAP_START: Final = "audiohook.gap.start"
GAP_LENGTH: Final = "audiohook.gap.length"
GAP_CLAMPED: Final = "audiohook.gap.clamped"
TOTAL_FRAMES: Final = "audiohook.total.frames"
TOTAL_BYTES: Final = "audiohook.total.bytes"
TOTAL_AUDIO: Final = "audiohook.total.audio"
TOTAL_PAUSED: Final = "audiohook.total.paused"
TOTAL_DISCARDED: Final = "audiohook.total.discarded"
TOTAL_STRAY: Final = "audiohook.total.stray"
TOTAL_WITHHELD_AUDIO: Final = "audiohook.total.withheld_audio"
TOTAL_WITHHELD_DTMF: Final = "audiohook.total.withheld_dtmf"
TOTAL_UNKNOWN: Final = "audiohook.total.unknown_messages"
RTT_LAST: Final = "audiohook.rtt.last"
RTT_MAX: Final = "audiohook.rtt.max"

PII_ANI: Final = "audiohook.pii.ani"
PII_ANI_NAME: Final = "audiohook.pii.ani_name"
PII_DNIS: Final = "audiohook.pii.dnis"

ATTRIBUTES: Final = {
    SESSION_ID: "Id of the AudioHook session.",
    CONVERSATION_ID: "Id of the Genesys conversation.",
    ORGANIZATION_ID: "Id of the Genesys organization.",
    CORRELATION_ID: "Id that Genesys support asks for (`Audiohook-Correlation-Id`).",
    CONTINUED_SESSIONS: "How many earlier sessions this one continues.",
    RETRY_ATTEMPT: "Which retry this connection is, from 0.",
    KEY_NAME: "Name of the API key (`auth.keys[].name`), never the key.",
    PRODUCT: "Product of the API key: monitor, transcription or connector.",
    NODE: "Name of the server (`server.node`).",
    LANGUAGE: "Language tag of the call.",
    MEDIA_FORMAT: "Audio format: PCMU or L16.",
    MEDIA_CHANNELS: "Channels in the order of the media, comma separated.",
    MEDIA_RATE: "Samples per second.",
    PLUGIN: "Name of the plugin.",
    HOOK: "Name of the hook.",
    OUTCOME: "What became of the call: accepted, rejected or lost.",
    DISCONNECT_REASON: "Reason in our `disconnect`.",
    CLOSE_REASON: "Why the call ended.",
    ERROR_CODE: "Code of an error message.",
    ERROR_TYPE: "Class of the exception; its text is never exported.",
    PAUSE_ORIGIN: "Who paused: client, server or unknown.",
    WITHHELD: "What was dropped in a pause of the client's own: audio or dtmf.",
    POSITION: "Call time, seconds.",
    GAP_START: "Call time at which a gap begins, seconds.",
    GAP_LENGTH: "Length of a gap, seconds.",
    GAP_CLAMPED: "The client claimed a longer gap than possible.",
    TOTAL_FRAMES: "Audio frames delivered.",
    TOTAL_BYTES: "Bytes of audio delivered.",
    TOTAL_AUDIO: "Audio delivered, seconds.",
    TOTAL_PAUSED: "Call time spent in pauses, seconds.",
    TOTAL_DISCARDED: "Call time discarded by the client, seconds.",
    TOTAL_STRAY: "Frames that came while paused or closing.",
    TOTAL_WITHHELD_AUDIO: "Frames that came in what may be a pause of the client's own, and were dropped.",
    TOTAL_WITHHELD_DTMF: "Keys that came in what may be a pause of the client's own, and were dropped.",
    TOTAL_UNKNOWN: "Messages of unknown type.",
    RTT_LAST: "Last round-trip time, seconds.",
    RTT_MAX: "Longest round-trip time, seconds.",
}
"""Every attribute of the core's spans and span events, and what it means."""

PERSONAL: Final = {
    PII_ANI: "Number of the caller.",
    PII_ANI_NAME: "Name of the caller.",
    PII_DNIS: "Number that was called.",
}
"""Attributes about a person: exported only with `telemetry.personal_data`."""
