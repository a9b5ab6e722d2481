"""Loading: every kind of failure gives a record that says what to change, and hurts nobody else."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from audiohook_fw.errors import ConfigError, PluginConfigError, PluginLoadError
from audiohook_fw.plugin import (
    PluginInfo,
    PluginManager,
    PluginStatus,
    SessionHandler,
    hookimpl,
    hookspec,
    load_plugins,
)

HOOKS = """
from audiohook_fw.plugin import hookimpl

@hookimpl
def on_opened(session):
    pass
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Make distributions that importlib.metadata finds, with a module each."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(
        name: str, *, code: str = HOOKS, target: str = "", requires: tuple[str, ...] = (), dist: str = ""
    ) -> None:
        module = f"installed_{name}_{dist}".replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{dist or name}-1.2.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {dist or name}", "Version: 1.2"]
        lines += [f"Requires-Dist: {text}" for text in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        (info / "entry_points.txt").write_text(f"[audiohook_fw]\n{name} = {module}{target}\n")

    yield install
    for name in set(sys.modules) - before:
        if name.startswith(("installed_", "audiohook_fw_file_")):
            del sys.modules[name]


@pytest.fixture
def load(bench: Any, options: Any) -> Callable[..., PluginManager]:
    """Load what is installed with these options and sections, on version 0.1.0."""

    def load(
        *, sections: dict[str, dict[str, Any]] | None = None, extra: Any = None, **given: Any
    ) -> PluginManager:
        def section(name: str, model: type[BaseModel]) -> BaseModel:
            try:
                return model(**(sections or {}).get(name, {}))
            except ValueError:
                raise ConfigError(f"plugins.{name}", "is wrong", source="test") from None

        given.setdefault("enabled", ["good", "bad"])
        return load_plugins(options(**given), section, bench.limits, extra=extra, version="0.1.0")

    return load


def record(manager: PluginManager, name: str) -> Any:
    return next(record for record in manager.records if record.name == name)


def names(manager: PluginManager) -> list[str]:
    return [plugin.name for plugin in manager.plugins]


# what is found ------------------------------------------------------------------------------------


def test_an_installed_module(install: Any, load: Any) -> None:
    install("good", dist="acme-good")
    found = record(load(), "good")
    assert (found.distribution, found.version, found.status, found.error, found.order) == (
        "acme-good", "1.2", PluginStatus.ACTIVE, "", 0,
    )  # fmt: skip
    assert found.hooks == {"on_opened": "inline"}
    assert found.source == "entry point installed_good_acme_good"


def test_order_is_configured_first_then_by_name(install: Any, load: Any) -> None:
    for name in ("a", "b", "c", "d"):
        install(name)
    manager = load(enabled=["a", "b", "c", "d"], order=["c", "ghost", "b"])
    assert names(manager) == ["c", "b", "a", "d"]
    assert [r.name for r in manager.records if r.order >= 0] == ["c", "b", "a", "d"]


def test_allow_list_and_disabled(install: Any, load: Any) -> None:
    for name in ("a", "b", "c"):
        install(name, code="raise SystemError('must not be imported')")
    install("good")
    manager = load(enabled=["good", "b"], disabled=["b"])
    assert names(manager) == ["good"]
    assert record(manager, "a").status == "blocked"
    assert "plugins.enabled" in record(manager, "a").error
    assert record(manager, "b").status == "disabled"


def test_the_command_line_has_the_last_word(install: Any, load: Any) -> None:
    for name in ("a", "b", "c"):
        install(name)
    manager = load(enabled=["b", "c"], disabled=["c"], modules=["a", "no:b", "c"])
    assert names(manager) == ["a", "c"]
    assert record(manager, "b").status == "disabled"
    assert "-p no:b" in record(manager, "b").error
    assert names(load(enabled=["b"], modules=["no:b", "b"])) == ["b"]


def test_a_module_by_its_path(tmp_path: Path, load: Any, install: Any) -> None:
    (tmp_path / "installed_pkg").mkdir()
    (tmp_path / "installed_pkg" / "__init__.py").write_text("")
    code = HOOKS + "\nclass Plugin:\n    @hookimpl\n    def on_audio(self): pass\n"
    (tmp_path / "installed_pkg" / "meter.py").write_text(code)
    manager = load(modules=["installed_pkg.meter", "loud=installed_pkg.meter:Plugin"], enabled=[])
    assert names(manager) == ["loud", "meter"]
    assert record(manager, "loud").hooks == {"on_audio": "inline"}
    assert record(manager, "meter").source == "module installed_pkg.meter"


def test_a_module_stands_in_for_an_installed_plugin_of_its_name(
    install: Any, load: Any, tmp_path: Path
) -> None:
    install("good")
    (tmp_path / "installed_mine.py").write_text(HOOKS)
    manager = load(modules=["good=installed_mine"], enabled=[])
    assert record(manager, "good").source == "module installed_mine"
    assert [r.name for r in manager.records].count("good") == 1


def test_files_of_a_directory(load: Any, install: Any, tmp_path: Path) -> None:
    files = tmp_path / "plugins"
    files.mkdir()
    (files / "one.py").write_text("from __future__ import annotations\n" + HOOKS)
    (files / "_hidden.py").write_text("raise SystemExit")
    (files / "two.py").write_text("raise ValueError('half\\nwritten')")
    (files / "notes.txt").write_text("")
    manager = load(directory=files, enabled=["one", "two"])
    assert names(manager) == ["one"]
    assert record(manager, "two").error == "cannot be imported: ValueError: half written"
    assert "audiohook_fw_file_two" not in sys.modules
    assert record(load(directory=files, enabled=[]), "one").status == "blocked"


def test_no_such_directory(load: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"plugins\.directory: .*no directory"):
        load(directory=tmp_path / "nowhere")


def test_a_distribution_hidden_by_another_of_its_name(
    install: Any, load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("good")
    copy = tmp_path / "further_down"
    (copy / "good-0.9.dist-info").mkdir(parents=True)
    (copy / "good-0.9.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: good\nVersion: 0.9\n")
    (copy / "good-0.9.dist-info" / "entry_points.txt").write_text("[audiohook_fw]\ngood = nowhere\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(copy)])
    manager = load()
    assert [(r.version, r.status) for r in manager.records if r.name == "good"] == [("1.2", "active")]


def test_unreadable_metadata_is_skipped(install: Any, load: Any, tmp_path: Path) -> None:
    install("good")
    broken = tmp_path / "broken-1.dist-info"
    broken.mkdir()
    (broken / "entry_points.txt").write_bytes(b"[audiohook_fw]\nx = \xff\xfe\n")
    assert names(load()) == ["good"]


# what fails ---------------------------------------------------------------------------------------


CLASS = "from audiohook_fw.plugin import *\nfrom pydantic import BaseModel\nclass Plugin:\n"
CODE_FAILURES = [
    ("raise ImportError('no numpy')", "cannot be imported: ImportError: no numpy"),
    ("import sys; sys.exit(3)", "cannot be imported: SystemExit: 3"),
    ("import no_such_module", "No module named 'no_such_module'"),
    ("", "has no hooks; mark its functions with @hookimpl"),
    ("def on_audio(frame): pass", "has no hooks; mark on_audio with @hookimpl"),
    (HOOKS.replace("on_opened", "on_openend"), "there is no hook on_openend; did you mean on_opened?"),
    (HOOKS.replace("on_opened", "zzz"), "there is no hook zzz; mark it @hookimpl(optionalhook=True)"),
    (HOOKS.replace("(session)", "(sesion)"), "on_opened has no argument 'sesion'; it may take: session"),
    (HOOKS.replace("(session)", "(*, session)"), "keyword-only"),
    (HOOKS.replace("@hookimpl", "@hookimpl(wrapper=True)").replace("pass", "yield"), "is a wrapper"),
    (HOOKS.replace("@hookimpl", "@hookimpl(hookwrapper=True)").replace("pass", "yield"), "is a wrapper"),
    (HOOKS.replace("pass", "yield"), "is a generator"),
    (HOOKS.replace("def on_opened", "async def filter_event"), "filter_event must be a plain def"),
    (HOOKS + "info = 'about me'", "info must be a PluginInfo, not str"),
    (HOOKS + "Settings = dict", "Settings must be a pydantic model"),
]


@pytest.mark.parametrize(("code", "message"), CODE_FAILURES)
def test_code_that_cannot_serve(install: Any, load: Any, code: str, message: str) -> None:
    install("bad", code=code)
    install("good")
    manager = load()
    bad = record(manager, "bad")
    assert (bad.status, bad.order) == ("failed", -1)
    assert message in bad.error
    assert "\n" not in bad.error
    assert names(manager) == ["good"]


CLASS_FAILURES = [
    ("    pass\n", "has no hooks"),
    ("    def __init__(self): raise OSError('no disk')\n", "cannot be made: OSError: no disk"),
    ("    def __init__(self, url): pass\n", "takes 'url' but has no Settings"),
    ("    def __init__(self, *, url): pass\n", "cannot be made: TypeError"),
    ("    __hash__ = None\n    @hookimpl\n    def on_audio(self): pass\n", "make it @dataclass(eq=False)"),
    (
        "    @hookimpl\n    def create_handler(self) -> 'Handler': pass\n"
        "class Handler(SessionHandler):\n    def on_audio(self, fram): pass\n",
        "on_audio has no argument 'fram'",
    ),
    (
        "    @hookimpl\n    def create_handler(self) -> 'Handler | None': pass\n"
        "class Handler(SessionHandler):\n    def on_adio(self, frame): pass\n",
        "Handler.on_adio is no hook; did you mean on_audio?",
    ),
]


@pytest.mark.parametrize(("body", "message"), CLASS_FAILURES)
def test_classes_that_cannot_serve(install: Any, load: Any, body: str, message: str) -> None:
    install("bad", code=CLASS + body, target=":Plugin")
    bad = record(load(), "bad")
    assert bad.status == "failed"
    assert message in bad.error


def test_a_dataclass_that_compares_by_value(load: Any) -> None:
    @dataclass
    class Plugin:
        @hookimpl
        def on_audio(self) -> None: ...

    assert "eq=False" in record(load(extra={"bad": Plugin}), "bad").error


def test_a_function_is_no_plugin(load: Any) -> None:
    assert "is a function" in record(load(extra={"bad": lambda: None}), "bad").error


def test_an_attribute_that_raises(load: Any) -> None:
    class Meta(type):
        @property
        def Settings(cls) -> None:  # noqa: N802
            raise ValueError("computed")

    class Plugin(metaclass=Meta):
        @hookimpl
        def on_audio(self) -> None: ...

    assert "ValueError: computed" in record(load(extra={"bad": Plugin}), "bad").error


def test_one_object_under_two_names(load: Any) -> None:
    module = types.ModuleType("twice")
    exec(HOOKS, module.__dict__)
    manager = load(extra={"one": module, "two": module})
    assert [(r.name, r.status) for r in manager.records if r.name in ("one", "two")] == [
        ("two", "active"),
        ("one", "failed"),
    ]
    assert "already registered" in record(manager, "one").error


@pytest.mark.parametrize("name", ["Loud", "vad-2", "a__b", "2a"])
def test_names_that_cannot_be_settings(load: Any, name: str) -> None:
    bad = record(load(extra={name: object()}), name)
    assert bad.status == "failed"
    assert "is no plugin name" in bad.error


def test_a_name_that_is_taken(install: Any, load: Any) -> None:
    install("good", dist="acme")
    install("good", dist="zorro")
    manager = load()
    assert [(r.distribution, r.status) for r in manager.records if r.name == "good"] == [
        ("acme", "active"),
        ("zorro", "failed"),
    ]
    assert [r.error for r in manager.records if r.distribution == "zorro"] == [
        "the name is taken by acme; remove one of the two"
    ]


@pytest.mark.parametrize(
    ("requires", "fits"),
    [
        ("audiohook-fw>=0.1", True),
        ("audiohook_fw (>=0.1,<1)", True),
        ("Audiohook.FW<0.1", False),
        ("audiohook-fw>=2", False),
        ("audiohook-fw>=2; extra == 'server'", True),
        ("audiohook-fw>=2; python_version < '3'", True),
        ("numpy>=99", True),
        ("not a requirement !!", True),
    ],
)
def test_versions_that_do_not_fit(install: Any, load: Any, requires: str, fits: bool) -> None:
    install("good", requires=(requires,), code=HOOKS if fits else "raise SystemError('must not be imported')")
    good = record(load(), "good")
    assert good.status == ("active" if fits else "incompatible")
    assert fits or ("this is 0.1.0" in good.error and good.version == "1.2")


def test_forgotten_markers_are_told(load: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Plugin:
        @hookimpl
        def on_audio(self) -> None: ...

        def on_close(self) -> None: ...

    assert record(load(extra={"good": Plugin}), "good").status == "active"
    assert "on_close is not marked with @hookimpl" in caplog.text


def test_optional_hooks_of_a_newer_core(load: Any) -> None:
    class Plugin:
        @hookimpl
        def on_audio(self) -> None: ...

        @hookimpl(optionalhook=True)
        def on_hologram(self, beam: Any) -> None: ...

    assert record(load(extra={"good": Plugin}), "good").hooks == {"on_audio": "inline"}


def test_properties_are_not_looked_at(load: Any) -> None:
    class Plugin:
        @property
        def expensive(self) -> None:
            raise AssertionError

        @hookimpl
        def on_audio(self) -> None: ...

    assert record(load(extra={"good": Plugin}), "good").status == "active"


def test_specname_serves_a_hook_under_another_name(load: Any) -> None:
    class Plugin:
        @hookimpl(specname="on_audio")
        def measure(self, frame: Any) -> None: ...

        @hookimpl
        def on_audio(self) -> None: ...

    manager = load(extra={"good": Plugin})
    assert [i.function.__name__ for i in manager.plugins[0].functions["on_audio"]] == ["on_audio", "measure"]


def test_a_plugin_with_a_marker_of_its_own_kind_is_no_hook(load: Any) -> None:
    class Plugin:
        @hookspec
        def on_audio(self) -> None: ...

    assert record(load(extra={"bad": Plugin}), "bad").status == "failed"


# settings -----------------------------------------------------------------------------------------


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


def test_a_model_that_raises_what_it_should_not(bench: Any, options: Any) -> None:
    class Plugin(Configured):
        pass

    def section(name: str, model: type[BaseModel]) -> BaseModel:
        raise ZeroDivisionError("secret")

    manager = load_plugins(options(enabled=[]), section, bench.limits, extra={"bad": Plugin}, version="0.1.0")  # type: ignore[arg-type]
    assert record(manager, "bad").error == "Settings raised ZeroDivisionError"


# required -----------------------------------------------------------------------------------------


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


# what the record tells ----------------------------------------------------------------------------


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
    assert "plugin sentiment consumes transcript, but no plugin emits it" in caplog.text
    assert "context_changed" not in caplog.text


def test_pluggy_calls_in_the_same_order(bench: Any) -> None:
    class Plugin:
        @hookimpl
        def on_open(self, session: Any) -> None: ...

    manager = bench.load(zed=Plugin, abc=Plugin, mid=Plugin)
    assert names(manager) == ["zed", "abc", "mid"]
    assert repr(manager).startswith("<PluginManager zed=active abc=active mid=active")
