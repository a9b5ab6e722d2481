"""The settings of `serve --dev`."""

from __future__ import annotations

import pytest

from audiohook_fw.cli.dev import DevKey
from audiohook_fw.cli.environment import load_config


def test_nothing_waits_for_a_balancer(place):
    key = DevKey.new()
    loaded = load_config(None, key.overrides(load_config()))
    assert loaded.settings.server.balancer_grace == 0.0
    assert loaded.settings.server.admin_port == 0


@pytest.mark.parametrize(("name", "value"), [("balancer_grace", 3.0), ("admin_port", 8099)])
def test_what_is_given_stays(place, name, value):
    (place / "audiohook.toml").write_text(f"[server]\n{name} = {value}\n", encoding="utf-8")
    assert f"server.{name}" not in DevKey.new().overrides(load_config())
