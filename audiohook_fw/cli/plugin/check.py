"""`audiohook-fw plugin check`: the contract and the rules of packaging, a line for each."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CommandError, lines
from ..help import examples
from ..options import ConfigFile, Json
from ..texts import clean

if TYPE_CHECKING:
    from ..packaging import Finding
    from .show import Screen

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
            "audiohook-fw plugin check policy.py --fact dnis=tel:+4980012345",
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
    facts: Annotated[
        list[str] | None,
        typer.Option(
            "--fact",
            metavar="KEY=VALUE",
            show_default=False,
            help="A fact of the calls that it is tried on, such as dnis, organization_id or product. May be "
            "given several times.",
        ),
    ] = None,
    config: ConfigFile = None,
    timeout: Annotated[
        float, typer.Option(min=1, max=3600, help="Seconds that loading, and each call of a rule, may take.")
    ] = 20.0,
    as_json: Json = False,
) -> None:
    """Put a plugin to the contract, and its distribution to the rules of packaging.

    The plugin is loaded in a process of its own, so one that crashes or hangs is told like any other fault.
    What cannot be judged, such as the tests of an installed wheel, is skipped and says why.

    Exit status 1 if a rule is broken, 2 if it cannot be checked; "error" of --json then says why.
    """
    from .show import Screen

    screen = Screen(quiet=as_json)
    try:
        job = _Wishes(_given(settings or ()), _facts(facts or ()), config, timeout)
        place, findings = _judge(target, screen, job)
    except Exception as error:
        if as_json:
            _print(target, [], "\n".join(lines(error)))
        raise
    finally:
        screen.rest()
    if as_json:
        _print(place, findings)
    screen.total(findings)  # of a quiet one, nothing is seen
    if not _passed(findings):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Wishes:
    settings: dict[str, object]
    facts: dict[str, str]
    config: Path | None
    timeout: float


def _print(place: str, findings: Sequence[Finding], error: str = "") -> None:
    """Print JSON; of a check that could not be done, with what is wrong."""
    rules = [asdict(finding) for finding in findings]
    passed = not error and _passed(findings)
    report = {"target": clean(place), "passed": passed, "error": clean(error), "rules": rules}
    typer.echo(json.dumps(report, indent=2))


def _passed(findings: Iterable[Finding]) -> bool:
    from ..packaging import Outcome

    return all(finding.outcome is not Outcome.FAILED for finding in findings)


def _judge(target: str, screen: Screen, wishes: _Wishes) -> tuple[str, list[Finding]]:
    from ..packaging import PACKAGING_RULES, About
    from .contract import Job, Trial
    from .target import find_target

    found = find_target(target)
    findings: list[Finding] = []

    def judged(some: Iterable[Finding]) -> None:
        for finding in some:
            screen.finding(finding)
            findings.append(finding)

    abouts: dict[str, About] = {}
    for name, spec in found.plugins.items():
        screen.title(f"Contract of {name}")
        trial = Trial(
            Job(
                name,
                spec,
                found.package.entry_points.get(name, ""),
                found.paths,
                wishes.config,
                wishes.settings,
                wishes.facts,
                wishes.timeout,
            ),
            screen.trying,
        )
        judged(trial.findings())
        abouts[name] = trial.about
    screen.rest()
    screen.title(f"Packaging of {found.package.name or found.package.place}")
    package = replace(found.package, plugins=abouts)
    judged(rule.check(package) for rule in PACKAGING_RULES)
    return found.package.place, findings


def _given(settings: Sequence[str]) -> dict[str, object]:
    """Return what `--set` gave, by its name."""
    given: dict[str, object] = {}
    for key, value in _pairs("--set", settings):
        try:
            given[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            given[key] = value  # a text without quotes
    return given


def _facts(facts: Sequence[str]) -> dict[str, str]:
    """Return what `--fact` gave, by its name."""
    from audiohook_fw.testing import read_facts

    given = dict(_pairs("--fact", facts))
    try:
        read_facts(given)
    except ValueError as error:
        raise CommandError(f"--fact: {error}") from None
    return given


def _pairs(option: str, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise CommandError(f"{option} {text}: write KEY=VALUE")
        yield key.strip(), value
