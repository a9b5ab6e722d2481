"""The plugin keeps the contract of plugins: idle, with a Platform API that is not there, and enforcing."""

from __future__ import annotations

from audiohook_fw_genesys import Genesys

from audiohook_fw.testing import PluginContract

NOWHERE = {
    "api_url": "http://127.0.0.1:9",
    "login_url": "http://127.0.0.1:9",
    "client_id": "id",
    "client_secret": "secret",
}


class TestIdle(PluginContract):
    plugin = Genesys


class TestWithAPlatformThatIsNotThere(PluginContract):
    plugin = Genesys
    settings = {**NOWHERE, "addresses": "enforce"}  # noqa: RUF012
