"""Versions that fit and that do not, by requirement and by hooks; what is said is what to do."""

from __future__ import annotations

from typing import Any

import pytest

from audiohook_fw.plugin import HOOK_API_VERSION, PluginInfo, hookimpl
from audiohook_fw.plugin.fitting import misfit, misfit_hooks


def test_it_says_which_version_is_needed_and_how_to_get_it() -> None:
    assert misfit(("numpy>=1", "audiohook_fw (>=2,<3)"), "1.4", "acme-vad") == (
        "needs audiohook-fw<3,>=2, but this is 1.4; install one that fits "
        "(pip install 'audiohook-fw<3,>=2'), or another version of acme-vad"
    )


@pytest.mark.parametrize("requires", [(), ("numpy>=99",), ("audiohook-fw>=1.4.dev1",), ("!?",)])
def test_it_says_nothing_of_what_fits(requires: tuple[str, ...]) -> None:
    assert misfit(requires, "1.4", "acme-vad") == ""


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (None, ""),
        (2, ""),
        (3, "is written for hook API 3, but this audiohook-fw has 2; upgrade audiohook-fw"),
        (1, "is written for hook API 1, but this audiohook-fw has 2; upgrade the plugin"),
    ],
)
def test_hooks_of_another_number(wanted: int | None, problem: str) -> None:
    assert misfit_hooks(PluginInfo(hook_api=wanted), 2) == problem


@pytest.mark.parametrize("hook_api", [0, "1", True, 1.0])
def test_the_number_is_a_whole_one(hook_api: Any) -> None:
    with pytest.raises(ValueError, match=r"PluginInfo\.hook_api is .*, but must be a whole number from 1"):
        PluginInfo(hook_api=hook_api)


def test_a_plugin_for_other_hooks_does_not_load(bench: Any) -> None:
    class Fitting:
        info = PluginInfo(hook_api=HOOK_API_VERSION)

        @hookimpl
        def on_opened(self) -> None: ...

    class Newer(Fitting):
        info = PluginInfo(hook_api=HOOK_API_VERSION + 1)

        def __init__(self) -> None:
            raise AssertionError("must not be made")

    manager = bench.load(fitting=Fitting, newer=Newer)
    statuses = {record.name: record.status for record in manager.records}
    assert (statuses["fitting"], statuses["newer"]) == ("active", "incompatible")
