"""`audiohook-fw recordings compliance`: which calls had secure pauses, and that no audio of them exists."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

import typer

from ..age import Identities
from ..settings import RecorderSettings
from .finding import Found, Kind, select
from .options import Identity, Json, Names, keys, places
from .output import Advance, JsonArray, clean, progress
from .pause_shapes import COLUMNS, WORDS, as_item, csv_line, csv_lines, text_lines
from .places import PlaceError
from .proving import Proved, Verdict, prove
from .texts import counted, parse_moment

__all__ = ["register"]

Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, a line for each pause.")]
Since = Annotated[
    str, typer.Option(metavar="TIME", help="Of calls begun at this day or time (UTC) or later.")
]
Until = Annotated[
    str, typer.Option(metavar="TIME", help="Of calls begun before this time, or up to and with this day.")
]


def register(app: typer.Typer, settings: RecorderSettings) -> None:
    """Add `compliance`."""

    @app.command()
    def compliance(
        names: Names = None,
        since: Since = "",
        until: Until = "",
        identity: Identity = None,
        json: Json = False,
        csv: Csv = False,
    ) -> None:
        """Tell which calls had pauses of the client's (secure pauses), and that no audio of them is stored.

        Each such pause is looked for in the stored audio. Exit status 1 when there is audio in one, or when
        a sidecar or audio is damaged.
        """
        if json and csv:
            raise typer.BadParameter("--json and --csv exclude each other")
        wanted = _Wanted.read(since, until)
        selection = select(names or [], places(settings))
        identities = keys(identity)
        total, failure = _Total(), None
        with ExitStack() as stack:
            array = stack.enter_context(JsonArray()) if json else None
            bar = stack.enter_context(progress("checking pauses", selection.total))
            if csv:
                bar.echo(csv_line(COLUMNS))
            try:
                for found in selection:
                    with bar.part() as advance:
                        proved = _proved(found, wanted, identities, advance, total)
                    bar()
                    if proved is not None:
                        _tell(proved, bar, array, csv=csv)
            except PlaceError as error:  # what was checked is told all the same
                failure = error
        typer.echo(total.text(), err=json or csv)
        if failure is not None:
            raise failure
        raise typer.Exit(int(total.is_bad))


@dataclass(frozen=True, slots=True)
class _Wanted:
    since: datetime | None
    until: datetime | None

    @classmethod
    def read(cls, since: str, until: str) -> _Wanted:
        try:
            option = "--since"
            first = parse_moment(since) if since else None
            option = "--until"
            last = parse_moment(until, end=True) if until else None
        except ValueError as error:
            raise typer.BadParameter(f"{option}: {error}") from None
        if first is not None and last is not None and first >= last:
            raise typer.BadParameter(f"--since: {since} is not before the end, {until}")
        return cls(first, last)

    def has(self, moment: datetime) -> bool:
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


@dataclass(slots=True)
class _Total:
    """What goes into the line at the end."""

    calls: int = 0
    paused: int = 0
    running: int = 0
    seconds: float = 0.0
    damaged: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    def add(self, proved: Proved) -> None:
        document = proved.found.document
        self.calls += 1
        if document is None or (proved.problem and not proved.findings):
            self.damaged += 1
            return
        self.paused += bool(proved.findings)
        for finding in proved.findings:
            self.seconds += finding.pause.length / document.audio.rate
            self.verdicts[finding.verdict] += 1

    @property
    def is_bad(self) -> bool:
        verdicts = self.verdicts
        return bool(self.damaged or verdicts[Verdict.AUDIO_FOUND] or verdicts[Verdict.UNREADABLE])

    def text(self) -> str:
        pauses = sum(self.verdicts.values())
        parts = [
            f"{counted(self.calls, 'recording')}: {self.paused} with pauses of the client's, "
            f"{counted(pauses, 'pause')}, {self.seconds:.1f} s"
        ]
        told = [v for v in Verdict if self.verdicts[v] or v in (Verdict.NO_AUDIO, Verdict.AUDIO_FOUND)]
        parts.append(", ".join(f"{self.verdicts[verdict]} {WORDS[verdict]}" for verdict in told))
        if self.damaged:
            parts.append(f"{self.damaged} damaged")
        if self.running:
            parts.append(f"{self.running} in use and left out")
        if self.verdicts[Verdict.ENCRYPTED]:
            parts.append("--identity FILE reads encrypted audio")
        return "; ".join(parts)


def _proved(
    found: Found, wanted: _Wanted, identities: Identities | None, advance: Advance, total: _Total
) -> Proved | None:
    """Return what is to be told of a recording, and count it."""
    document = found.document
    if found.kind is Kind.FOREIGN:
        return None
    if document is not None:
        if not wanted.has(document.started_at):
            return None
        if document.state == "recording" and found.place.runs(document):
            total.running += 1
            return None
        advance.expect(document.audio.samples, found.stem)
    proved = prove(found, identities, advance)
    if proved is None:
        return None
    total.add(proved)
    return proved if proved.findings or proved.problem else None


def _tell(proved: Proved, bar: Advance, array: JsonArray | None, *, csv: bool) -> None:
    if array is not None:
        array.add(as_item(proved))
        return
    for line in csv_lines(proved) if csv else text_lines(proved):
        bar.echo(clean(line))
