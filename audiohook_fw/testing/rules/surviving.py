"""The rules of survival: whatever a call is like, no hook fails."""

from __future__ import annotations

from typing import Final

from audiohook_fw.errors import PluginTimeoutError
from audiohook_fw.plugin import CloseReason
from audiohook_fw.protocol import CHANNELS, MAX_SENT_BYTES, MediaFormat

from ..audio import STEREO, CallAudio
from ..blocking import BlockedError
from ..driver import CallDriver
from .rule import Rule, Subject
from .scripts import Script, interrupted, nothing, ordinary, told
from .telling import BROKEN_OFF, ORDINARY, Case, Teller, is_of_hooks, refuse

__all__ = [
    "FORMATS",
    "SURVIVES_BURSTS",
    "SURVIVES_CALLS",
    "SURVIVES_CHANNELS",
    "SURVIVES_ENDS",
    "SURVIVES_INTERRUPTIONS",
    "SURVIVES_NO_AUDIO",
]

FORMATS: Final = (
    STEREO,
    MediaFormat("PCMU", CHANNELS[::-1]),
    MediaFormat("PCMU", CHANNELS[:1]),
    MediaFormat("PCMU", CHANNELS[1:]),
    MediaFormat("L16", CHANNELS),
)
_BACKLOG: Final = 20.0
"""Seconds that a reconnecting client may have kept."""


def _talk_only(call: CallDriver, subject: Subject) -> None:
    call.audio(seconds=1.0)  # time passes
    told(call, subject)
    interrupted(call)


def _burst(call: CallDriver, subject: Subject) -> None:
    width = call.media.frame_width if call.media else 1
    for frame_ms in (200.0, MAX_SENT_BYTES / width / 8):
        call.audio(CallAudio.tone(_BACKLOG), frame_ms=frame_ms, burst=True)
    call.audio(CallAudio.tone(2.0), frame_ms=20, burst=True)
    call.audio(CallAudio.tone(0.01), frame_ms=0.125, burst=True)  # a sample each


def _interrupted(call: CallDriver, subject: Subject) -> None:
    call.discard(0.3)  # before any audio
    call.pause(1.0)
    interrupted(call)
    if not call.ended:
        call.pause()
        call.pause(by="server")
        call.audio(seconds=1.0)  # none comes
        call.resume()
    call.audio(seconds=0.2)
    if not call.ended:
        call.discard(0.0)


def _at_once(call: CallDriver, subject: Subject) -> None:
    call.lose()


def _in_audio(call: CallDriver, subject: Subject) -> None:
    call.audio(CallAudio.tone(5.0), burst=True)
    call.lose()


def _in_a_pause(call: CallDriver, subject: Subject) -> None:
    call.audio(seconds=0.4)
    if not call.ended:
        call.pause()
    call.lose()


def _with(reason: CloseReason) -> Script:
    def script(call: CallDriver, subject: Subject) -> None:
        call.audio(seconds=0.4)
        call.close(reason)

    return script


_CHANNELS: Final = Teller(
    "survives-channels", [Case(f"in a call of {media}", ordinary, (media,)) for media in FORMATS]
)
_NO_AUDIO: Final = Teller(
    "survives-no-audio",
    [
        Case("in a call that ended before any audio", nothing),
        Case(
            "in a call without media",
            _talk_only,
            (),
            "session.media is None then; let create_handler return None for such calls, or do without audio",
        ),
    ],
)
_BURSTS: Final = Teller("survives-bursts", [Case("when a backlog came all at once", _burst)])
_INTERRUPTIONS: Final = Teller(
    "survives-interruptions",
    [Case("when the client paused, discarded, updated or complained", _interrupted)],
)
_ENDS: Final = Teller(
    "survives-ends",
    [
        Case("when the call ended abruptly, right after it was opened", _at_once),
        Case("when the call ended abruptly, amid audio", _in_audio),
        Case("when the call ended abruptly, in a pause", _in_a_pause),
        Case("when the call ended with `error`", _with(CloseReason.ERROR)),
        Case("when the call ended with `reconnect`", _with(CloseReason.RECONNECT)),
    ],
)
_CALLS: Final = Teller("survives-calls", [ORDINARY])

_TELLERS: Final = (
    Teller("never-blocks", [ORDINARY], lambda kind: issubclass(kind, BlockedError)),
    Teller("hooks-valid", [ORDINARY], is_of_hooks),
    Teller("ends-in-time", [ORDINARY, BROKEN_OFF], lambda kind: issubclass(kind, PluginTimeoutError)),
    _CALLS,
    _CHANNELS,
    _NO_AUDIO,
    _BURSTS,
    _INTERRUPTIONS,
    _ENDS,
)
"""From the most ordinary to the most special."""


def _survival(teller: Teller, demand: str, mend: str) -> Rule:
    before = _TELLERS[: _TELLERS.index(teller)]
    return Rule(teller.rule, demand, mend, lambda subject: refuse(teller, subject, before))


SURVIVES_CALLS: Final = _survival(
    _CALLS,
    "No hook fails in an ordinary call: audio, events, pauses, a discard, an update.",
    "correct the line that the message names: it fails in any call",
)
SURVIVES_CHANNELS: Final = _survival(
    _CHANNELS,
    "No hook fails in calls of stereo, inverted stereo, mono of either side, PCMU and L16.",
    "go by frame.media.channels, frame.channel(name) and frame.samples, never by a fixed format or order",
)
SURVIVES_NO_AUDIO: Final = _survival(
    _NO_AUDIO,
    "No hook fails in a call that ends before any audio, or that has no media.",
    "do not count on on_audio in on_close and on_end: there may be none",
)
SURVIVES_BURSTS: Final = _survival(
    _BURSTS,
    "No hook fails when 20 s of audio come at once, in frames from one sample to 64,000 bytes.",
    "take frames of any length, and let audio be missing: frame.gap_before tells",
)
SURVIVES_INTERRUPTIONS: Final = _survival(
    _INTERRUPTIONS,
    "No hook fails when client or server pause, or when the client discards, updates or complains.",
    "handle it in the hook that failed; a pause may come twice, and a gap may be 0 samples long",
)
SURVIVES_ENDS: Final = _survival(
    _ENDS,
    "No hook fails however the call ends: lost at any moment, or closed for any reason.",
    "let on_close and on_end do without what never came",
)
