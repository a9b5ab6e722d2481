"""Whether the demo did what it should: each check reads what is there and says what is wrong.

The recording is compared with the books of the client, which knows what it sent; nothing of the server
is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from audiohook_fw.audio import ULAW_SILENCE, WavAudio, WavError, read_wav
from audiohook_fw.client import CallReport, Closing, Decision, Ledger
from audiohook_fw.protocol import CHANNELS

__all__ = ["Check", "check_all", "check_decisions", "check_recording", "check_sidecar"]

_PAUSERS: Final = ["client", "server"]
"""Who pauses the recorded call, in this order."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that had to be so.

    Attributes:
        text: what. problem: how it is instead; empty when all is well.
    """

    text: str
    problem: str = ""


def check_all(
    probe: CallReport, declined: CallReport, recorded: CallReport, directory: Path
) -> Iterator[Check]:
    """Yield every check of the demo. Reads the recording: blocks."""
    yield from check_decisions(probe, declined, recorded)
    yield _check_no_files(probe, declined, directory)
    stem = directory / recorded.ids.session
    yield from check_recording(recorded, stem.with_suffix(".wav"))
    yield from check_sidecar(recorded, stem.with_suffix(".json"))


def check_decisions(probe: CallReport, declined: CallReport, recorded: CallReport) -> Iterator[Check]:
    """Yield whether each call was decided, and ended, as it should."""
    ended = probe.closing is Closing.CLOSED and probe.as_scripted
    yield Check("the connection probe was answered", "" if ended else probe.outcome())
    rejected = declined.decision is Decision.REJECTED and declined.reason == "completed"
    closed = declined.closing is Closing.CLOSED and declined.problem is None
    yield Check("the policy declined the call it should", "" if rejected and closed else declined.outcome())
    accepted = recorded.closing is Closing.CLOSED and recorded.as_scripted
    problems = "; ".join(recorded.violations) or ("" if accepted else recorded.outcome())
    yield Check("the other call was accepted, and ended as scripted", problems)
    yield Check("it had one pause of the client, one of the server, and one discard", _wrong_gaps(recorded))


def check_recording(
    report: CallReport, path: Path, silenced: Sequence[Mapping[str, Any]] = ()
) -> Iterator[Check]:
    """Yield whether a WAV file holds what the client sent, to the sample, and silence elsewhere.

    Args:
        silenced: stretches of a channel that were made silent, as the sidecar lists them.
    """
    ledger = report.ledger
    sent, gaps = f"{ledger.samples:,}", len(_gaps(ledger))
    are_silent = f"its {gaps} gaps are silence" if gaps > 1 else "its gap is silence"
    texts = (
        "the recording is µ-law at 8,000 Hz, with both sides of the call",
        f"it holds the {sent} samples that were sent, each at its place",
        f"{are_silent} (0xFF)" if gaps else "it has no gaps",
    )
    media = report.media
    wav, problem = _read(path) if media is not None else (None, "there was no audio")
    if wav is None or media is None:
        yield from (Check(text, problem) for text in texts)
        return
    found = (wav.encoding, wav.rate, wav.channels, wav.truncated)
    is_right = found == ("PCMU", media.rate, len(CHANNELS), False)
    yield Check(texts[0], "" if is_right else f"it is {wav!r}{', cut off' if wav.truncated else ''}")
    width = media.frame_width
    expected = _silence(report.expected_recording(), silenced, width)
    yield Check(texts[1], _difference(wav.payload, expected, width))
    noisy = [
        start
        for start, length, _ in _gaps(ledger)
        if wav.payload[start * width : (start + length) * width] != ULAW_SILENCE * (length * width)
    ]
    yield Check(texts[2], f"there is sound in the gap at sample {noisy[0]:,}" if noisy else "")


def _silence(payload: bytes, stretches: Sequence[Mapping[str, Any]], width: int) -> bytes:
    """Return µ-law audio of both channels in which stretches of one are silent."""
    audio = bytearray(payload)
    for one in stretches:
        channel = CHANNELS.index(one["channel"])
        places = range(one["start"] * width + channel, (one["start"] + one["length"]) * width, width)
        for place in places:
            audio[place : place + 1] = ULAW_SILENCE
    return bytes(audio)


def _read(path: Path) -> tuple[WavAudio | None, str]:
    try:
        return read_wav(path), ""
    except OSError as error:
        return None, f"{path.name}: {error.strerror}"
    except WavError as error:
        return None, str(error)


def check_sidecar(report: CallReport, path: Path) -> Iterator[Check]:
    """Yield whether a sidecar tells of the call as it was."""
    try:
        sidecar = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        sidecar, problem = {}, f"{path.name}: {getattr(error, 'strerror', None) or 'this is no JSON'}"
    else:
        problem = _difference_of(sidecar, _facts(report))
    yield Check("the sidecar names the call, and why it ended", problem)
    audio = sidecar.get("audio", {})
    found = {"files": [file.get("name") for file in audio.get("files", ())], "samples": audio.get("samples")}
    expected = {"files": [path.with_suffix(".wav").name], "samples": report.position}
    yield Check("it names the recording and its length", _difference_of(found, expected))
    gaps = [(gap.get("start"), gap.get("length"), gap.get("cause")) for gap in sidecar.get("gaps", ())]
    yield Check("it lists every gap", "" if gaps == _gaps(report.ledger) else f"it lists {gaps}")
    events = [(event.get("type"), event.get("origin")) for event in sidecar.get("events", ())]
    pauses = [origin for kind, origin in events if kind == "pause"]
    yield Check("it tells who paused", "" if pauses == _PAUSERS else f"it says {pauses}")
    totals = sidecar.get("totals", {})
    yield Check("its totals are right to the sample", _difference_of(totals, _totals(report.ledger)))


def _check_no_files(probe: CallReport, declined: CallReport, directory: Path) -> Check:
    found = [path.name for r in (probe, declined) for path in directory.glob(f"{r.ids.session}*")]
    return Check("neither the probe nor the declined call left a file", ", ".join(found))


def _wrong_gaps(report: CallReport) -> str:
    pauses = [("client" if p.client else "") + ("server" if p.server else "") for p in report.ledger.pauses]
    right = pauses == _PAUSERS and len(report.ledger.discards) == 1
    return "" if right else f"it had pauses of {pauses} and {len(report.ledger.discards)} discards"


def _gaps(ledger: Ledger) -> list[tuple[int, int, str]]:
    """Return start, length (samples) and cause of every gap, in the order of call time."""
    pauses = [(pause.start, pause.length or 0, "pause") for pause in ledger.pauses]
    discards = [(gap.start, gap.length, "discarded") for gap in ledger.discards]
    return sorted(gap for gap in pauses + discards if gap[1])


def _facts(report: CallReport) -> Mapping[str, Any]:
    ids = report.ids
    return {
        "session_id": ids.session,
        "conversation_id": ids.conversation,
        "organization_id": ids.organization,
        "state": "complete",
        "close_reason": report.close_reason,
    }


def _totals(ledger: Ledger) -> Mapping[str, Any]:
    return {
        "position": ledger.position,
        "audio": ledger.samples,
        "paused": sum(pause.length or 0 for pause in ledger.pauses),
        "discarded": sum(gap.length for gap in ledger.discards),
        "overflow": 0,
        "frames_refused": 0,
    }


def _difference_of(found: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    wrong = [f"{name} is {found.get(name)!r}" for name in expected if found.get(name) != expected[name]]
    return "; ".join(wrong)


def _difference(found: bytes, expected: bytes, width: int) -> str:
    if found == expected:
        return ""
    if len(found) != len(expected):
        return f"it is {len(found) // width:,} samples long instead of {len(expected) // width:,}"
    place = next(index for index, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b)
    return f"sample {place // width:,} is another"
