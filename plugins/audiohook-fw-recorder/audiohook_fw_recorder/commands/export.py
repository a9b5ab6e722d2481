"""`audiohook-fw recordings export`: recordings in other formats, in part, or decrypted, elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from audiohook_fw import AudiohookError

from ..age import Identities
from ..document import Document
from ..formats import require
from ..settings import RecorderSettings, Wanted
from .exporting import Part, export
from .finding import Found, Kind, select
from .options import Identity, Json, Names, keys, places
from .output import Advance, JsonArray, progress, said, warn
from .texts import as_time, parse_time

__all__ = ["register"]


class Format(StrEnum):
    """What files are written in."""

    WAV = "wav"
    PCM16 = "pcm16"
    FLAC = "flac"
    OPUS = "opus"


class Pauses(StrEnum):
    """What becomes of pauses."""

    SILENCE = "silence"
    CUT = "cut"


Into = Annotated[Path, typer.Option(metavar="DIR", help="Where the files go; made when it does not exist.")]
Form = Annotated[Format, typer.Option("--format", help="wav is as the call came; pcm16 is WAV of 16 bits.")]
PerChannel = Annotated[bool, typer.Option("--per-channel", help="One file for each channel.")]
Cut = Annotated[Pauses, typer.Option(help="Whether pauses are silence, or cut out.")]
From = Annotated[
    str, typer.Option("--from", metavar="TIME", help="From this time of the call on, like 1:23.5.")
]
To = Annotated[str, typer.Option("--to", metavar="TIME", help="Up to this time of the call.")]


def register(app: typer.Typer, settings: RecorderSettings) -> None:
    """Add `export`."""

    @app.command(name="export")
    def export_(
        into: Into,
        names: Names = None,
        format_: Form = Format.WAV,
        per_channel: PerChannel = False,
        pauses: Cut = Pauses.SILENCE,
        from_: From = "",
        to: To = "",
        identity: Identity = None,
        json: Json = False,
    ) -> None:
        """Write recordings to another directory, each with a sidecar that says what is in its files.

        Nothing is replaced. Exit status 1 when a recording could not be exported.
        """
        part = _part(from_, to)
        wanted = Wanted(format_.value, per_channel, pauses.value)
        require(wanted.format)
        identities = keys(identity)
        selection = select(names or [], places(settings))
        bad = 0
        with ExitStack() as stack:
            stack.enter_context(_directory(into))
            array = stack.enter_context(JsonArray()) if json else None
            bar = stack.enter_context(progress("exporting", selection.total))
            for found in selection:
                if found.kind is Kind.FOREIGN:
                    continue
                made, problem = _exported(found, into, wanted, part, identities, bar)
                bad += bool(problem)
                _tell(found, made, problem, array, bar)
        raise typer.Exit(int(bad > 0))


@contextmanager
def _directory(path: Path) -> Iterator[None]:
    """Make a directory, and take it away in the end when nothing came into it."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):  # one that is not empty stays, and those above it
            for each in missing:
                each.rmdir()


def _part(from_: str, to: str) -> Part:
    try:
        part = Part(parse_time(from_) if from_ else 0.0, parse_time(to) if to else None)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if part.end is not None and part.end <= part.start:
        raise typer.BadParameter(f"--to {to} is not after --from {from_ or '0'}")
    return part


def _exported(
    found: Found, into: Path, wanted: Wanted, part: Part, identities: Identities | None, bar: Advance
) -> tuple[Document | None, str]:
    """Export a recording; return what was made, or why nothing was."""
    try:
        with bar.part() as advance:
            return export(found, into, wanted, part, advance, identities=identities), ""
    except (OSError, ValueError, AudiohookError) as error:
        return None, said(error)
    finally:
        bar()


def _tell(found: Found, made: Document | None, problem: str, array: JsonArray | None, bar: Advance) -> None:
    if array is not None:
        item: dict[str, Any] = {"name": found.stem, "problem": problem or None}
        if made is not None:
            audio = made.audio
            item |= {"sidecar": f"{found.stem}.json", "seconds": round(audio.samples / audio.rate, 3)}
            item["files"] = [file.name for file in audio.files]
        array.add(item)
    elif made is not None:
        names = ", ".join(file.name for file in made.audio.files)
        bar.echo(f"{names} ({as_time(made.audio.samples / made.audio.rate, tenths=True)})")
    else:
        warn(problem)
