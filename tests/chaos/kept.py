"""What is kept of the calls of killed servers: read with other tools than the recorder's, and compared.

libsndfile reads WAV and FLAC, `tarfile` and pyrage the encrypted ones.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyrage  # type: ignore[import-untyped]
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

from audiohook_fw.audio import decode
from audiohook_fw.protocol import MediaFormat

from .callers import Said
from .checks import BrokenError, Checks
from .objects import ObjectStore

__all__ = ["Kept", "Losses", "directory_kept", "store_kept", "verify_kept"]

Samples = NDArray[np.int16]

_RATE: Final = 8000
_STAYS: Final = (".turn",)
"""What may be in a directory beside recordings when no server runs (README of the recorder)."""
_SIDECAR_SECONDS: Final = 1.0
"""Between two versions of a sidecar."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One recording. `read` gives the content of a file that it names."""

    name: str
    sidecar: Mapping[str, Any]
    read: Callable[[str], bytes]


class Losses:
    """What was not kept.

    Attributes:
        seconds: of running calls, from when the first frame that is lost was sent to the kill.
        unbegun: of calls that have no recording, from `opened` to the kill.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.unbegun: list[float] = []


def directory_kept(directory: Path, checks: Checks, *, uploaded: bool) -> list[Kept]:
    """Return the recordings of a directory; see that there is nothing else, nothing at all if `uploaded`."""
    names = {path.name for path in directory.iterdir()} - set(_STAYS)
    if uploaded:
        checks("nothing is left here of what is in the store", not names, sorted(names)[:10])
        return []
    kept = [
        Kept(name, json.loads((directory / name).read_bytes()), lambda file: (directory / file).read_bytes())
        for name in sorted(names)
        if name.endswith(".json")
    ]
    _check_names(names, kept, "", checks)
    return kept


def store_kept(store: ObjectStore, checks: Checks) -> list[Kept]:
    """Return the recordings of a store; see that there is nothing else."""
    folders: dict[str, set[str]] = defaultdict(set)
    for key in store.list():
        folder, _, name = key.rpartition("/")
        folders[folder].add(name)
    found = []
    for folder, names in folders.items():
        kept = [_stored(store, folder, name) for name in sorted(names) if name.endswith(".json")]
        _check_names(names, kept, folder, checks)
        found += kept
    return found


def _stored(store: ObjectStore, folder: str, name: str) -> Kept:
    sidecar = json.loads(store.read(f"{folder}/{name}"))
    if sidecar["conversation_id"] != folder:
        raise BrokenError("a recording is with its conversation", f"{folder}/{name}")
    return Kept(name, sidecar, lambda file: store.read(f"{folder}/{file}"))


def _check_names(names: set[str], kept: Iterable[Kept], where: str, checks: Checks) -> None:
    due: set[str] = set()
    for one in kept:
        files = {file["name"] for file in one.sidecar["audio"]["files"]}
        checks("no two recordings share a file", not files & due, (where, files & due))
        due |= files | {one.name}
    checks("there is nothing but recordings", names == due, (where, sorted(names ^ due)[:10]))


def verify_kept(
    kept: Sequence[Kept],
    said: Sequence[Said],
    key: str | None,
    bound: float,
    checks: Checks,
    losses: Losses,
) -> None:
    """Compare recordings with what was said.

    Args:
        key: the secret key of encrypted ones.
        bound: seconds before a kill of which nothing need be kept or begun.

    Raises:
        BrokenError: one is missing, twice there, or not right.
    """
    calls: dict[str, list[Said]] = defaultdict(list)
    for call in said:
        calls[call.session].append(call)
    found: dict[int, Kept] = {}
    for one in kept:
        number = _call_of(one, calls[one.sidecar["session_id"]])
        checks("a recording is kept once", number not in found, one.name)
        found[number] = one
    for call in said:
        try:
            recording = found.get(call.number)
            open_for = call.life.killed - call.opened_at if call.opened else 0.0
            due = open_for > bound
            checks(
                "every call that was opened has its recording", recording or not due, (call.session, open_for)
            )
            if recording is None and call.opened:
                losses.unbegun.append(open_for)
            if recording is not None:
                _verify(recording, call, key, bound, checks, losses)
        except BrokenError as error:
            raise BrokenError(
                error.name, error.detail, number=call.number, behaviour="call", session=call.session
            ) from None


def _call_of(kept: Kept, calls: Iterable[Said]) -> int:
    """Return the number of the call whose recording that is: several may have one session id, not at once."""
    at = datetime.fromisoformat(kept.sidecar["started_at"]).timestamp()
    for call in calls:
        if call.began <= at <= call.ended:
            return call.number
    raise BrokenError("a recording is of a call that there was", (kept.name, kept.sidecar["started_at"]))


def _verify(kept: Kept, call: Said, key: str | None, bound: float, checks: Checks, losses: Losses) -> None:
    sidecar, audio = kept.sidecar, kept.sidecar["audio"]
    checks("a recording is final", "owner" not in sidecar and not sidecar.get("leftovers"), sidecar)
    checks("a recording is complete or interrupted", sidecar["state"] in ("complete", "interrupted"), sidecar)
    checks("nothing went wrong with a recording", not sidecar["errors"], sidecar)
    over = call.whole and call.over <= call.life.killed - bound
    checks("a call that had ended is complete", sidecar["state"] == "complete" or not over, sidecar)
    contents = {file["name"]: kept.read(file["name"]) for file in audio["files"]}
    for file in audio["files"]:
        if "sha256" in file:
            told = (file["size"], file["sha256"])
            content = contents[file["name"]]
            is_so = (len(content), hashlib.sha256(content).hexdigest())
            checks("size and checksum are right", told == is_so, (told, is_so))
    heard = _opened(audio, contents, key)
    checks("the audio is as long as its sidecar says", len(heard) == audio["samples"], (len(heard), audio))
    length = audio.get("call_samples", audio["samples"])
    _check_gaps(sidecar, length, call, checks)
    _check_told(sidecar, call, bound, checks)

    expected = _expected(call, audio)
    checks("no more is kept than was said", length <= len(expected), (length, len(expected), sidecar))
    whole = _in_call_time(heard, audio, length)
    same = np.array_equal(whole, expected[:length])
    checks("what is kept is what was said, to the sample", same, sidecar)
    if over:
        checks("a call that had ended is kept whole", length == len(expected), (length, len(expected)))
    _check_loss(call, length, bound, checks, losses)


def _check_loss(call: Said, length: int, bound: float, checks: Checks, losses: Losses) -> None:
    """See that all is kept that was sent in time."""
    lost_at = next((at for at, sent in call.marks if call.position(sent) > length), float("inf"))
    lost = max(0.0, call.life.killed - lost_at)
    if call.life.killed < float("inf") and not call.whole:
        losses.seconds.append(lost)
    checks(
        "all is kept but the end",
        lost <= bound,
        f"{lost:.2f} s before the kill is not there: {length} samples are kept",
    )


def _check_gaps(sidecar: Mapping[str, Any], length: int, call: Said, checks: Checks) -> None:
    """See that gaps lie where the client said nothing, within the recording, and that lengths agree."""
    at, total = 0, 0
    holes = _holes(call)
    for gap in sidecar["gaps"]:
        start, end = gap["start"], gap["start"] + gap["length"]
        checks(
            "gaps follow each other within the recording", at <= start and end <= length, (length, sidecar)
        )
        checks("a gap is what the client left out", gap["cause"] in ("pause", "discarded"), sidecar)
        is_hole = any(start >= hole[0] and end <= hole[1] for hole in holes)
        checks("there is a gap where nothing was said", is_hole, (gap, holes))
        at, total = end, total + gap["length"]
    if sidecar["state"] == "complete":
        totals = sidecar["totals"]
        checks("the length is the call's", totals["position"] == length, (length, sidecar))
        checks("audio and gaps are the whole call", totals["audio"] + total == length, sidecar)


def _check_told(sidecar: Mapping[str, Any], call: Said, bound: float, checks: Checks) -> None:
    """See that all gaps are listed that the client told of in time: sidecars are written once a second."""
    listed = {(gap["start"], gap["start"] + gap["length"]) for gap in sidecar["gaps"]}
    for hole in _holes(call)[:-1]:
        sent_after = (at for at, sent in call.marks if call.position(sent) > hole[1])
        at = next(sent_after, float("inf"))  # never, when the connection broke right then
        if at <= call.life.killed - bound - _SIDECAR_SECONDS:
            checks("a gap that was told of in time is listed", hole in listed, (hole, sidecar))


def _holes(call: Said) -> list[tuple[int, int]]:
    """Return the stretches of call time, the last without an end, in which nothing was said."""
    holes, at = [], 0
    for span in call.spans:
        if span.position > at:
            holes.append((at, span.position))
        at = span.end
    return [*holes, (at, 2**62)]


def _opened(audio: Mapping[str, Any], contents: Mapping[str, bytes], key: str | None) -> Samples:
    """Return the samples of all files, in file time."""
    if audio["format"] == "age":
        assert key is not None
        return _decrypted(next(iter(contents.values())), key, audio["samples"], len(audio["channels"]))
    columns: dict[str, Samples] = {}
    for file in audio["files"]:
        samples, rate = soundfile.read(io.BytesIO(contents[file["name"]]), dtype="int16", always_2d=True)
        if rate != audio["rate"] or samples.shape[1] != len(file["channels"]):
            raise BrokenError("a file holds the channels that its sidecar says", audio)
        columns |= {channel: samples[:, index] for index, channel in enumerate(file["channels"])}
    if len({len(column) for column in columns.values()}) != 1 or sorted(columns) != sorted(audio["channels"]):
        raise BrokenError("the files of a recording go together", audio)
    return np.stack([columns[channel] for channel in audio["channels"]], axis=1)


def _decrypted(archive: bytes, key: str, length: int, channels: int) -> Samples:
    identity = pyrage.x25519.Identity.from_str(key)
    whole = np.zeros((length, channels), np.int16)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            start, end = (int(number) for number in member.name.removesuffix(".wav.age").split("-"))
            opened = tar.extractfile(member)
            assert opened is not None
            samples, _ = soundfile.read(
                io.BytesIO(pyrage.decrypt(opened.read(), [identity])), dtype="int16", always_2d=True
            )
            if len(samples) != end - start or end > length:
                raise BrokenError("a segment is in its place", (member.name, len(samples), length))
            whole[start:end] = samples
    return whole


def _in_call_time(heard: Samples, audio: Mapping[str, Any], length: int) -> Samples:
    if audio.get("pauses", "silence") == "silence":
        return heard
    whole = np.zeros((length, heard.shape[1]), np.int16)
    for piece in audio["map"]:
        part = heard[piece["file"] : piece["file"] + piece["length"]]
        whole[piece["call"] : piece["call"] + piece["length"]] = part
    return whole


def _expected(call: Said, audio: Mapping[str, Any]) -> Samples:
    """Return what a recording of all that was said holds: nothing, if `opened` did not come any more."""
    if call.expected is None:
        return np.zeros((0, len(audio["channels"])), np.int16)
    return decode(call.expected.read_bytes(), MediaFormat("PCMU", call.channels), "little")
