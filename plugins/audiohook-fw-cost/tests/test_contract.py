"""The plugin keeps the contract of plugins, whatever is switched on."""

from __future__ import annotations

from audiohook_fw_cost import Cost

from audiohook_fw.testing import PluginContract


class TestCost(PluginContract):
    plugin = Cost


class TestCostWithEverything(PluginContract):
    plugin = Cost
    settings = {  # noqa: RUF012
        "price_per_minute": "0.05",
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        "budgets": {"*": "0.0001", "Sales": 1},
        "save_seconds": 1,
        "pause": {
            "without_interest": True,
            "on_hold": True,
            "after_minutes": 0.02,
            "silence": 1,
            "silence_recheck": 1,
            "silence_listen": 0.2,
        },
    }
