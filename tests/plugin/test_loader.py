"""Settings, required plugins, and what records tell."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from audiohook_fw.errors import PluginConfigError, PluginLoadError
from audiohook_fw.plugin import (
    PluginInfo,
    PluginManager,
    SessionHandler,
    hookimpl,
    load_plugins,
)

HOOKS = """
from audiohook_fw.plugin import hookimpl

@hookimpl
def on_opened(session):
    pass
"""


def record(manager: PluginManager, name: str) -> Any:
    return next(record for record in manager.records if record.name == name)


def names(manager: PluginManager) -> list[str]:
    return [plugin.name for plugin in manager.plugins]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    level: int = 3
    token: SecretStr = SecretStr("")


class Configured:
    Settings = Strict
    made = 0

    def __init__(self, settings: Strict) -> None:
        Configured.made += 1
        self.settings = settings

    @hookimpl
    def on_audio(self) -> None: ...


def test_a_class_is_made_once_with_its_settings(load: Any) -> None:
    Configured.made = 0
    manager = load(extra={"good": Configured}, sections={"good": {"level": 5}})
    assert Configured.made == 1
    assert manager.settings("good").level == 5
    assert manager.plugins[0].target.settings is manager.settings("good")
    with pytest.raises(KeyError):
        manager.settings("ghost")


def test_a_class_that_takes_nothing_is_made_without(load: Any) -> None:
    class Plugin:
        Settings = Strict

        @hookimpl
        def on_audio(self) -> None: ...

    class Optional:
        def __init__(self, clock: Any = None) -> None:
            assert clock is None

        @hookimpl
        def on_audio(self) -> None: ...

    manager = load(extra={"good": Plugin, "other": Optional})
    assert manager.settings("good") == Strict()
    assert manager.settings("other") is None


def test_wrong_settings_disable_the_plugin_without_showing_values(load: Any) -> None:
    manager = load(extra={"bad": Configured}, sections={"bad": {"level": "hunter2"}})
    bad = record(manager, "bad")
    assert (bad.status, bad.error) == ("invalid_config", "plugins.bad (from test): is wrong")


def test_unknown_settings_are_refused_also_where_the_model_forgot_to(load: Any) -> None:
    class Loose(BaseModel):
        level: int = 3

    class Plugin(Configured):
        Settings = Loose  # type: ignore[assignment]

    manager = load(extra={"good": Plugin, "bad": Plugin}, sections={"bad": {"levle": 5}})
    assert isinstance(manager.settings("good"), Loose)
    assert record(manager, "bad").status == "invalid_config"


def test_settings_for_a_plugin_that_has_none(install: Any, load: Any) -> None:
    install("bad")
    assert record(load(sections={"bad": {"level": 3}}), "bad").status == "invalid_config"


@pytest.mark.parametrize("error", ["SystemExit", "OSError"])
def test_settings_that_raise_what_they_should_not(install: Any, load: Any, error: str) -> None:
    code = "from pydantic import BaseModel, model_validator\nclass Settings(BaseModel):\n"
    code += f"    @model_validator(mode='before')\n    def check(cls, given): raise {error}\n"
    install("bad", code=HOOKS + code)
    install("good")
    manager = load()
    bad = record(manager, "bad")
    assert (bad.status, bad.error) == (
        "invalid_config",
        f"Settings raised {error}; let its validators raise ValueError",
    )
    assert [plugin.name for plugin in manager.plugins] == ["good"]


def test_a_model_that_raises_what_it_should_not(bench: Any, options: Any) -> None:
    class Plugin(Configured):
        pass

    def section(name: str, model: type[BaseModel]) -> BaseModel:
        raise ZeroDivisionError("secret")

    manager = load_plugins(options(enabled=[]), section, bench.limits, extra={"bad": Plugin}, version="0.1.0")  # type: ignore[arg-type]
    assert (
        record(manager, "bad").error
        == "Settings raised ZeroDivisionError; let its validators raise ValueError"
    )


def test_required_plugins_must_load(install: Any, load: Any) -> None:
    install("bad", code="raise ImportError('no numpy')")
    with pytest.raises(PluginLoadError, match=r"plugin bad: is required but failed: .*no numpy"):
        load(required=["bad"])


def test_required_plugins_must_be_there(load: Any) -> None:
    with pytest.raises(PluginLoadError, match="plugin ghost: is required but not installed"):
        load(required=["ghost"])


def test_required_plugins_must_have_right_settings(load: Any) -> None:
    with pytest.raises(PluginConfigError, match=r"settings are wrong: plugins\.bad"):
        load(extra={"bad": Configured}, sections={"bad": {"level": "x"}}, required=["bad"])


def test_required_plugins_that_load_are_well(install: Any, load: Any) -> None:
    install("good")
    assert names(load(required=["good"])) == ["good"]


def test_record_tells_the_delivery_of_a_handler_that_is_annotated(load: Any) -> None:
    class Plugin:
        info = PluginInfo(summary="does things")

        @hookimpl
        def on_open(self) -> None: ...

        @hookimpl
        def create_handler(self) -> LaneHandler | None: ...

        @hookimpl
        def on_decided(self) -> None: ...

        @hookimpl
        async def on_startup(self) -> None: ...

        @hookimpl
        def filter_event(self) -> None: ...

        @hookimpl
        async def check_address(self) -> None: ...

    good = record(load(extra={"good": Plugin}), "good")
    assert good.hooks == {
        "on_startup": "process", "check_address": "connection", "on_open": "decision",
        "create_handler": "call", "on_decided": "lane", "on_audio": "lane", "on_close": "lane",
        "filter_event": "filter",
    }  # fmt: skip
    assert good.info.summary == "does things"


class LaneHandler(SessionHandler):
    def on_audio(self, frame: Any) -> None: ...

    async def on_close(self) -> None: ...


def test_what_nobody_emits_is_told(load: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Plugin:
        info = PluginInfo(consumes=("transcript", "context_changed"))

        @hookimpl
        def on_event(self) -> None: ...

    load(extra={"sentiment": Plugin})
    assert (
        "plugin sentiment consumes transcript, but no active plugin emits it; install one that does"
        in caplog.text
    )
    assert "context_changed" not in caplog.text


def test_pluggy_calls_in_the_same_order(bench: Any) -> None:
    class Plugin:
        @hookimpl
        def on_open(self, session: Any) -> None: ...

    manager = bench.load(zed=Plugin, abc=Plugin, mid=Plugin)
    assert names(manager) == ["zed", "abc", "mid"]
    assert repr(manager).startswith("<PluginManager zed=active abc=active mid=active")
