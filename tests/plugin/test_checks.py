"""Every kind of failure gives a record that says what to change, and hurts nobody else."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Any

import pytest

from audiohook_fw.plugin import (
    PluginManager,
    SessionHandler,
    hookimpl,
    hookspec,
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
    (HOOKS + "def __getattr__(name): raise SystemExit(4)", "SystemExit: 4"),
    (HOOKS + "def __dir__(): raise SystemExit(5)", "SystemExit: 5"),
    (
        "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd",
        "cannot be imported: Odd",
    ),
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
    ("    def __init__(self, *, url): pass\n", "takes 'url' but has no Settings"),
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
        ("one", "active"),
        ("two", "failed"),
    ]
    assert "is the same object as plugin one" in record(manager, "two").error


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
    assert "plugin good has on_close, which is not marked with @hookimpl" in caplog.text


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


METACLASS = """
from audiohook_fw.plugin import SessionHandler, hookimpl

class Meta(type(SessionHandler)):
    left = LEFT

    def __getattribute__(cls, name):
        if name.startswith("on_"):
            Meta.left -= 1
            if Meta.left < 0:
                raise ERROR
        return super().__getattribute__(name)

class Handler(SessionHandler, metaclass=Meta):
    def on_audio(self, frame): pass

@hookimpl
def create_handler(session) -> Handler:
    return Handler()
"""


@pytest.mark.parametrize("error", ["SystemExit", "RuntimeError"])
@pytest.mark.parametrize("left", range(0, 40, 3))  # some while it is checked, some while it is described
def test_a_handler_that_cannot_be_looked_at(install: Any, load: Any, error: str, left: int) -> None:
    install("bad", code=METACLASS.replace("LEFT", str(left)).replace("ERROR", error))
    install("good")
    manager = load()
    bad = record(manager, "bad")
    if bad.status == "failed":
        assert (bad.order, error in bad.error) == (-1, True)
        assert names(manager) == ["good"]
        assert record(manager, "good").order == 0
    else:  # it was looked at less often than that
        assert left > 20


async def test_a_handler_that_cannot_be_looked_at_in_a_call(bench: Any) -> None:
    class Meta(type):
        def __getattribute__(cls, name: str) -> Any:
            if name.startswith("on_"):
                raise SystemExit
            return super().__getattribute__(name)

    class Handler(SessionHandler, metaclass=Meta):
        pass

    class Bad:
        @hookimpl
        def create_handler(self) -> Any:
            return Handler()

    class Good:
        @hookimpl
        def on_audio(self, frame: Any) -> None:
            bench.seen.append(frame.position)

    dispatch = bench.accepted(bad=Bad, good=Good)
    dispatch.audio(bench.frame())
    await bench.finish()
    assert bench.seen == [0]
    assert bench.metrics.value("audiohook.hook.faults", plugin="bad", hook="create_handler") == 1
