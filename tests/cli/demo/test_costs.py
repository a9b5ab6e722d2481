"""What is read of the cost plugin: its file, and its command."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from audiohook_fw.cli.demo.costs import read_meter, run_report
from audiohook_fw.config import Loaded, PluginsSettings, Settings
from audiohook_fw.errors import PluginError
from audiohook_fw.plugin import load_plugins


def _plugins(database):
    settings = Settings(plugins=PluginsSettings(enabled=["cost"], required=["cost"]))
    loaded = Loaded.of(settings, {"cost": {"database": str(database)}})
    return load_plugins(settings.plugins, loaded.plugin_section, settings.limits)


def test_the_file_is_read_to_the_sample(chosen):
    calls = {call.session: call for call in read_meter(chosen.database)}
    call = calls[chosen.wanted.ids.session]
    assert (call.queue, call.ended) == ("Sales", True)
    assert call.connected == chosen.wanted.position
    assert len(calls) == 2


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(sqlite3.Error):
        read_meter(tmp_path / "none.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_parts_of_a_call_are_added_up(chosen, tmp_path):
    copy = tmp_path / "cost.sqlite"
    with closing(sqlite3.connect(chosen.database)) as file, closing(sqlite3.connect(copy)) as target:
        file.backup(target)
        with target:
            target.execute(
                "INSERT INTO legs SELECT call, '2099-01-01', queue_id, queue_name, 80, 8, 4, 2, 1, "
                "currency, 0, 0 FROM legs WHERE queue_name = 'Sales'"
            )
    before = {call.queue: call for call in read_meter(chosen.database)}["Sales"]
    after = {call.queue: call for call in read_meter(copy)}["Sales"]
    assert after.connected - before.connected == 95
    assert (after.streamed - before.streamed, after.without_media - before.without_media) == (80, 1)


def test_the_command_prints_the_report_of_the_plugins_own_file(chosen, capsys):
    assert run_report(_plugins(chosen.database), "cost", "--by", "queue") == chosen.choice.table
    assert capsys.readouterr().out == ""


def test_a_command_that_fails_says_why(tmp_path):
    with pytest.raises(PluginError, match=r"there is no .*none\.sqlite"):
        run_report(_plugins(tmp_path / "none.sqlite"), "cost")
