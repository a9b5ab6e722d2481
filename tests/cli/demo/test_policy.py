"""The demo's policy as a plugin: settings, decision, and a pause at its time."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from audiohook_fw.cli.demo import policy
from audiohook_fw.config import Loaded, PluginsSettings, Settings
from audiohook_fw.plugin import OnFailure, PluginStatus, load_plugins


def test_it_loads_as_any_module_does():
    settings = Settings(plugins=PluginsSettings(enabled=[], modules=["mine=audiohook_fw.cli.demo.policy"]))
    loaded = Loaded.of(settings, {"mine": {"declined": "tel:+1", "pause_at": 2.5, "pause_for": 1.0}})
    manager = load_plugins(settings.plugins, loaded.plugin_section, settings.limits)
    (record,) = [record for record in manager.records if record.status is PluginStatus.ACTIVE]
    assert record.hooks.keys() == {"on_open", "create_handler", "on_audio"}
    assert record.info.on_failure is OnFailure.REJECT
    assert manager.settings("mine") == policy.Settings(declined="tel:+1", pause_at=2.5, pause_for=1.0)


def test_its_settings_are_strict_and_keep_the_number_to_themselves():
    with pytest.raises(ValidationError):
        policy.Settings.model_validate({"pause_at": -1})
    with pytest.raises(ValidationError):
        policy.Settings.model_validate({"declines": "tel:+1"})
    assert "tel" not in repr(policy.Settings(declined="tel:+1"))


def test_the_pause_comes_at_its_time_and_the_server_makes_it(played):
    client, server = played.recorded.ledger.pauses
    assert (client.client, client.server) == (True, False)
    assert (server.client, server.server) == (False, True)
    assert server.start >= 18 * 8000
    assert played.recorded.received["pause"] == 1
    assert played.recorded.received["resume"] == 1
