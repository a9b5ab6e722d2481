"""Configuration and plugins as commands see them."""

from __future__ import annotations

import logging
import sys

import pytest

from audiohook_fw.cli import environment
from audiohook_fw.cli.environment import load_config, look_at_plugins, takes_calls
from audiohook_fw.config import AuthSettings, KeySettings, Loaded, Settings
from audiohook_fw.errors import PluginLoadError
from audiohook_fw.plugin import patience

FINDER = "from audiohook_fw import hookimpl\n@hookimpl\ndef find_credential(api_key): ...\n"


def _look(place, **sources):
    for name, source in sources.items():
        (place / f"{name}.py").write_text(source, encoding="utf-8")
    loaded = load_config(plugins_dir=place)
    return loaded, look_at_plugins(loaded)


def test_required_plugins_matter_only_when_asked(place):
    (place / "audiohook.toml").write_text("[plugins]\nrequired = ['none']\n", encoding="utf-8")
    loaded = load_config()
    look_at_plugins(loaded)
    with pytest.raises(PluginLoadError):
        look_at_plugins(loaded, required=True)


def test_logging_is_as_before(place):
    before = logging.getLogger().handlers.copy()
    _look(place, broken="raise RuntimeError")
    assert logging.getLogger().handlers == before


def test_somebody_can_connect_with_a_key_or_a_plugin_that_finds_one(place):
    loaded, installed = _look(place)
    assert not takes_calls(loaded, installed.manager)
    key = KeySettings.model_validate({"api_key": "key", "secrets": ["c2VjcmV0"]})
    with_key = Loaded.of(Settings(auth=AuthSettings(keys=[key])))
    assert takes_calls(with_key, installed.manager)
    loaded, installed = _look(place, finder=FINDER)
    assert takes_calls(loaded, installed.manager)


def test_a_finder_that_is_switched_off_finds_nothing(place):
    (place / "finder.py").write_text(FINDER, encoding="utf-8")
    loaded = load_config(plugins=["no:finder"], plugins_dir=place)
    assert not takes_calls(loaded, look_at_plugins(loaded).manager)


def test_the_working_directory_is_searched_last_and_only_for_modules(place):
    load_config()
    assert "" not in sys.path
    load_config(plugins=["json"])
    load_config(plugins=["json"])
    assert sys.path[-1] == ""
    assert sys.path.count("") == 1


def test_a_plugin_that_keeps_everybody_waiting_is_told_at_once(place, monkeypatch):
    """Not with the other notes: if it never ends, nothing else would be said."""
    told = place / "told"
    monkeypatch.setattr(patience, "PATIENCE", 0.01)
    starts = "plugin waiting is still loading after "

    def warn(text):
        if text.startswith(starts):  # others that are installed may be slow, too
            told.write_text(text, encoding="utf-8")

    monkeypatch.setattr(environment, "warn", warn)
    waits = "import pathlib, time\nwhile not pathlib.Path('told').exists(): time.sleep(0.01)\n"
    _, installed = _look(place, waiting=waits + FINDER)
    assert told.read_text(encoding="utf-8").startswith(starts)
    assert not any("still loading" in note for note in installed.notes)
