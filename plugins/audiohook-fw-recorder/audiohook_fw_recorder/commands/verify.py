"""`audiohook-fw recordings verify`: whether recordings are whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import typer

from ..age import Identities
from ..ledger import LEDGER, LedgerState
from ..settings import RecorderSettings
from .finding import Found, Kind, Selection, select
from .options import Identity, Json, Names, keys, places
from .output import Advance, JsonArray, clean, progress, said
from .places import PlaceError
from .texts import counted
from .verifying import Verdict, Verified, verify

__all__ = ["register"]


def register(app: typer.Typer, settings: RecorderSettings) -> None:
    """Add `verify`."""

    @app.command(name="verify")
    def verify_(names: Names = None, identity: Identity = None, json: Json = False) -> None:
        """Read recordings whole, and tell what is wrong with them.

        Sidecar, files, checksums, map, length, and that there is silence where nothing was recorded or
        something was redacted. What a server is at work on is left out.

        Exit status 1 when something is wrong.
        """
        selection = select(names or [], places(settings))
        identities = keys(identity)
        counts: Counter[Verdict] = Counter()
        unhashed, lost, audible = 0, Counter[str](), Counter[str]()
        failure: PlaceError | None = None
        with ExitStack() as stack:
            array = stack.enter_context(JsonArray()) if json else None
            bar = stack.enter_context(progress("verifying", selection.total))
            try:
                for verified in _verified(selection, identities, bar):
                    counts[verified.verdict] += 1
                    unhashed += verified.unhashed
                    if verified.lost:
                        lost += Counter(recordings=1, milliseconds=round(verified.lost * 1e3))
                    if verified.audible:
                        audible += Counter(recordings=1, milliseconds=round(verified.audible * 1e3))
                    if array is not None:
                        array.add(_as_item(verified))
                    else:
                        for problem in (*verified.problems, *_heard(verified)):
                            bar.echo(clean(_said(verified.found, problem)))
            except PlaceError as error:  # what was verified is told all the same
                failure = error
            bad = _check_ledgers(selection, array, bar)
        if not json:
            typer.echo(_total(counts, unhashed, lost, audible))
        if failure is not None:
            raise failure
        raise typer.Exit(int(bad or counts[Verdict.BAD] > 0))


def _verified(selection: Selection, identities: Identities | None, bar: Advance) -> Iterator[Verified]:
    known: set[tuple[str, str]] = set()
    for found in selection:
        with bar.part() as advance:
            if found.document is not None:
                advance.expect(_work(found), found.stem)
            verified = verify(found, identities, advance)
        bar()
        if verified is not None:
            known |= _names(verified.found)
            yield verified
    for place in selection.wholes:
        for name in place.others():
            if not known & {(place.label, name), (place.label, name.rpartition(".")[0])}:
                found = Found(place, name, Kind.FOREIGN, problem="no sidecar speaks of this file")
                yield Verified(found, Verdict.FOREIGN, (found.problem,))


def _check_ledgers(selection: Selection, array: JsonArray | None, bar: Advance) -> bool:
    """Check the ledgers of what was deleted, and tell of them; return whether one is wrong."""
    bad = False
    for place in selection.wholes:
        try:
            state = place.ledger()
        except (OSError, PlaceError) as error:
            state = LedgerState(0, "", [said(error)])
        if state is None:
            continue
        bad |= bool(state.problems)
        if array is not None:
            verdict = Verdict.BAD if state.problems else Verdict.OK
            item = {
                "name": LEDGER,
                "place": place.label,
                "verdict": verdict,
                "problems": list(state.problems),
            }
            array.add({**item, "notes": [], "lines": state.lines, "last": state.last})
            continue
        for problem in state.problems:
            bar.echo(clean(problem))
        bar.echo(f"{LEDGER}: {counted(state.lines, 'line')}, the last one is {state.last or 'not known'}")
    return bad


def _names(found: Found) -> set[tuple[str, str]]:
    """Return the files, with their place, that a sidecar speaks of; those of its name if it is damaged."""
    folder, slash, _ = found.name.rpartition("/")
    names: list[str] = []
    if found.document is not None:
        names = [file.name for file in found.document.audio.files]
    elif found.kind is Kind.DAMAGED:
        names = [found.stem]
    return {(found.place.label, folder + slash + name) for name in names}


def _work(found: Found) -> int:
    audio = found.recording.audio
    hashed = sum(file.size or 0 for file in audio.files if file.sha256 is not None)
    return hashed + audio.samples * len(audio.channels)


def _heard(verified: Verified) -> Iterator[str]:
    """Yield what is told though the recording is whole."""
    if verified.audible:
        seconds = f"{verified.audible:.1f} s"
        yield f"{seconds} that were redacted can be heard: they were told too late (--json tells where)"


def _said(found: Found, problem: str) -> str:
    """Return a problem with the recording that it is of; many name the file themselves."""
    return problem if problem.startswith(found.stem) else f"{found.name}: {problem}"


def _as_item(verified: Verified) -> dict[str, object]:
    found = verified.found
    return {
        "name": found.stem,
        "place": found.place.label,
        "verdict": verified.verdict,
        "problems": list(verified.problems),
        "notes": list(verified.notes),
        "lost": round(verified.lost, 3),
        "audible": round(verified.audible, 3),
    }


def _total(counts: Counter[Verdict], unhashed: int, lost: Counter[str], audible: Counter[str]) -> str:
    unread = counts[Verdict.UNREAD]
    checked = counts[Verdict.OK] + counts[Verdict.BAD] + unread
    parts = [f"{counted(checked, 'recording')}: {counts[Verdict.OK]} whole, {counts[Verdict.BAD]} not"]
    if unread:
        parts[0] += f", {unread} not read"
    if lost:
        parts.append(f"{lost['recordings']} without {lost['milliseconds'] / 1e3:.1f} s that the server lost")
    if audible:
        seconds = audible["milliseconds"] / 1e3
        parts.append(f"{audible['recordings']} with {seconds:.1f} s that were redacted and can be heard")
    if unhashed:
        parts.append(f"{unhashed} without a checksum")
    if counts[Verdict.RUNNING]:
        parts.append(f"{counts[Verdict.RUNNING]} in use and left out")
    if counts[Verdict.FOREIGN]:
        parts.append(f"{counted(counts[Verdict.FOREIGN], 'other file')}")
    if unread:
        parts.append("--identity FILE reads encrypted audio")
    return "; ".join(parts)
