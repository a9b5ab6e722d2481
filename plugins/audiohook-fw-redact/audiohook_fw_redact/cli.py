"""`audiohook-fw redact`: try on a text what would go, and why."""

from __future__ import annotations

import json as jsons
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from audiohook_fw import PluginError, Transcript

from .extensions import load_recognisers
from .memory import CallMemory
from .redactor import Outcome, Redactor
from .settings import RedactSettings

__all__ = ["make_app"]

_CHANNELS: Final = {
    "external": "external",
    "customer": "external",
    "internal": "internal",
    "agent": "internal",
}
_SECOND: Final = 8000

Source = Annotated[
    str,
    typer.Argument(
        metavar="FILE|TEXT",
        help="A text, or a file with an utterance in each line, - for standard input. A line may begin "
        "with customer: or agent: to say who speaks.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object for each utterance.")]
Values = Annotated[bool, typer.Option("--values", help="Show also what would go, in clear.")]


def make_app(settings: RedactSettings) -> typer.Typer:
    """Return the commands, for a section of the configuration."""
    app = typer.Typer(help="What is taken out of transcripts.", no_args_is_help=True)

    @app.callback()
    def redact() -> None:
        """See what is taken out of transcripts."""

    @app.command()
    def test(source: Source, json: Json = False, values: Values = False) -> None:
        """Show what would go from a text, and why, with the settings as they are; exit code 0 in any case."""
        redactor = Redactor(settings, load_recognisers(settings))
        for number, (said, outcome) in enumerate(_outcomes(redactor, _lines(source)), 1):
            shown = _as_json(number, said, outcome, values) if json else _as_text(said, outcome, values)
            typer.echo(shown)

    return app


def _lines(source: str) -> Sequence[str]:
    if source == "-":
        return sys.stdin.read().splitlines()
    try:
        path = Path(source)
        if path.is_file():
            return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise PluginError("redact", f"{source} is no UTF-8 text") from error
    except (OSError, ValueError) as error:  # a long text is no name of a file
        if isinstance(error, PermissionError):
            raise PluginError("redact", f"{source} cannot be read: {error.strerror}") from error
    if " " not in source and source.endswith((".txt", ".log", ".csv", ".json")):
        raise typer.BadParameter(f"there is no file {source}")
    return source.splitlines()


def _outcomes(redactor: Redactor, lines: Sequence[str]) -> Iterator[tuple[Transcript, Outcome]]:
    """Redact lines as utterances of one call, a second after each other."""
    memory, at = CallMemory(), 0
    for line in filter(str.strip, lines):
        who, _, rest = line.partition(":")
        channel = _CHANNELS.get(who.strip().lower(), "")
        text = rest.strip() if channel else line.strip()
        length = len(text) * _SECOND // 15
        said = Transcript(channel=channel or "external", text=text, start=at, length=length)
        at += length + _SECOND
        yield said, redactor.redact(said, memory, rate=_SECOND)


def _as_text(said: Transcript, outcome: Outcome, values: bool) -> str:
    lines = [outcome.event.text]
    for finding in outcome.findings:
        value = f"  {said.text[finding.start : finding.end]}" if values else ""
        lines.append(f"  {finding.start}-{finding.end}  {finding.kind}  {finding.rule}{value}")
    return "\n".join(lines)


def _as_json(number: int, said: Transcript, outcome: Outcome, values: bool) -> str:
    findings: list[dict[str, Any]] = [asdict(finding) for finding in outcome.findings]
    if values:
        for finding in findings:
            finding["value"] = said.text[finding["start"] : finding["end"]]
    whole = {
        "utterance": number,
        "channel": said.channel,
        "text": outcome.event.text,
        "findings": findings,
        "spans": [span.model_dump(exclude={"transcript_id"}) for span in outcome.spans],
    }
    return jsons.dumps(whole, ensure_ascii=False)
