"""Commands of plugins: offered when asked for, and never in the way of the core's."""

from __future__ import annotations

import pytest

GREETER = """
import typer
from audiohook_fw import hookimpl

app = typer.Typer()


@app.command()
def hello(name: str) -> None:
    '''Say hello.'''
    typer.echo(f"hello {name}")


@app.command()
def fail() -> None:
    raise ValueError("planted")


@hookimpl
def register_commands(commands):
    commands.add(app)
"""

SINGLE = """
import typer
from audiohook_fw import hookimpl

app = typer.Typer()


@app.command()
def count(number: int) -> None:
    '''Count.'''
    raise typer.Exit(number)


@hookimpl
def register_commands(commands):
    commands.add(app, name="%s")
"""

CONFIGURED = (
    """
from pydantic import BaseModel


class Settings(BaseModel):
    level: int = 1
"""
    + SINGLE % "greeter"
)

BROKEN = {
    "at import": "raise RuntimeError('planted')",
    "exits": "import sys; sys.exit(3)",
    "in the hook": "from audiohook_fw import hookimpl\n@hookimpl\ndef register_commands(commands): 1 / 0\n",
    "no application": "from audiohook_fw import hookimpl\n"
    "@hookimpl\ndef register_commands(commands): commands.add('nonsense')\n",
    "an empty application": "import typer\nfrom audiohook_fw import hookimpl\n"
    "@hookimpl\ndef register_commands(commands): commands.add(typer.Typer())\n",
}


@pytest.fixture
def plugin(place):
    """Install one-file plugins by the configuration."""

    def write(**sources: str) -> None:
        (place / "plugins").mkdir(exist_ok=True)
        for name, source in sources.items():
            (place / "plugins" / f"{name}.py").write_text(source, encoding="utf-8")
        (place / "audiohook.toml").write_text("[plugins]\ndirectory = 'plugins'\n", encoding="utf-8")

    return write


def test_a_group_of_commands(command, plugin):
    plugin(the_greeter=GREETER)
    assert command("the-greeter", "hello", "Ann").out == "hello Ann\n"
    helped = command("the-greeter", "--help").out
    assert "Say hello." in helped
    assert "completion" not in helped


def test_a_single_command_and_its_status(command, plugin):
    plugin(counter=SINGLE % "count")
    assert command("count", "0").status == 0
    assert command("count", "5").status == 5
    wrong = command("count", "many")
    assert wrong.status == 2
    assert len(wrong.errors) == 1


def test_help_lists_them_after_those_of_the_core(command, plugin):
    plugin(counter=SINGLE % "count")
    listed = command("--help").out.partition("Commands:")[2]
    assert listed.index("\n  keys ") < listed.index("\n  count ")


def test_the_commands_of_the_core_win(command, plugin):
    plugin(thief=SINGLE % "keys")
    assert command("keys", "new").out.startswith("[[auth.keys]]")
    helped = command("--help")
    assert helped.out.count("\n  keys ") == 1
    assert (
        "Warning: plugin thief: its command keys is hidden by that of the core; name it otherwise"
        in helped.err
    )


def test_what_a_command_raises_is_one_line(command, plugin):
    plugin(the_greeter=GREETER)
    result = command("the-greeter", "fail")
    assert result.status == 2
    (line,) = result.errors
    assert line.startswith("Error: ValueError at the_greeter.py:")


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_plugin_costs_only_itself(command, plugin, source):
    plugin(broken=source, counter=SINGLE % "count")
    assert command("count", "4").status == 4
    helped = command("--help")
    assert helped.status == 0
    assert "\n  count " in helped.out
    assert "\n  serve " in helped.out
    assert "\n  broken" not in helped.out
    unknown = command("nonsense")
    assert unknown.status == 2
    assert unknown.errors[-1].startswith("Error: no such command")


def test_a_command_is_missed_where_settings_are_wrong(command, plugin, place):
    plugin(greeter=CONFIGURED, counter=SINGLE % "count")
    assert command("greeter", "0").status == 0
    with (place / "audiohook.toml").open("a", encoding="utf-8") as file:
        file.write("[plugins.greeter]\nlevel = 'x'\n")
    result = command("greeter", "0")
    warning, error = result.errors
    assert warning.startswith("Warning: plugin greeter: ")
    assert "plugins.greeter.level" in warning
    assert error.startswith("Error: no such command 'greeter'")
    assert command("count", "0").errors == []


def test_the_core_does_not_load_plugins_for_its_own_commands(command, plugin, place):
    plugin(tell="open('loaded', 'w').close()")
    assert command("keys", "new").status == 0
    assert command("--version").status == 0
    assert command("serve", "--help").status == 0
    assert not (place / "loaded").exists()
    assert command("--help").status == 0
    assert (place / "loaded").exists()


def test_a_wrong_configuration_takes_no_help_away(command, place):
    (place / "audiohook.toml").write_text("[server]\nport = 'x'\n", encoding="utf-8")
    result = command("--help")
    assert result.status == 0
    assert "\n  serve " in result.out
    assert result.errors[0].startswith("Warning: no commands of plugins: server.port ")
