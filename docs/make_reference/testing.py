"""`testing.md`: the fixtures, the rules of the contract, and every public name of `audiohook_fw.testing`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from audiohook_fw import pytest_plugin, testing
from audiohook_fw.cli.packaging import PACKAGING_RULES

from .markdown import code, table
from .source import Definition, Member, find, first_line

__all__ = ["page"]

_HEAD: Final = """\
# Testing

Made from the source by `make docs`. What `audiohook_fw.testing` exports is for the tests of plugins; it
changes only with a line in the changelog. How to use it: [test a plugin](../how-to/test-a-plugin.md).
Seconds are virtual unless something else is said; positions are samples of call time."""

_FIXTURES: Final = """\
## Fixtures

pytest finds them wherever `audiohook-fw` is installed; they import nothing before they are used. They work
in plain tests and in async ones, whichever plugin runs those. `-p no:audiohook_fw` switches them off."""

_RULES: Final = """\
## Rules

`PluginContract` has a test for each, `test_` and the name with underscores; `check_plugin` puts a plugin to
all of them. All calls are in virtual time. One mistake that shows in many kinds of calls is told once, by the
first rule in whose calls it shows; for others the test is skipped.

`never-blocks` watches the usual blocking calls below the plugin's code in the loop's thread, and processor
time, not time on a clock; a lock that is never released it cannot see. Open files are seen where the system
has `/proc`."""

_PACKAGING: Final = """\
## Rules of packaging

`audiohook-fw plugin check` puts a plugin to these, too. What cannot be judged is skipped, and says why: the
metadata of a single file, the tests of an installed wheel, fields that pyproject.toml leaves to the build.
They are about the code that is installed; tests may import what they like."""

_NAMES: Final = "## Names"


def page() -> str:
    """Return the text of the page."""
    names = sorted(testing.__all__, key=str.lower)
    parts = [
        _HEAD,
        _FIXTURES,
        table(("fixture", "what it gives"), [(code(name), _fixture(name)) for name in pytest_plugin.__all__]),
        _RULES,
        table(
            ("rule", "a plugin", "mend"),
            [(code(rule.name), rule.demand, rule.mend) for rule in testing.RULES],
        ),
        _PACKAGING,
        table(
            ("rule", "a distribution", "mend"),
            [(code(rule.name), rule.demand, rule.mend) for rule in PACKAGING_RULES],
        ),
        _NAMES,
        table(
            ("name", "what it is"),
            [(f"[`{name}`](#{name.lower()})", first_line(_find(name).text)) for name in names],
        ),
    ]
    for name in names:
        parts += _entry(name)
    return "\n\n".join(parts) + "\n"


def _find(name: str) -> Definition:
    return find("audiohook_fw.testing", name)


def _fixture(name: str) -> str:
    return first_line(find("audiohook_fw.pytest_plugin", name).text)


def _entry(name: str) -> Iterator[str]:
    definition = _find(name)
    if not definition.text:
        raise ValueError(f"{name} says nothing of itself: write a docstring in {definition.module}")
    yield f"### `{name}`"
    if name != "RULES":  # which are above
        yield f"```text\n{definition.signature}\n```"
    yield first_line(definition.text)
    if isinstance(definition.node, ast.ClassDef):
        rows = [(code(member.signature), first_line(member.text)) for member in _members(definition)]
        if rows:
            yield table(("member", "meaning"), rows)


def _members(definition: Definition) -> Iterator[Member]:
    yield from definition.members()
    for base in definition.inherited():
        yield from _members(base)
