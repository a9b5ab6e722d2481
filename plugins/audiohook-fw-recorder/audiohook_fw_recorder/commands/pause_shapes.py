"""What was found of secure pauses, as people read it, as JSON, and as lines of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from .pauses import SecurePause, left_out
from .proving import Finding, Proof, Proved, Verdict
from .texts import as_time, counted

__all__ = ["COLUMNS", "WORDS", "as_item", "csv_line", "csv_lines", "text_lines"]

WORDS: Final = {
    Verdict.NO_AUDIO: "no audio",
    Verdict.AUDIO_FOUND: "AUDIO FOUND",
    Verdict.ENCRYPTED: "not checked: encrypted",
    Verdict.NOT_HERE: "not here",
    Verdict.UNREADABLE: "not checked: unreadable",
}
_PROOFS: Final = {
    Proof.SILENT: "all samples are silent",
    Proof.ABSENT: "not in the files",
    Proof.SEGMENTS: "in no encrypted segment",
    Proof.EMPTY: "no call time",
    Proof.NONE: "",
}
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
COLUMNS: Final = (
    *("recording", "place", "session_id", "conversation_id", "started_at", "pause", "start", "length", "at"),
    *("origin", "open", "clamped", "finding", "proof", "found_at", "withheld_audio", "withheld_dtmf"),
    "problem",
)


def _facts(proved: Proved) -> dict[str, Any]:
    found, document = proved.found, proved.found.document
    facts: dict[str, Any] = {"recording": found.stem, "place": found.place.label}
    if document is not None:
        facts |= {
            "session_id": document.session_id,
            "conversation_id": document.conversation_id,
            "started_at": document.started_at.isoformat(),
        }
    return facts


def as_item(proved: Proved) -> dict[str, Any]:
    """Return a recording with its pauses, for JSON; times are seconds."""
    document = proved.found.document
    item = {**_facts(proved), "problem": proved.problem or None}
    if document is None:
        return item
    rate = document.audio.rate
    return {
        **item,
        "rate": rate,
        "pauses": [_as_entry(finding, rate) for finding in proved.findings],
        "withheld": _withheld(proved),
        "left_out": left_out(document),
    }


def _as_entry(finding: Finding, rate: int) -> dict[str, Any]:
    pause = finding.pause
    return {
        "start": round(pause.start / rate, 3),
        "length": round(pause.length / rate, 3),
        "at": pause.at.isoformat(timespec="milliseconds"),
        "origin": pause.origin,
        "open": pause.is_open,
        "clamped": pause.is_clamped,
        "finding": finding.verdict,
        "proof": finding.proof or None,
        "found_at": None if finding.found_at is None else round(finding.found_at / rate, 3),
    }


def _withheld(proved: Proved) -> dict[str, int] | None:
    """Return what came in the pauses and was dropped; nothing when the sidecar does not tell."""
    document = proved.found.document
    totals = (document.model_extra or {}).get("totals") if document is not None else None
    withheld = totals.get("withheld") if isinstance(totals, dict) else None
    if not isinstance(withheld, dict):
        return None
    return {what: count for what, count in withheld.items() if isinstance(count, int)}


def csv_lines(proved: Proved) -> Iterator[str]:
    """Yield a line for each pause of a recording; one for a recording of which nothing is known."""
    facts, document = _facts(proved), proved.found.document
    withheld = _withheld(proved) or {}
    facts |= {f"withheld_{what}": withheld.get(what) for what in ("audio", "dtmf")}
    facts["problem"] = proved.problem
    entries = [_as_entry(finding, document.audio.rate) for finding in proved.findings] if document else []
    for number, entry in enumerate(entries or [{}], 1):
        row = {**facts, **entry, **({"pause": number} if entry else {})}
        yield csv_line([row.get(name) for name in COLUMNS])


def csv_line(cells: Sequence[object]) -> str:
    """Return cells as a line of CSV; what a spreadsheet would take for a formula is quoted."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(
        [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell for cell in cells]
    )
    return out.getvalue()


def text_lines(proved: Proved) -> Iterator[str]:
    """Yield what people read of a recording."""
    document = proved.found.document
    if document is not None:
        yield f"{proved.found.stem}  conversation {document.conversation_id}  {_moment(document.started_at)}"
    for finding in proved.findings:
        assert document is not None
        yield "  " + "  ".join(_cells(finding, document.audio.rate))
    withheld, left = _withheld(proved), left_out(document) if document is not None else 0
    if withheld is not None and any(withheld.values()):
        frames, typed = withheld.get("audio", 0), withheld.get("dtmf", 0)
        yield f"  came in pauses and was dropped: {counted(frames, 'frame')}, {counted(typed, 'key')}"
    if left and proved.findings:
        yield f"  {counted(left, 'event or gap', 'events and gaps')} not listed in its sidecar"
    if proved.problem:
        yield f"  {proved.problem}" if document is not None else proved.problem


def _cells(finding: Finding, rate: int) -> Iterator[str]:
    pause = finding.pause
    yield f"{as_time(pause.start / rate, tenths=True):>9}"
    yield f"{pause.length / rate:8.1f} s"
    yield _moment(pause.at)
    yield f"{pause.origin:<7}"
    words = WORDS[finding.verdict]
    if finding.found_at is not None:
        words += f" at {as_time(finding.found_at / rate, tenths=True)}"
    proof = _PROOFS[finding.proof]
    yield words + (f" ({proof})" if proof else "") + _remarks(pause)


def _remarks(pause: SecurePause) -> str:
    remarks = (
        (pause.is_open, "the call ended in it"),
        (pause.is_clamped, "the client claimed a longer one than can be"),
        (not pause.is_told, "a gap alone tells of it"),
    )
    return "".join(f"; {text}" for holds, text in remarks if holds)


def _moment(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
