"""What is found where: entry points, modules, files; who is switched on and off."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.errors import ConfigError
from audiohook_fw.plugin import (
    PluginManager,
    PluginStatus,
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


def test_a_file_by_its_path(tmp_path: Path, load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.py").write_text(HOOKS)
    manager = load(modules=["one.py", "./two.py", f"loud={tmp_path}/three.py", "no:one"], enabled=[])
    assert names(manager) == ["loud", "two"]
    assert record(manager, "one").status == "disabled"
    assert record(manager, "two").source == "file ./two.py"


def test_a_file_that_is_not_there_or_cannot_name_a_plugin(tmp_path: Path, load: Any) -> None:
    (tmp_path / "my-policy.py").write_text(HOOKS)
    manager = load(modules=[f"{tmp_path}/none.py", f"{tmp_path}/my-policy.py"])
    assert "there is no file" in record(manager, "none").error
    assert "-p name=module" in record(manager, "my-policy").error


def test_a_module_that_is_not_there_and_one_that_lacks_something(
    tmp_path: Path, load: Any, install: Any
) -> None:
    install("player", code=HOOKS)
    (tmp_path / "installed_lacking.py").write_text("import installed_nothing")
    manager = load(modules=["playr", "nothing.below", "lacking=installed_lacking"])
    there_is = "cannot be imported: there is neither an installed plugin nor a module"
    assert record(manager, "playr").error == f"{there_is} playr; did you mean player?"
    assert record(manager, "below").error == f"{there_is} nothing.below"
    assert record(manager, "lacking").error.endswith(
        "installed_lacking.py:1); install what it needs into this environment"
    )


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
    assert (
        record(manager, "two").error == f"cannot be imported: ValueError: half written (at {files}/two.py:1)"
    )
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


CLASSES = """
from audiohook_fw.plugin import hookimpl

class Helper: pass

class One:
    @hookimpl
    def on_audio(self): pass
"""


def test_the_only_plugin_class_of_a_module_is_the_plugin(load: Any, install: Any, tmp_path: Path) -> None:
    install("good", code=CLASSES)
    install("bad", code=CLASSES + CLASSES.replace("One", "Two"))
    manager = load()
    assert type(manager.plugins[0].target).__name__ == "One"
    assert "holds several plugins (One, Two); name one: installed_bad_:One" in record(manager, "bad").error


def test_a_file_that_takes_itself_out_says_what_it_raised(tmp_path: Path, load: Any) -> None:
    (tmp_path / "odd.py").write_text("import sys\ndel sys.modules[__name__]\nraise OSError('no disk')\n")
    (odd,) = (r for r in load(enabled=["odd"], directory=tmp_path).records if r.name == "odd")
    assert odd.error == f"cannot be imported: OSError: no disk (at {tmp_path}/odd.py:3)"


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("import json\n\njson.loads('{')", "audiohook_fw_plugin.py:3"),
        ("import library_of_others\n\nlibrary_of_others.fail()", "audiohook_fw_plugin.py:3"),
        ("\nimport library_of_others.broken", "audiohook_fw_plugin.py:2"),
        ("import beside_it\n\nbeside_it.ask()", "beside_it.py:4"),
        (
            "from pydantic import BaseModel\nclass Settings(BaseModel):\n    a: 1 = 1",
            "audiohook_fw_plugin.py:2",
        ),
        ("import functools\n@functools.cache\ndef ask(): raise OSError\nask()", "audiohook_fw_plugin.py:3"),
    ],
)
def test_an_error_at_import_is_placed_in_its_author_s_files(
    load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, place: str
) -> None:
    plugins, library = tmp_path / "plugins", tmp_path / "site-packages" / "library_of_others"
    plugins.mkdir()
    library.mkdir(parents=True)
    (plugins / "audiohook_fw_plugin.py").write_text(code)
    (plugins / "beside_it.py").write_text(
        "import library_of_others\n\ndef ask():\n    library_of_others.fail()\n"
    )
    (library / "__init__.py").write_text("def fail():\n    raise OSError('no disk')\n")
    (library / "broken.py").write_text("import module_that_nobody_has\n")
    for path in (plugins, library.parent):
        monkeypatch.syspath_prepend(path)
    for name in ("beside_it", "library_of_others", "library_of_others.broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (odd,) = (
        r
        for r in load(enabled=["audiohook_fw_plugin"], directory=plugins).records
        if r.order < 0 and r.name == "audiohook_fw_plugin"
    )
    assert f"(at {plugins}/{place})" in odd.error


def test_an_error_of_making_it_is_placed_in_its_author_s_files(load: Any, tmp_path: Path) -> None:
    code = "import json\n" + CLASSES + "    def __init__(self):\n        json.loads('{')\n"
    (tmp_path / "makes.py").write_text(code)
    (makes,) = (r for r in load(modules=[f"{tmp_path}/makes.py"]).records if r.name == "makes")
    assert makes.error.partition(": ")[2].startswith("JSONDecodeError: ")
    assert makes.error.endswith(f"(at {tmp_path}/makes.py:11)")
