"""Every command has its entry in the reference, an example there that the command line takes, and a test."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

from audiohook_fw.cli.extensions import Group
from audiohook_fw.cli.main import make_app
from audiohook_fw.cli.reference import reference


def root() -> Any:
    command = typer.main.get_command(make_app())
    assert isinstance(command, Group)
    command.extensions = {}  # the core's commands alone, whatever is installed here
    return command


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path
    for name, child in (below or {}).items():
        yield from leaves(child, (*path, name))


COMMANDS = list(leaves(root()))


_MORE = ("...", "--api-key KEY")


def examples(path: tuple[str, ...]) -> list[list[str]]:
    """Return the examples in the help of a command or of its groups: the words after its name.

    Three dots stand for more of what the first example has.
    """
    page = reference()
    ours = re.compile(rf"^ *(?:\w+=\S+ )?audiohook-fw {' '.join(path)}\b(.*)$", re.MULTILINE)
    found: list[list[str]] = []
    for end in range(len(path), -1, -1):
        entry = page.partition(f"\n## {' '.join(('audiohook-fw', *path[:end]))}\n")[2].partition("\n## ")[0]
        lines = ours.findall(entry.partition("Examples:")[2])
        found += [shlex.split(re.split(r" {2,}\S| [>|]", line)[0].replace(*_MORE)) for line in lines]
    return found


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_command_has_its_entry_and_an_example_that_is_taken(path: tuple[str, ...]) -> None:
    assert f"\n## audiohook-fw {' '.join(path)}\n" in reference()
    assert examples(path), f"{' '.join(path)} has no example in its help"
    for words in examples(path):
        command = root()
        for name in path:
            command = command.commands[name]
        context = command.make_context(path[-1], list(words))  # parses, and runs nothing
        assert context.args == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_command_has_a_test(path: tuple[str, ...], tested: Mapping[Path, Any]) -> None:
    files = [used for file, used in tested.items() if "cli" in file.parts]
    assert any(set(path) <= used.texts for used in files), f"no test runs {' '.join(path)}"


def test_there_are_commands() -> None:
    assert {("serve",), ("config", "show")} <= set(COMMANDS)
