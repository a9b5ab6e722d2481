"""`audiohook-fw plugin check`: the contract and the rules of packaging, a line for each."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CommandError
from ..help import examples
from ..options import ConfigFile, Json

if TYPE_CHECKING:
    from ..packaging import Finding
    from .show import Screen
    from .target import Target

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add `check`."""
    app.command(
        "check",
        short_help="Put a plugin to the contract and to the rules of packaging.",
        epilog=examples(
            "audiohook-fw plugin check .                  the distribution in this directory",
            "audiohook-fw plugin check recorder           an installed plugin",
            "audiohook-fw plugin check policy.py --set 'prefixes=[\"+49800\"]'",
            "audiohook-fw plugin check . --json | jq '.rules[] | select(.outcome == \"failed\")'",
        ),
    )(_check)


def _check(
    target: Annotated[
        str,
        typer.Argument(
            metavar="NAME|PATH",
            help="An installed plugin or a module; or a directory with a pyproject.toml, or a FILE.py.",
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            show_default=False,
            help="A setting of the plugin, as TOML or as a text. May be given several times.",
        ),
    ] = None,
    config: ConfigFile = None,
    timeout: Annotated[
        float, typer.Option(min=1, max=3600, help="Seconds that loading, and each rule, may take.")
    ] = 120.0,
    as_json: Json = False,
) -> None:
    """Put a plugin to the contract, and its distribution to the rules of packaging.

    The plugin is loaded in a process of its own, so one that crashes or hangs is told like any other fault.
    What cannot be judged, such as the tests of an installed wheel, is skipped and says why.

    Exit status 1 if a rule is broken, 2 if there is no such plugin.
    """
    from ..packaging import Outcome
    from .show import Screen
    from .target import find_target

    given = _given(settings or ())
    found = find_target(target)
    screen = Screen(quiet=as_json)
    try:
        findings = _judge(found, screen, given, config, timeout)
    finally:
        screen.rest()
    passed = all(finding.outcome is not Outcome.FAILED for finding in findings)
    if as_json:
        rules = [asdict(finding) for finding in findings]
        typer.echo(json.dumps({"target": found.package.place, "passed": passed, "rules": rules}, indent=2))
    screen.total(findings)  # of a quiet one, nothing is seen
    if not passed:
        raise typer.Exit(1)


def _judge(
    found: Target, screen: Screen, given: dict[str, object], config: ConfigFile, timeout: float
) -> list[Finding]:
    from ..packaging import PACKAGING_RULES, About
    from .contract import Job, Trial

    findings: list[Finding] = []

    def judged(some: Iterable[Finding]) -> None:
        for finding in some:
            screen.finding(finding)
            findings.append(finding)

    abouts: dict[str, About] = {}
    for name, spec in found.plugins.items():
        screen.title(f"Contract of {name}")
        trial = Trial(
            Job(name, spec, found.package.entry_points.get(name, ""), found.paths, config, given, timeout),
            screen.trying,
        )
        judged(trial.findings())
        abouts[name] = trial.about
    screen.rest()
    screen.title(f"Packaging of {found.package.name or found.package.place}")
    package = replace(found.package, plugins=abouts)
    judged(rule.check(package) for rule in PACKAGING_RULES)
    return findings


def _given(settings: Sequence[str]) -> dict[str, object]:
    """Return what `--set` gave, by its name."""
    given: dict[str, object] = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise CommandError(f"--set {text}: write KEY=VALUE")
        try:
            given[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            given[key.strip()] = value  # a text without quotes
    return given
