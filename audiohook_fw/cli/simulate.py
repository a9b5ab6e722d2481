"""`audiohook-fw simulate`: calls as Genesys Cloud makes them, one or many, against any server."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from .errors import CommandError
from .help import examples
from .options import Json
from .simulate_options import (
    Actions,
    Ani,
    ApiKey,
    Backlog,
    Calls,
    Conversation,
    CustomConfig,
    Dnis,
    Duration,
    FrameMs,
    Headers,
    Language,
    Organization,
    Probe,
    Rate,
    Retries,
    Secret,
    Speed,
    Tone,
    Url,
    Verbose,
    WavFile,
)

if TYPE_CHECKING:
    from audiohook_fw.client import AudioSource, CallOptions, CallReport, LoadProgress, Observer

__all__ = ["register", "simulate"]

_TONE_SECONDS: Final = 10.0


def register(app: typer.Typer) -> None:
    """Add `simulate`."""
    app.command(
        "simulate",
        epilog=examples(
            "audiohook-fw simulate ws://127.0.0.1:8080/audiohook/ws --api-key KEY ...",
            "audiohook-fw simulate URL ... --secret SECRET --wav call.wav --speed 10",
            "audiohook-fw simulate URL ... --at pause@5,resume@8 --at update@12=de-DE",
            "audiohook-fw simulate URL ... --tone --duration 60 --calls 200 --rate 20",
            "audiohook-fw simulate URL ... --probe -v",
        ),
    )(simulate)


def simulate(
    url: Url,
    api_key: ApiKey,
    secret: Secret = None,
    organization: Organization = None,
    retries: Retries = 0,
    header: Headers = None,
    conversation: Conversation = None,
    ani: Ani = "",
    dnis: Dnis = "",
    language: Language = None,
    custom_config: CustomConfig = None,
    wav: WavFile = None,
    tone: Tone = False,
    duration: Duration = None,
    frame_ms: FrameMs = 200.0,
    backlog: Backlog = 0.0,
    speed: Speed = 1.0,
    at: Actions = None,
    probe: Probe = False,
    calls: Calls = 1,
    rate: Rate = 10.0,
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Play calls into a server as Genesys Cloud does, and tell what the server did.

    It pings, pauses, times out and limits like the real client: 5 s for opened and for a pong, 10 s
    for closed, error 429 for more than 5 messages a second. Exit status 0 when every call ended as
    scripted, 1 when one did not, 2 when there was no connection or an option is wrong.
    """
    from audiohook_fw.client import CallOptions, Environment, Timeline

    if not 0 < rate < math.inf:
        raise CommandError("--rate must be above 0")
    try:
        source = _source(wav, tone=tone)
        options = CallOptions(
            url=url,
            api_key=api_key,
            secret=_secret(secret),
            organization=organization or Environment().new_id(),
            conversation=conversation,
            ani=ani,
            dnis=dnis,
            language=language,
            custom_config=_custom_config(custom_config),
            headers=_headers(header or ()),
            source=source,
            duration=duration if duration is not None else source.duration or _TONE_SECONDS,
            timeline=Timeline() if probe else Timeline.parse(at or ()),
            backlog=backlog,
            frame_ms=frame_ms,
            speed=speed,
            probe=probe,
            retries=retries,
        )
    except ValueError as error:
        raise CommandError(str(error)) from error
    reports = _play(options, calls, rate, verbose=verbose, quiet=as_json)
    raise typer.Exit(_tell(reports, as_json=as_json))


def _source(wav: Path | None, *, tone: bool) -> AudioSource:
    from audiohook_fw.audio import WavError
    from audiohook_fw.client import AudioSource

    if wav is None:
        return AudioSource.tone() if tone else AudioSource.conversation()
    if tone:
        raise CommandError("--wav and --tone: give one of them")
    try:
        return AudioSource.wav(wav)
    except WavError as error:  # names the file itself
        raise CommandError(str(error)) from error
    except ValueError as error:
        raise CommandError(f"{wav}: {error}") from error


def _secret(text: str | None) -> bytes | None:
    from audiohook_fw.auth import decode_secret

    return None if text is None else decode_secret(text)


def _custom_config(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise CommandError('--custom-config must be a JSON object, like {"queue": "sales"}')
    return value


def _headers(given: Iterable[str]) -> dict[str, str]:
    """Read the headers; a message names none of their values, which may be secret."""
    headers: dict[str, str] = {}
    for text in given:
        name, colon, value = text.partition(":")
        name = name.strip()
        if not colon:
            raise CommandError(
                "--header must be a name, a colon and a value, like 'X-Forwarded-For: 192.0.2.1'"
            )
        if name.lower() in map(str.lower, headers):
            raise CommandError(f"--header: {name} is given twice; write its values into one, with commas")
        headers[name] = value.strip()
    return headers


def _play(options: CallOptions, calls: int, rate: float, *, verbose: bool, quiet: bool) -> list[CallReport]:
    from audiohook_fw.client import run_load

    observer = _printer() if verbose else None
    with _progress(hidden=verbose or quiet) as progress:
        try:
            return asyncio.run(run_load(options, calls, rate=rate, progress=progress, observer=observer))
        except ValueError as error:  # the address; anything else was checked before
            raise CommandError(str(error)) from error


def _printer() -> Observer:
    began = time.monotonic()

    def show(direction: str, data: str | bytes) -> None:
        text = data if isinstance(data, str) else f"audio, {len(data)} bytes"
        typer.echo(f"{time.monotonic() - began:9.3f} {direction} {text}", err=True)

    return show


@contextmanager
def _progress(*, hidden: bool) -> Iterator[Callable[[LoadProgress], None] | None]:
    """Show a bar of the call time that was played, where there is a terminal to show it on."""
    if hidden or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("connecting", total=None)

        def show(progress: LoadProgress) -> None:
            text = f"{progress.running} running, {progress.finished} of {progress.calls} done"
            if progress.failed:
                text += f", {progress.failed} not as scripted"
            total = progress.total_seconds or None
            bar.update(task, description=text, total=total, completed=progress.seconds)

        yield show


def _tell(reports: list[CallReport], *, as_json: bool) -> int:
    """Print what came of it and return the exit status.

    Raises:
        CommandError: not one call got a connection.
    """
    from audiohook_fw.client import Closing, Summary

    summary = Summary(reports)
    if as_json:
        told = {"summary": summary.to_dict(), "calls": [report.to_dict() for report in reports]}
        typer.echo(json.dumps(told, indent=2))
    unconnected = (Closing.REFUSED, Closing.UNREACHABLE)
    if all(report.closing in unconnected for report in reports):
        raise CommandError(reports[0].problem or "no connection")
    if not as_json:
        typer.echo("\n".join(summary.lines()))
    return 0 if summary.as_scripted else 1
