"""The rules of survival: whatever a call is like, no hook fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from audiohook_fw.plugin import CloseReason
from audiohook_fw.protocol import CHANNELS, MAX_SENT_BYTES, MediaFormat

from ..audio import STEREO, CallAudio
from ..driver import CallDriver
from .rule import Rule, Subject
from .scripts import Script, interrupted, ordinary, play, refuse_faults, told

__all__ = [
    "SURVIVES_BURSTS",
    "SURVIVES_CHANNELS",
    "SURVIVES_ENDS",
    "SURVIVES_INTERRUPTIONS",
    "SURVIVES_NO_AUDIO",
]

_FORMATS: Final = (
    STEREO,
    MediaFormat("PCMU", CHANNELS[::-1]),
    MediaFormat("PCMU", CHANNELS[:1]),
    MediaFormat("PCMU", CHANNELS[1:]),
    MediaFormat("L16", CHANNELS),
)
_BACKLOG: Final = 20.0
"""Seconds that a reconnecting client may have kept."""


def _channels(subject: Subject) -> None:
    for media in _FORMATS:
        refuse_faults(play(subject, ordinary, offers=[media]), f"in a call of {media}")


def _no_audio(subject: Subject) -> None:
    refuse_faults(play(subject, _nothing), "in a call that ended before any audio")
    refuse_faults(
        play(subject, _talk_only, offers=[]),
        "in a call without media",
        "session.media is None then; let create_handler return None for such calls, or do without audio",
    )


def _bursts(subject: Subject) -> None:
    refuse_faults(play(subject, _burst), "when a backlog came all at once")


def _interruptions(subject: Subject) -> None:
    refuse_faults(play(subject, _interrupted), "when the client paused, discarded, updated or complained")


def _ends(subject: Subject) -> None:
    for when, script in _ENDS.items():
        refuse_faults(play(subject, script), f"when the call ended {when}")


def _nothing(call: CallDriver, subject: Subject) -> None:
    """Let nothing happen: `on_close` is next."""


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


_ENDS: Final[Mapping[str, Script]] = {
    "abruptly, right after it was opened": _at_once,
    "abruptly, amid audio": _in_audio,
    "abruptly, in a pause": _in_a_pause,
    **{f"with `{reason}`": _with(reason) for reason in (CloseReason.ERROR, CloseReason.RECONNECT)},
}

SURVIVES_CHANNELS: Final = Rule(
    "survives-channels",
    "No hook fails in calls of stereo, inverted stereo, mono of either side, PCMU and L16.",
    "go by frame.media.channels, frame.channel(name) and frame.samples, never by a fixed format or order",
    _channels,
)
SURVIVES_NO_AUDIO: Final = Rule(
    "survives-no-audio",
    "No hook fails in a call that ends before any audio, or that has no media.",
    "do not count on on_audio in on_close and on_end: there may be none",
    _no_audio,
)
SURVIVES_BURSTS: Final = Rule(
    "survives-bursts",
    "No hook fails when 20 s of audio come at once, in frames from one sample to 64,000 bytes.",
    "take frames of any length, and let audio be missing: frame.gap_before tells",
    _bursts,
)
SURVIVES_INTERRUPTIONS: Final = Rule(
    "survives-interruptions",
    "No hook fails when client or server pause, or when the client discards, updates or complains.",
    "handle it in the hook that failed; a pause may come twice, and a gap may be 0 samples long",
    _interruptions,
)
SURVIVES_ENDS: Final = Rule(
    "survives-ends",
    "No hook fails however the call ends: lost at any moment, or closed for any reason.",
    "let on_close and on_end do without what never came",
    _ends,
)
