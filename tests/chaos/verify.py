"""What must hold once all clients are gone: the books, the recordings and the process itself."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from audiohook_fw.audio import read_wav

from .checks import BrokenError, Checks
from .played import Played

__all__ = ["are_written", "faults", "is_quiet", "verify_books", "verify_recordings"]

Row = Mapping[str, Any]

_WATCHERS: Final = ("inline", "lane", "late")
_SAME: Final = ("samples", "bytes", "sha256", "frames", "position")
_LOST: Final = ("overflow",)
_TOO_FAST: Final = ("fast", "flood_audio")
_PLANTED: Final = "planted-leak"


def is_quiet(figures: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether a server has nothing to do, and nothing left but planted tasks.

    Args:
        before: its figures when it had served nobody.
    """
    tasks = [name for name in figures["tasks"] if name not in before["tasks"] and _PLANTED not in name]
    used = figures["connections"] or figures["calls"] or figures["lane_bytes"] or figures["held"]
    used = used or figures["alive"]
    return not used and not tasks and figures["fds"] <= before["fds"]


def faults(rows: Iterable[Row]) -> Counter[str]:
    """Return the faults that were planted, by kind."""
    return Counter(row["fault"] for row in rows if row["kind"] == "fault")


def verify_books(rows: Sequence[Row], played: Sequence[Played], checks: Checks) -> list[Row]:
    """Compare what plugins saw with what clients sent; return the ends of all accepted calls.

    Raises:
        BrokenError: they differ.
    """
    calls: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        calls[row["call"]].append(row)
    ends: dict[str, list[Row]] = defaultdict(list)
    for call in calls.values():
        session = call[0]["session"]
        try:
            end = _verify_call(call, checks)
        except BrokenError as error:
            raise _about(error, session, played) from None
        if end is not None:
            ends[session].append(end)
    for one in played:
        try:
            _verify_played(one, ends[one.session], checks)
        except BrokenError as error:
            raise _about(error, one.session, [one]) from None
    return [end for several in ends.values() for end in several]


def are_written(directory: Path) -> bool:
    """Tell whether each sidecar says that its recording is complete."""
    return not list(directory.glob("*.tmp")) and all(
        '"complete"' in path.read_text(encoding="utf-8") for path in directory.glob("*.json")
    )


def verify_recordings(directory: Path, ends: Iterable[Row], played: Sequence[Played], checks: Checks) -> None:
    """Compare the recordings with the calls, and remove those that are right.

    Raises:
        BrokenError: one is missing, too many, or not right.
    """
    wanted: dict[str, list[Row]] = defaultdict(list)
    for end in ends:
        if end["media"]:
            wanted[end["session"]].append(end)
    exact = {one.session: one.recording for one in played if one.recording}
    behaviours = {one.session: one.behaviour for one in played}
    found: dict[str, list[Path]] = defaultdict(list)
    for path in directory.glob("*.json"):
        found[path.stem[:36]].append(path)
    for session in wanted.keys() | found.keys():
        try:
            sidecars = [json.loads(path.read_text(encoding="utf-8")) for path in found[session]]
            got = sorted((s["totals"]["position"], s["totals"]["audio"]) for s in sidecars if "totals" in s)
            due = sorted((end["position"], end["audio"]) for end in wanted[session])
            checks("every call with audio has its recording", got == due, (got, due))
            for path, sidecar in zip(found[session], sidecars, strict=True):
                if any(end["clamped"] for end in wanted[session]):
                    exact.pop(session, "")
                heard = {end["sha256"] for end in wanted[session]}
                _verify_recording(
                    path, sidecar, heard, exact.get(session, ""), behaviours.get(session, ""), checks
                )
        except BrokenError as error:
            raise _about(error, session, played) from None
    left = [path.name for path in directory.iterdir() if not path.name.startswith(".owner-")]
    checks("nothing but recordings is left behind", not left, left)


