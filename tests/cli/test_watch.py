"""What is watched, and when a change of it counts."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from audiohook_fw.cli.environment import load_config, look_at_plugins
from audiohook_fw.cli.watch import Watch, roots_of

PATIENCE = 60.0
PLUGIN = "from audiohook_fw import hookimpl\n@hookimpl\ndef on_opened(session): ...\n"


def put(file: Path, text: str) -> None:
    """Write a file at once: half of one would be a version of its own."""
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


@pytest.fixture
def watch(place):
    """Watch one file; returns it, the answers that its checks take, and what they were asked."""
    file = place / "plugin.py"
    put(file, "1")
    started: list[Watch] = []

    def begin(*answers: str, since: int | None = None):
        left, asked, good = list(answers), [], threading.Event()

        def check() -> str:
            asked.append(file.read_text(encoding="utf-8") if file.exists() else "gone")
            return left.pop(0)

        now = time.time_ns() if since is None else since
        started.append(Watch([(str(file), "")], check, good.set, since=now, interval=0.01))
        started[-1].start()
        return file, asked, good

    yield begin
    for thread in started:
        thread.stop()
        thread.join(PATIENCE)


def test_a_good_change_is_acted_on_once(watch):
    file, asked, good = watch("")
    put(file, "22")
    assert good.wait(PATIENCE)
    assert asked == ["22"]


def test_after_a_bad_one_the_next_counts(watch, caplog):
    file, asked, good = watch("line 1 is wrong", "")
    put(file, "22")
    while not asked:
        time.sleep(0.01)
    put(file, "333")
    assert good.wait(PATIENCE)
    assert asked == ["22", "333"]
    assert [r.getMessage() for r in caplog.records] == [
        "line 1 is wrong; the version before stays until the next change"
    ]


def test_what_changed_while_the_server_started_counts(watch):
    _, asked, good = watch("", since=0)
    assert good.wait(PATIENCE)
    assert asked == ["1"]


def test_a_file_from_the_future_is_not_new_for_ever(watch, place):
    later = time.time() + 10_000
    os.utime(place / "plugin.py", (later, later))
    file, asked, good = watch("", since=0)
    assert not good.wait(0.2)
    put(file, "22")
    assert good.wait(PATIENCE)
    assert asked == ["22"]


def test_a_file_that_goes_and_comes_back(watch):
    file, asked, good = watch("there is no file", "")
    file.unlink()
    while not asked:
        time.sleep(0.01)
    put(file, "22")
    assert good.wait(PATIENCE)
    assert asked == ["gone", "22"]


def _roots(**options):
    loaded = load_config(**options)
    return roots_of(loaded, look_at_plugins(loaded).manager)


def test_only_what_was_named_is_watched(place):
    (place / "audiohook.toml").write_text("", encoding="utf-8")
    (place / "one_file.py").write_text(PLUGIN, encoding="utf-8")
    (place / "watched_package").mkdir()
    (place / "watched_package" / "__init__.py").write_text("", encoding="utf-8")
    (place / "watched_package" / "plugin.py").write_text(PLUGIN, encoding="utf-8")
    toml = ("audiohook.toml", "")
    assert _roots() == ()
    assert _roots(plugins=["one_file.py", "no:recorder"]) == ((str(place / "one_file.py"), ""), toml)
    package = _roots(plugins=["watched_package.plugin"])
    sys.modules.pop("watched_package.plugin")
    sys.modules.pop("watched_package")
    assert [(os.path.basename(path), pattern) for path, pattern in package] == [
        ("watched_package", "**/*.py"),
        toml,
    ]
    (place / "folder").mkdir()
    assert _roots(plugins_dir=place / "folder") == ((str(place / "folder"), "*.py"), toml)


def test_an_installed_plugin_that_was_named_is_watched_too(place):
    ((path, pattern),) = _roots(plugins=["recorder"])
    assert (os.path.basename(path), pattern) == ("audiohook_fw_recorder", "**/*.py")
