"""Whether the second act's calls were taken, disconnected and refused as they should."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audiohook_fw.audio import WavError, read_wav
from audiohook_fw.client import CallReport, Closing, Decision

from .checks import Check, check_recording
from .choice_script import TAGS

__all__ = ["check_choice"]


def check_choice(
    wanted: CallReport, unwanted: CallReport, foreign: CallReport, directory: Path
) -> Iterator[Check]:
    """Yield every check of the calls. Reads the recordings: blocks."""
    yield Check("both calls began paused: nothing was heard", _not_paused(wanted) or _not_paused(unwanted))
    yield Check("the wanted one was resumed once its queue was known", _not_resumed(wanted))
    stem = directory / wanted.ids.session
    yield from check_recording(wanted, stem.with_suffix(".wav"))
    yield _check_tags(stem.with_suffix(".json"))
    yield Check("the other was disconnected (completed) when its queue was known", _not_left(unwanted))
    yield _check_unheard(unwanted, directory / unwanted.ids.session)
    yield Check("the stranger was refused before the upgrade, with the same key", _not_refused(foreign))
    left = ", ".join(path.name for path in directory.glob(f"{foreign.ids.session}*"))
    yield Check("the stranger left no file", left)


def _not_paused(report: CallReport) -> str:
    pauses = report.ledger.pauses
    if report.decision is not Decision.ACCEPTED:
        return report.outcome()
    if not pauses or pauses[0].start or pauses[0].client or not pauses[0].server:
        return "a call began to stream at once"
    return ""


def _not_resumed(report: CallReport) -> str:
    if not report.as_scripted or report.closing is not Closing.CLOSED or report.violations:
        return "; ".join(report.violations) or report.outcome()
    pauses = report.ledger.pauses
    is_resumed = len(pauses) == 1 and bool(pauses[0].length) and report.ledger.samples > 0
    return "" if is_resumed else f"it had {len(pauses)} pauses and {report.ledger.samples:,} samples of audio"


def _check_tags(path: Path) -> Check:
    tags = _read(path).get("tags")
    (name, value), *_ = TAGS.items()
    text = f"its sidecar has the tag that the rule gives: {name} = {value}"
    return Check(text, "" if tags == TAGS else f"it has {tags}")


def _not_left(report: CallReport) -> str:
    is_left = report.reason == "completed" and report.closing is Closing.CLOSED and report.problem is None
    return "; ".join(report.violations) or ("" if is_left else report.outcome())


def _check_unheard(report: CallReport, stem: Path) -> Check:
    text = "no audio of it was sent, and none is in its file"
    sent = report.sent["audio"]
    if sent or report.ledger.samples:
        return Check(text, f"{sent} frames were sent")
    try:
        wav = read_wav(stem.with_suffix(".wav"))
    except (OSError, WavError) as error:
        return Check(text, getattr(error, "strerror", None) or str(error))
    audio = _read(stem.with_suffix(".json")).get("totals", {}).get("audio")
    return Check(text, "" if not wav.payload and audio == 0 else f"it has {wav!r}, of {audio} samples")


def _not_refused(report: CallReport) -> str:
    is_refused = report.closing is Closing.REFUSED and not report.sent
    return "" if is_refused else report.outcome()


def _read(path: Path) -> dict[str, Any]:
    try:
        sidecar = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return sidecar if isinstance(sidecar, dict) else {}
