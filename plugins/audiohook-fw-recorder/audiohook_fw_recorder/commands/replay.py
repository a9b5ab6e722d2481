"""`audiohook-fw replay`: recorded calls through plugins, without a network, as fast as they go."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from audiohook_fw import AudiohookError
from audiohook_fw.replay import FRAME_MS

from ..files import claim
from ..settings import RecorderSettings
from .comparing import SUFFIX, Result, changes, read_results
from .finding import Found, Kind, Selection, select
from .options import Identity, Json, Names, keys, places
from .output import Advance, JsonArray, clean, progress, said, warn
from .places import Folder, Place, PlaceError
from .replay_texts import summary, total
from .replaying import Done, Job, Setting
from .sound import call_length
from .workers import replay_all

__all__ = ["make_replay"]

Plugins = Annotated[
    list[str],
    typer.Option(
        "--plugins",
        "-p",
        metavar="NAME",
        help="Play to this plugin: the name of an installed one, else a module or a FILE.py (or "
        "NAME=MODULE). May be given several times, or with commas.",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", show_default=False, help="Settings of the plugins, as for serve."
    ),
]
In = Annotated[
    list[Path] | None,
    typer.Option("--in", metavar="DIR", show_default=False, help="Look for ids in this directory, too."),
]
Speed = Annotated[
    float | None,
    typer.Option(
        metavar="TIMES",
        show_default=False,
        help="Times real time, for plugins that need the real one, such as those that ask a network.",
    ),
]
Patience = Annotated[
    float, typer.Option(help="Seconds that time stands still for a thread at work, without --speed.")
]
FrameMs = Annotated[float, typer.Option(help="Milliseconds of audio in a frame.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", min=1, show_default=False, help="Processes; as many as there are processors."
    ),
]
Into = Annotated[
    Path | None,
    typer.Option(metavar="DIR", show_default=False, help=f"Write a file NAME{SUFFIX} for each recording."),
]
Compare = Annotated[
    Path | None,
    typer.Option(
        metavar="OLD", show_default=False, help="Show what changed since these results of --json or --into."
    ),
]


def make_replay(settings: RecorderSettings) -> typer.Typer:
    """Return the command, for a section of the configuration."""
    app = typer.Typer(help="Play recorded calls to plugins.")

    @app.command()
    def replay(
        plugins: Plugins,
        names: Names = None,
        config: Config = None,
        in_: In = None,
        identity: Identity = None,
        speed: Speed = None,
        frame_ms: FrameMs = FRAME_MS,
        patience: Patience = 60.0,
        jobs: Jobs = None,
        into: Into = None,
        compare: Compare = None,
        json: Json = False,
    ) -> None:
        """Play recorded calls to plugins, and tell what they emit.

        Without a network, as fast as they go, or at a speed of your choice.

        Exit status 1 when a recording could not be played, or with --compare when something changed.
        """
        setting = Setting(_split(plugins), config, identity, frame_ms, speed, patience)
        _check(setting)
        run = _Run(setting, jobs or os.cpu_count() or 1, into, compare)
        raise typer.Exit(run(select(names or [], _searched(in_ or [], settings)), json=json))

    return app


def _split(plugins: Sequence[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for word in plugins for name in word.split(",") if name.strip())
    if not names:
        raise typer.BadParameter("name a plugin: --plugins NAME")
    return names


def _check(setting: Setting) -> None:
    """Refuse what would fail with each recording."""
    keys(setting.identity)
    if setting.frame_ms < 1:
        raise typer.BadParameter(f"--frame-ms {setting.frame_ms:g}: a frame is 1 ms at least")
    if setting.speed is not None and not setting.speed > 0:
        raise typer.BadParameter(f"--speed {setting.speed:g} is not above 0")


def _searched(directories: Sequence[Path], settings: RecorderSettings) -> Callable[[], Sequence[Place]]:
    def found() -> Sequence[Place]:
        for directory in directories:
            if not directory.is_dir():
                raise PlaceError(f"{directory}: there is no such directory")
        named = [Folder(directory) for directory in directories]
        try:
            return [*named, *places(settings)()]
        except PlaceError:
            if named:
                return named
            raise

    return found


@dataclass(slots=True)
class _Run:
    """One run of the command."""

    setting: Setting
    processes: int
    into: Path | None
    compare: Path | None
    _open: dict[int, ExitStack] = field(default_factory=dict)

    def __call__(self, selection: Selection, *, json: bool) -> int:
        """Play all; return the exit status."""
        old = None if self.compare is None else read_results(self.compare)
        if self.into is not None:
            self.into.mkdir(mode=0o700, parents=True, exist_ok=True)
        counts = {"played": 0, "failed": 0, "changed": 0}
        with ExitStack() as stack:
            array = stack.enter_context(JsonArray()) if json else None
            bar = stack.enter_context(progress("replaying", selection.total))
            outcomes = replay_all(self._jobs(selection, bar), self.setting, self.processes, bar)
            for job, done in stack.enter_context(closing(outcomes)):
                if job is not None:
                    self._open.pop(id(job)).close()
                if done.hopeless:
                    raise AudiohookError(done.problem)
                self._finish(done, old, counts, array, bar)
        if not json:
            typer.echo(total(counts, self.compare))
        return int(counts["failed"] + counts["changed"] > 0)

    def _jobs(self, selection: Selection, bar: Advance) -> Iterator[Job | Done]:
        for found in selection:
            if found.kind is Kind.FOREIGN:
                bar()
                continue
            try:
                yield self._job(found)
            except (OSError, AudiohookError) as error:
                yield Done(found.stem, problem=said(error))

    def _job(self, found: Found) -> Job:
        document = found.recording
        if document.state == "recording":
            running = found.place.runs(document)
            over = "its server was killed: the next one that starts with this directory puts it right"
            raise PlaceError(f"{found.name}: {'the call is not over yet' if running else over}")
        stack = ExitStack()
        directory = stack.enter_context(found.place.audio(found.name, document))
        seconds = call_length(document) / document.audio.rate
        job = Job(found.stem, directory, document.text(), seconds)
        self._open[id(job)] = stack
        return job

    def _finish(
        self,
        done: Done,
        old: dict[str, Result] | None,
        counts: dict[str, int],
        array: JsonArray | None,
        bar: Advance,
    ) -> None:
        result, problem = done.result, done.problem
        if result is not None and self.into is not None:
            problem = _write(self.into, result)
        if problem or result is None:
            counts["failed"] += 1
            warn(problem)
            if array is not None:
                array.add({"recording": done.name, "problem": problem})
            return
        counts["played"] += 1
        differences = [] if old is None else _differences(old, result)
        counts["changed"] += bool(differences)
        if array is not None:
            array.add(result if old is None else {**result, "changes": differences})
        elif old is None:
            bar.echo("\n".join(clean(line) for line in summary(result)))
        elif differences:
            bar.echo("\n  ".join(clean(line) for line in (f"{result['recording']}:", *differences)))


def _differences(old: dict[str, Result], result: Result) -> list[str]:
    before = old.get(result["recording"])
    if before is None:
        return ["+ the recording is not among the older results"]
    return list(changes(before, result))


def _write(into: Path, result: Result) -> str:
    """Write a result to a file of its own; return why that cannot be done."""
    path = into / f"{result['recording']}{SUFFIX}"
    try:
        claim(path, dumps(result, indent=2, ensure_ascii=False))
    except FileExistsError:
        return f"{path} is there already: name another directory, or remove it"
    except OSError as error:
        return said(error)
    return ""
