"""`audiohook-fw policy …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .explain import explain
from .opening import Supposed, read_open, read_time
from .plugin import FAILURES
from .problems import RuleFileError
from .rule_file import load_rules
from .settings import OnFailure

__all__ = ["app"]

app = typer.Typer(help="Check and try the rules that decide which calls are streamed.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The rules, in TOML or YAML.", show_default=False)]


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Rule files, in TOML or YAML.", show_default=False)],
) -> None:
    """Say what is wrong in rule files, with lines and what is allowed; exit status 1 when anything is."""
    bad = False
    for file in files:
        try:
            rules = load_rules(file)
        except RuleFileError as error:
            typer.echo(str(error))
            bad = True
            continue
        except OSError as error:
            typer.echo(f"{file}: cannot be read: {error.strerror or type(error).__name__}")
            bad = True
            continue
        for warning in rules.warnings:
            typer.echo(f"{file}:{warning}")
        queue = sum(rule.when.needs_queue for rule in rules.rules)
        typer.echo(f"{file}: {len(rules.rules)} rules, {queue} of them ask for the queue; nothing is wrong")
    if bad:
        raise typer.Exit(1)


@app.command("test")
def explain_call(
    file: File,
    open_: Annotated[
        Path,
        typer.Option("--open", help="The open message, or its parameters, as JSON.", show_default=False),
    ],
    organization: Annotated[
        str, typer.Option(help="Its organization, in place of the message's.", show_default=False)
    ] = "",
    key: Annotated[str, typer.Option(help="The name of its API key.", show_default=False)] = "",
    at: Annotated[
        str, typer.Option(help="When it begins, such as 2026-03-29T14:30; now.", show_default=False)
    ] = "",
    queue: Annotated[
        list[str] | None,
        typer.Option(
            help="The id or name of its queue; both when given twice. Not known.", show_default=False
        ),
    ] = None,
    active: Annotated[int, typer.Option(help="How many other calls are active.", min=0)] = 0,
    on_failure: Annotated[OnFailure, typer.Option(help="As plugins.policy.on_failure.")] = OnFailure.CLOSED,
) -> None:
    """Say which rule decides about a call, and why. Nothing is sent, and no number is shown."""
    rules = load_rules(file)
    supposed = Supposed(
        organization=organization,
        key=key,
        at=read_time(at, rules.zone) if at else None,
        queues=tuple(queue or ()),
        active=active,
    )
    for line in explain(rules, supposed.facts(read_open(open_), rules), FAILURES[on_failure]):
        typer.echo(line)
