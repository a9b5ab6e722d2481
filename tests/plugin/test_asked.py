"""What `-p` gives must be there; what the configuration names need not, unless it is required."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.errors import PluginConfigError, PluginLoadError
from audiohook_fw.plugin import ServerContext, asked_for

FAILS_TO_START = """
from audiohook_fw.plugin import hookimpl

@hookimpl
def on_startup(server):
    raise RuntimeError("planted")
"""


def test_the_last_word_on_a_name_counts() -> None:
    assert asked_for(["a", "no:b", "c=x.y", "d.py", "no:a", "b"]) == ("b", "c", "d")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("nope", "plugin nope: was asked for with -p but failed: cannot be imported: "),
        ("bad", "plugin bad: was asked for with -p but failed: cannot be imported: RuntimeError: planted"),
        ("no:goood", r"plugin goood: is left out by -p no:goood but not installed; did you mean good\?"),
        ("no:xyz", "plugin xyz: is left out by -p no:xyz but not installed; found are: .*good"),
    ],
)
def test_what_is_asked_for_must_be_there(install: Any, load: Any, asked: str, problem: str) -> None:
    install("good")
    if asked == "bad":
        install("bad", code="raise RuntimeError('planted')")
    assert "good" in [plugin.name for plugin in load(modules=[asked]).plugins], "a setting is no order"
    with pytest.raises(PluginLoadError, match=f"^{problem}"):
        load(modules=[asked], asked=[asked])


def test_wrong_settings_of_what_is_asked_for(install: Any, load: Any) -> None:
    install("good")
    with pytest.raises(PluginConfigError, match=r"^plugin good: was asked for with -p but its settings are"):
        load(modules=["good"], asked=["good"], sections={"good": {"x": 1}})


def test_what_loads_may_be_asked_for_and_left_out(install: Any, load: Any) -> None:
    install("good")
    assert [plugin.name for plugin in load(enabled=[], modules=["good"], asked=["good"]).plugins] == ["good"]
    assert load(modules=["no:good"], asked=["no:good"]).plugins == ()


def test_what_is_asked_for_must_start(install: Any, load: Any) -> None:
    install("good", code=FAILS_TO_START)
    manager = load(modules=["good"], asked=["good"])
    with pytest.raises(PluginLoadError, match="on_startup failed"):
        asyncio.run(manager.startup(ServerContext(version="0", node="n")))
