"""What is said of a conversation that is to be forgotten."""

from __future__ import annotations

from audiohook_fw.errors import PluginLoadError
from audiohook_fw.plugin import Erased, PluginRecord, PluginStatus
from audiohook_fw.plugin.ask import Answer
from audiohook_fw.plugin.erasing import erased_of, unasked


def test_who_does_not_run_by_mistake_is_named() -> None:
    records = [PluginRecord(status, status=status, error="mend it", order=0) for status in PluginStatus]
    problem = "was not asked, since it does not run: mend it"
    assert list(unasked(records)) == [
        Erased("incompatible", problem=problem),
        Erased("invalid_config", problem=problem),
        Erased("failed", problem=problem),
    ]


def test_what_a_plugin_says_is_told_and_is_no_fault() -> None:
    refused = Answer("acme", error=PluginLoadError("acme", "a call runs"))
    assert list(erased_of([refused], 1)) == [(Erased("acme", problem="a call runs"), None)]


def test_what_others_raise_is_not_quoted() -> None:
    error = ValueError("+4930111111")
    ((erased, fault),) = erased_of([Answer("acme", error=error)], 1)
    assert erased == Erased("acme", problem="on_erase raised ValueError")
    assert fault is error