def _verify_call(call: Sequence[Row], checks: Checks) -> Row | None:
    decided = [row for row in call if row["kind"] == "decided"]
    checks("on_decided comes once", len(decided) <= 1, decided)
    ends = {name: [r for r in call if r["kind"] == "end" and r["plugin"] == name] for name in _WATCHERS}
    accepted = bool(decided) and decided[0]["accepted"]
    for name, rows in ends.items():
        checks("on_end comes once for an accepted call", len(rows) == int(accepted), (name, decided, rows))
    if not accepted:
        return None
    inline, lane, late = (ends[name][0] for name in _WATCHERS)
    for end in (inline, lane, late):
        checks("a healthy plugin sees nothing wrong", not end["problems"], end)
    same = [
        name for name in ("samples", "bytes", "sha256", "frames", "position") if inline[name] != lane[name]
    ]
    checks("inline and lane get the same audio", not same, (inline, lane))
    return inline


def _verify_played(one: Played, ends: Sequence[Row], checks: Checks) -> None:
    checks("a call that was opened is in the books", len(ends) >= one.opened, (one, ends))
    if not one.whole:
        heard = sum(end["bytes"] for end in ends)
        checks("nothing is heard that was not said", heard <= one.sent or not one.opened, (one, ends))
        return
    end = ends[-1]
    checks("plugins get what the client sent, to the sample", end["bytes"] == one.sent, (one, end))
    # At 50 times its speed a pause may be longer than the server believes (`limits.max_gap`).
    if one.position is not None and not end["clamped"]:
        checks("the call is as long as for its client", end["position"] == one.position, (one, end))
    if len(ends) == 1:
        checks("plugins get the client's own bytes", end["sha256"] == one.sha256, (one, end))


def _verify_recording(
    path: Path,
    sidecar: Mapping[str, Any],
    heard: Collection[str],
    exact: str,
    behaviour: str,
    checks: Checks,
) -> None:
    checks("a recording is complete", sidecar["state"] == "complete", sidecar)
    totals = sidecar["totals"]
    wav = read_wav(path.with_suffix(".wav"))
    checks("a WAV is valid", not wav.truncated, path.name)
    lengths = (len(wav.samples), sidecar["audio"]["samples"], totals["position"])
    checks("a WAV is as long as the call", len(set(lengths)) == 1, lengths)
    lost = sum(gap["length"] for gap in sidecar["gaps"] if gap["cause"] in _LOST)
    gaps = sum(gap["length"] for gap in sidecar["gaps"]) - lost
    checks("audio and gaps are the whole recording", totals["audio"] + gaps == totals["position"], sidecar)
    checks("a recording tells what it misses", lost == totals["overflow"] and not sidecar["errors"], sidecar)
    # The recorder keeps 256 MB in memory: who sends hours in one second may lose some.
    checks("a recording misses nothing", not lost or behaviour in _TOO_FAST, sidecar)
    if not lost:
        said = hashlib.sha256(_without_gaps(wav.payload, len(wav.samples), sidecar["gaps"])).hexdigest()
        checks("a recording holds what the healthy plugins heard", said in heard, (said, heard))
    if exact and not lost:
        content = hashlib.sha256(wav.payload).hexdigest()
        checks("a recording is what was said, to the sample", content == exact, path.name)
    path.unlink()
    path.with_suffix(".wav").unlink()


def _without_gaps(payload: bytes, samples: int, gaps: Iterable[Mapping[str, int]]) -> bytes:
    width = len(payload) // samples if samples else 1
    kept, at = bytearray(), 0
    for gap in gaps:
        kept += payload[at * width : gap["start"] * width]
        at = gap["start"] + gap["length"]
    return bytes(kept + payload[at * width :])


def _about(error: BrokenError, session: str, played: Sequence[Played]) -> BrokenError:
    one = next((one for one in played if one.session == session), None)
    number, behaviour = (one.number, one.behaviour) if one else (0, "")
    return BrokenError(error.name, error.detail, number=number, behaviour=behaviour, session=session)
