"""The good calls: what Genesys does, played by the simulated client, at speeds from 1 to 50."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from audiohook_fw.client import (
    OFFERS,
    AudioSource,
    CallOptions,
    CallReport,
    Closing,
    Decision,
    Style,
    Timeline,
    run_call,
)
from audiohook_fw.client import probe as run_probe
from audiohook_fw.protocol import CHANNELS, MediaFormat

from .place import KEYS, SECRET
from .played import Played, WireCheck
from .stage import Stage

_PAUSED = "no audio flowed then"

__all__ = ["abort", "busy", "fast", "plain", "probe", "rejected", "simple_options"]

_NOT_IN = (Closing.REFUSED, Closing.UNREACHABLE)
"""How an upgrade fails; unreachable is what it looks like when all the delay slots for a 401 are taken."""
_SOURCE = AudioSource.conversation()
_UNKNOWN: Mapping[str, Any] = {"type": "audio", "format": "OPUS", "channels": ["external"], "rate": 48000}
_Offers = tuple[MediaFormat | Mapping[str, Any], ...]
_MEDIA: list[_Offers] = [
    OFFERS,
    OFFERS[:1],
    OFFERS[1:2],
    (MediaFormat("L16", CHANNELS), *OFFERS),
    (_UNKNOWN, *OFFERS),
]


def simple_options(stage: Stage, product: str = "monitor") -> CallOptions:
    """Return the options of a call in which nothing happens."""
    return CallOptions(
        url=stage.place.url,
        api_key=KEYS[product],
        secret=SECRET,
        source=_SOURCE,
        timing=stage.timing(),
        keep_audio=True,
    )


async def plain(stage: Stage, rng: random.Random, played: Played) -> str:
    """Play some seconds of a call, with pauses, discards, congestion, updates and errors."""
    product = rng.choice(["monitor", "monitor", "transcription", "connector"])
    speed = rng.choice([1.0, 4.0, 10.0])
    duration = rng.uniform(0.5, 3.0) * speed
    options = replace(
        simple_options(stage, product),
        connector=product == "connector",
        speed=speed,
        duration=duration,
        frame_ms=rng.choice([20.0, 100.0, 200.0, 1000.0]),
        backlog=rng.choice([0.0, 0.0, min(duration, rng.uniform(0, 20))]),
        media=_MEDIA[0] if product == "connector" else rng.choice(_MEDIA),
        style=Style(double_paused=rng.random() < 0.3),
        language=rng.choice([None, "en-US", "zh-Hans-CN"]),
        supported_languages=rng.choice([None, True]),
        custom_config={"chaos": "start paused"} if rng.random() < 0.15 else None,
        timeline=_timeline(rng, duration),
    )
    return await _scripted(stage, rng, played, options)


async def busy(stage: Stage, rng: random.Random, played: Played) -> str:
    """Pause and resume all the time."""
    duration = rng.uniform(10, 20)
    actions = []
    at = 0.2
    while at < duration - 1:
        length = rng.uniform(0.05, 0.5)
        actions += [f"pause@{at:.3f}", f"resume@{at + length:.3f}"]
        at += length + rng.uniform(0.05, 0.5)
    timeline = Timeline.parse(actions)
    options = replace(simple_options(stage), speed=10.0, duration=duration, timeline=timeline)
    return await _scripted(stage, rng, played, options)


async def fast(stage: Stage, rng: random.Random, played: Played) -> str:
    """Send audio at 50 times its speed."""
    options = replace(simple_options(stage), speed=50.0, duration=rng.uniform(20, 90), frame_ms=200.0)
    return await _scripted(stage, rng, played, options)


async def rejected(stage: Stage, rng: random.Random, played: Played) -> str:
    """Be sent away by a plugin."""
    options = replace(simple_options(stage), custom_config={"chaos": "reject"})
    report = await _play(stage, rng, played, options)
    if (away := _sent_away(report, stage, played)) is not None:
        return away
    stage.checks("a rejected call is told so", report.decision is Decision.REJECTED, report.outcome())
    stage.checks("a rejected call is closed", report.closing is Closing.CLOSED, report.outcome())
    return "rejected"


async def probe(stage: Stage, rng: random.Random, played: Played) -> str:
    """Make the connection probe."""
    jumps = stage.jumps
    report = await run_probe(simple_options(stage), environment=stage.environment(rng))
    played.session = report.ids.session
    if report.closing in _NOT_IN and jumps != stage.jumps:
        return "refused while the clock jumped"
    stage.checks("a probe is answered", report.as_scripted, report.outcome())
    return "probe ok"


async def abort(stage: Stage, rng: random.Random, played: Played) -> str:
    """Break off in mid call without a `close`."""
    at = rng.uniform(0.0, 5.0)
    options = replace(
        simple_options(stage), speed=5.0, duration=10.0, timeline=Timeline.parse([f"abort@{at:.3f}"])
    )
    report = await _play(stage, rng, played, options)
    if (away := _sent_away(report, stage, played)) is not None:
        return away
    stage.checks("a call goes on until it is broken off", report.closing is Closing.ABORTED, report.outcome())
    played.opened = 1
    played.sent = report.ledger.audio_bytes
    return "broken off"


async def _scripted(stage: Stage, rng: random.Random, played: Played, options: CallOptions) -> str:
    """Play a call that must go as scripted."""
    report = await _play(stage, rng, played, options)
    if (away := _sent_away(report, stage, played)) is not None:
        return away
    # A plugin that pauses the stream leaves nothing to be discarded: that is no fault.
    scripted = report.as_scripted or (report.problem or "").endswith(_PAUSED)
    stage.checks("a good call goes as scripted", scripted, (report.outcome(), report.violations))
    stage.checks("a good call is closed", report.closing is Closing.CLOSED, report.outcome())
    stage.checks("the server breaks no rule", not report.violations, report.violations)
    played.opened = 1
    played.whole = True
    played.sent = report.ledger.audio_bytes
    played.sha256 = report.ledger.sha256
    played.position = report.position
    if report.media is not None:
        played.recording = hashlib.sha256(report.expected_recording()).hexdigest()
    return "as scripted"


async def _play(stage: Stage, rng: random.Random, played: Played, options: CallOptions) -> CallReport:
    wire = WireCheck(stage.checks)
    jumps = stage.jumps

    def observe(direction: str, data: str | bytes) -> None:
        (wire.sent if direction == ">" else wire.received)(data)

    report = await run_call(options, environment=stage.environment(rng), observer=observe)
    played.session = report.ids.session
    if report.closing is Closing.CLOSED:
        wire.end()
    if report.closing in _NOT_IN:
        stage.checks("a good call is let in", jumps != stage.jumps, report.outcome())
    return report


def _sent_away(report: CallReport, stage: Stage, played: Played) -> str | None:
    """Return how a good call was properly sent away, if it was."""
    if report.closing in _NOT_IN:
        return "refused while the clock jumped"  # `_play` has seen that it did
    if report.decision is Decision.REJECTED and report.reason == "error" and report.info == "overload":
        stage.checks("a call that is sent away is closed", report.closing is Closing.CLOSED, report.outcome())
        return "sent away: overload"
    return None


def _timeline(rng: random.Random, duration: float) -> Timeline:
    actions: list[str] = []
    at = rng.uniform(0.1, 0.4) * duration
    while at < duration * 0.95:
        left = duration - at
        match rng.randrange(8):
            case 0:
                length = rng.uniform(0.1, 0.5) * left
                actions += [f"pause@{at:.3f}", f"resume@{at + length:.3f}"]
                at += length
            case 1:
                actions.append(f"congest@{at:.3f}+{rng.uniform(0.05, 0.4) * left:.3f}")
            case 2:
                actions.append(f"update@{at:.3f}=de-DE")
            case 3:
                actions.append(f"error@{at:.3f}={rng.choice([400, 409, 500])}")
            case 4:
                actions.append(f"discard@{at:.3f}+{rng.uniform(0.05, 0.4) * left:.3f}")
            case _:
                pass
        at += rng.uniform(0.05, 0.4) * duration
    return Timeline.parse(actions)
