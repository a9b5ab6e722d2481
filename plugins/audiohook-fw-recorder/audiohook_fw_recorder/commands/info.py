"""`audiohook-fw recordings info`: one recording in full, with its waveform."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import typer

from audiohook_fw import AudiohookError

from ..age import Identities
from ..document import Document
from ..settings import RecorderSettings
from .finding import Found, Kind, select
from .levels import Levels
from .listing import size, state
from .options import Identity, Json, Names, keys, places
from .output import Advance, JsonArray, clean, progress
from .picture import COLUMNS, draw
from .sound import call_length, pieces
from .texts import as_bytes, as_time, counted

__all__ = ["register"]

MOST_GAPS: Final = 20


def register(app: typer.Typer, settings: RecorderSettings) -> None:
    """Add `info`."""

    @app.command()
    def info(names: Names = None, identity: Identity = None, json: Json = False) -> None:
        """Show what is known of recordings, with their waveforms and pauses.

        Exit status 1 when one cannot be read.
        """
        selection = select(names or [], places(settings))
        identities = keys(identity)
        bad = False
        with progress("reading recordings", selection.total) as bar:
            if json:
                with JsonArray() as array:
                    for found in selection:
                        bad |= _one(found, identities, bar, array)
            else:
                for found in selection:
                    bad |= _one(found, identities, bar, None)
        raise typer.Exit(int(bad))


def _one(found: Found, identities: Identities | None, bar: Advance, array: JsonArray | None) -> bool:
    """Show a recording; tell whether it could not be read."""
    if found.kind is Kind.FOREIGN:
        bar()
        return False
    levels, problem = None, found.problem
    if found.document is not None:
        with bar.part() as advance:
            levels, problem = _measured(found, found.document, identities, advance)
    bar()
    if array is not None:
        array.add(_as_item(found, levels, problem))
    else:
        for line in _lines(found, levels, problem):
            bar.echo(clean(line))
    return bool(problem)


def _measured(
    found: Found, document: Document, identities: Identities | None, advance: Advance
) -> tuple[Levels | None, str]:
    """Return how loud a recording is, or why that is not known."""
    audio = document.audio
    if audio.format == "age" and identities is None:  # no fault: most who may look have no key
        return None, ""
    length = call_length(document)
    levels = Levels(length, len(audio.channels), COLUMNS)
    advance.expect(audio.samples, found.stem)
    try:
        with found.place.audio(found.name, document) as directory:
            for start, samples in pieces(directory, document, identities):
                levels.add(start, samples)
                advance(len(samples))
    except (OSError, AudiohookError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return None, f"its audio cannot be read: {reason}"
    return levels, ""


def _as_item(found: Found, levels: Levels | None, problem: str) -> dict[str, Any]:
    document = found.document
    item: dict[str, Any] = {"name": found.stem, "place": found.place.label}
    if document is None:
        return {**item, "state": found.kind, "problem": problem}
    item |= {"state": state(found), "problem": problem or None, "bytes": size(found)}
    if levels is not None:
        item["levels"] = {
            name: {
                "peak_dbfs": _rounded(levels.peak(number)),
                "rms_dbfs": _rounded(levels.loudness(number)),
                "peaks": [max(0, int(peak)) for peak in levels.peaks[number]],
            }
            for number, name in enumerate(document.audio.channels)
        }
    return {**item, "sidecar": document.model_dump(mode="json", exclude_unset=True)}


def _lines(found: Found, levels: Levels | None, problem: str) -> Iterator[str]:
    document = found.document
    yield found.stem
    if document is not None:
        for name, value in _facts(found, document, has_key=levels is not None or bool(problem)):
            yield f"  {name:<14}{value}"
        if levels is not None and document.audio.samples:
            yield from _pictured(document, levels)
        yield from _gaps(document)
        yield from _redactions(document)
    if problem:
        yield f"  {problem}"
    yield ""


def _facts(found: Found, document: Document, *, has_key: bool) -> Iterator[tuple[str, str]]:
    more = document.model_extra or {}
    yield "conversation", document.conversation_id
    yield "session", document.session_id
    if document.organization_id:
        yield "organization", document.organization_id
    ended = f", ended {_moment(document.ended_at)}" if document.ended_at else ""
    yield "started", _moment(document.started_at) + ended
    reason = more.get("close_reason")
    yield "state", state(found) + (f" ({reason})" if reason else "")
    audio = document.audio
    bytes_ = size(found)
    size_ = "a file is missing" if bytes_ is None else as_bytes(bytes_)
    yield (
        "audio",
        f"{as_time(audio.samples / audio.rate)}, {audio.format}, {audio.encoding} {audio.rate} Hz, {size_}",
    )
    for file in audio.files:
        yield "file", f"{file.name} ({', '.join(file.channels)})"
    more = {**more, "errors": document.errors}
    if audio.format == "age" and not has_key:
        yield "encrypted", "--identity FILE shows its waveform"
    for name in ("key", "product", "language", "tags", "errors", "left_out"):
        if more.get(name):
            yield name, _value(more[name])


def _pictured(document: Document, levels: Levels) -> Iterator[str]:
    audio = document.audio
    plain = "utf" not in (sys.stdout.encoding or "").lower()
    yield ""
    yield from draw(levels, audio.channels, document.gaps, call_length(document), audio.rate, plain=plain)
    yield ""
    for number, name in enumerate(audio.channels):
        peak, loudness = levels.peak(number), levels.loudness(number)
        if peak is None or loudness is None:
            yield f"  {name:<14}silent"
        else:
            yield f"  {name:<14}peak {peak:.1f} dBFS, mean {loudness:.1f} dBFS"


def _gaps(document: Document) -> Iterator[str]:
    rate = document.audio.rate
    total: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for gap in document.gaps:
        total[gap.cause] += gap.length
        count[gap.cause] += 1
    for cause, samples in total.items():
        yield f"  {cause:<14}{as_time(samples / rate, tenths=True)} in {counted(count[cause], 'gap')}"
    for gap in document.gaps[:MOST_GAPS]:
        start, end = gap.start / rate, (gap.start + gap.length) / rate
        yield f"    {as_time(start, tenths=True):>9} to {as_time(end, tenths=True):>9}  {gap.cause}"
    if len(document.gaps) > MOST_GAPS:
        yield f"    and {len(document.gaps) - MOST_GAPS} more, which --json lists"


def _redactions(document: Document) -> Iterator[str]:
    rate, found = document.audio.rate, document.redactions
    for audible, name in ((False, "redacted"), (True, "audible")):
        parts = [entry.length for entry in found if entry.audible is audible]
        if parts:
            count = counted(len(parts), "stretch", "stretches")
            yield f"  {name:<14}{as_time(sum(parts) / rate, tenths=True)} in {count}"
    for entry in found[:MOST_GAPS]:
        start, end = entry.start / rate, (entry.start + entry.length) / rate
        times = f"{as_time(start, tenths=True):>9} to {as_time(end, tenths=True):>9}"
        heard = ", can be heard: it was told too late" if entry.audible else ""
        yield f"    {times}  {entry.channel}, {entry.kind}{heard}"
    if len(found) > MOST_GAPS:
        yield f"    and {len(found) - MOST_GAPS} more, which --json lists"


def _moment(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={part}" for name, part in value.items())
    return str(value)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
