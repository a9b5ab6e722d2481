"""`audiohook-fw recordings erase`: all that any plugin keeps of a conversation, gone and proved."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from audiohook_fw import Commands, Erased

from ..erase import EraseError, Held, look, open_store
from ..failures import failure_advice
from ..ledger import Ledger, Removed, check_ledger, digest_of, entries, ledger_size
from ..settings import RecorderSettings
from ..store import StoreError
from .options import Json
from .output import JsonArray, clean, progress, said, waiting
from .places import PlaceError
from .texts import as_bytes, counted

__all__ = ["register"]

Conversations = Annotated[
    list[str],
    typer.Argument(metavar="CONVERSATION...", show_default=False, help="The ids of conversations."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@dataclass(slots=True)
class _Outcome:
    """What became of a conversation."""

    conversation: str
    removed: Removed = field(default_factory=Removed)
    plugins: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def register(app: typer.Typer, settings: RecorderSettings, commands: Commands) -> None:
    """Add `erase`."""

    @app.command()
    def erase(conversations: Conversations, yes: Yes = False, json: Json = False) -> None:
        """Delete all that any plugin keeps of conversations: recordings, sidecars, objects in the store.

        What that was is written into the ledger, without the ids. A conversation with a call that is being
        recorded is refused. Exit status 1 when anything is, or may be, left.
        """
        directory = settings.directory
        outcomes = {c: _Outcome(c) for c in map(_checked, conversations)}
        held = {c: found for c in outcomes if (found := _look(settings, outcomes[c])) is not None}
        if held and not yes:
            _ask(held)
        with progress("erasing", len(held)) as bar:
            for conversation in held:
                _erase(directory, commands, outcomes[conversation])
                bar()
        _print(directory, list(outcomes.values()), as_json=json)
        raise typer.Exit(int(any(outcome.problems for outcome in outcomes.values())))


def _checked(text: str) -> str:
    try:
        Commands("recorder").erase(text)  # asks nobody
    except ValueError as error:
        raise typer.BadParameter(f"{clean(text)!r}: {error}") from None
    return text.lower()


def _look(settings: RecorderSettings, outcome: _Outcome) -> Held | None:
    try:
        store = open_store(settings.store, brief=True)
        with waiting(settings.store.url or str(settings.directory)):
            return look(settings.directory, store, outcome.conversation)
    except EraseError as error:
        outcome.problems.append(str(error))
    except StoreError as error:
        outcome.problems.append(
            f"the store failed ({error}): nothing is erased; {failure_advice(error.kind)}, and erase again"
        )
    except OSError as error:
        outcome.problems.append(f"{said(error)}: nothing is erased")
    return None


def _ask(held: dict[str, Held]) -> None:
    if not sys.stdin.isatty():
        raise PlaceError("nobody can be asked whether to erase: add --yes")
    for conversation, found in held.items():
        typer.echo(f"{conversation}: {_counted(found)}", err=True)
    question = "Delete that, and what other plugins keep of it? It cannot be undone."
    typer.confirm(question, abort=True, err=True)


def _erase(directory: Path, commands: Commands, outcome: _Outcome) -> None:
    after = ledger_size(directory)
    erased = commands.erase(outcome.conversation)
    digest = digest_of(outcome.conversation)
    for entry in entries(directory, after=after):
        if entry.get("action") == "erase" and entry.get("conversations") == [digest]:
            outcome.removed.add(Removed(*(int(entry[name]) for name in asdict(outcome.removed))))
    outcome.problems += [f"plugin {one.plugin}: {one.problem}" for one in erased if one.problem]
    others = [one for one in erased if one.plugin != "recorder"]
    outcome.plugins = {one.plugin: one.count for one in others if one.count}
    if others:
        try:
            _note(directory, digest, others)
        except OSError as error:
            outcome.problems.append(said(error))


def _note(directory: Path, digest: str, others: Sequence[Erased]) -> None:
    counts = {one.plugin: one.count for one in others}
    with Ledger(directory) as ledger:
        complete = not any(one.problem for one in others)
        ledger.append("erase", [digest], Removed(), complete=complete, plugins=counts)


def _print(directory: Path, outcomes: Sequence[_Outcome], *, as_json: bool) -> None:
    if as_json:
        with JsonArray() as array:
            for outcome in outcomes:
                array.add(_item(outcome))
        return
    for outcome in outcomes:
        others = [f"{clean(name)}: {count}" for name, count in outcome.plugins.items()]
        if others or not outcome.problems or outcome.removed != Removed():
            typer.echo(f"{outcome.conversation}: {'; '.join([_counted(outcome.removed), *others])} erased")
        for problem in outcome.problems:
            typer.echo(f"{outcome.conversation}: {clean(problem)}", err=True)
    if directory.is_dir():
        state = check_ledger(directory)
        typer.echo(f"ledger: {counted(state.lines, 'line')}, the last one is {state.last}")


def _item(outcome: _Outcome) -> dict[str, Any]:
    return {
        "conversation": outcome.conversation,
        **asdict(outcome.removed),
        "plugins": outcome.plugins,
        "problems": outcome.problems,
    }


def _counted(found: Held | Removed) -> str:
    parts = [counted(found.recordings, "recording"), counted(found.files, "file")]
    parts += [counted(found.objects, "object"), as_bytes(found.bytes)]
    return ", ".join(parts)
