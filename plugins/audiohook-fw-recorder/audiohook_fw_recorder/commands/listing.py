"""`audiohook-fw recordings list`: which recordings there are."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

import typer

from ..document import Document
from ..settings import RecorderSettings
from .finding import Found, Kind, select
from .options import Json, Names, places
from .output import JsonArray, clean, progress, warn
from .places import PlaceError
from .texts import as_bytes, as_time

__all__ = ["register", "summary"]

_HEAD: Final = ("started (UTC)", "length", "ch", "size", "state", "conversation", "recording", "place")
_NUMBERS: Final = ("length", "ch", "size")


def register(app: typer.Typer, settings: RecorderSettings) -> None:
    """Add `list`."""

    @app.command(name="list")
    def list_(names: Names = None, json: Json = False) -> None:
        """List recordings: the newest at the end, or as a JSON array in the order of their names.

        Exit status 1 when a sidecar is damaged.
        """
        show = _as_json if json else _as_table
        raise typer.Exit(int(show(settings, names or [])))


def summary(found: Found) -> dict[str, Any]:
    """Return what a recording is, in short, and what is wrong with it if that is seen at once."""
    document = found.document
    if document is None:
        return {"name": found.stem, "place": found.place.label, "state": found.kind, "problem": found.problem}
    audio = document.audio
    return {
        "name": found.stem,
        "place": found.place.label,
        "state": state(found),
        "session_id": document.session_id,
        "conversation_id": document.conversation_id,
        "organization_id": document.organization_id,
        "started_at": document.started_at.isoformat(),
        "ended_at": document.ended_at.isoformat() if document.ended_at else None,
        "seconds": round(audio.samples / audio.rate, 3),
        "format": audio.format,
        "channels": audio.channels,
        "bytes": size(found),
        "files": [file.name for file in audio.files],
    }


def state(found: Found) -> str:
    """Return the state, and `abandoned` for a call whose server is gone without having ended it."""
    document = found.recording
    if document.state == "recording" and not found.place.runs(document):
        return "abandoned"
    return document.state


def size(found: Found) -> int | None:
    """Return the bytes of the audio; nothing when a file is missing."""
    sizes = [found.place.size(found.name, file) for file in found.recording.audio.files]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _as_json(settings: RecorderSettings, names: list[str]) -> bool:
    """Print an array; tell whether a sidecar is damaged."""
    selection = select(names, places(settings))
    bad = False
    with JsonArray() as array, progress("reading sidecars", selection.total) as advance:
        for found in selection:
            if found.kind is not Kind.FOREIGN:
                array.add(summary(found))
            bad |= found.kind is Kind.DAMAGED
            advance()
    return bad


def _as_table(settings: RecorderSettings, names: list[str]) -> bool:
    """Print a table; tell whether a sidecar is damaged."""
    selection = select(names, places(settings))
    bad = False
    rows: list[tuple[str, ...]] = []
    foreign = 0
    failure: PlaceError | None = None
    with progress("reading sidecars", selection.total) as advance:
        try:
            for found in selection:
                if found.document is not None:
                    rows.append(_row(found, found.document))
                elif found.kind is Kind.DAMAGED:
                    bad = True
                    warn(found.problem)
                else:
                    foreign += 1
                advance()
        except PlaceError as error:  # what was found is shown all the same
            failure = error
    if rows:
        _print(sorted(rows))
    elif failure is None:
        typer.echo("no recordings", err=True)
    if foreign:
        are = "file is no sidecar of a recording" if foreign == 1 else "files are no sidecars of recordings"
        warn(f"{foreign} other JSON {are}")
    if failure is not None:
        raise failure
    return bad


def _print(rows: list[tuple[str, ...]]) -> None:
    """Print the table; where recordings are only when that differs."""
    shown = len(_HEAD) if len({row[-1] for row in rows}) > 1 else len(_HEAD) - 1
    table = [row[:shown] for row in (_HEAD, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (
            cell.rjust(width) if title in _NUMBERS else cell.ljust(width)
            for cell, width, title in zip(row, widths, _HEAD, strict=False)
        )
        typer.echo("  ".join(cells).rstrip())


def _row(found: Found, document: Document) -> tuple[str, ...]:
    audio = document.audio
    bytes_ = size(found)
    return (
        f"{document.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        as_time(audio.samples / audio.rate),
        str(len(audio.channels)),
        "missing" if bytes_ is None else as_bytes(bytes_),
        state(found),
        clean(document.conversation_id),
        found.stem,
        found.place.label,
    )
