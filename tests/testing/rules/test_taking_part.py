"""A contract that is put to nothing says so: no call was accepted, or no handler made."""

from __future__ import annotations

from typing import Any

import pytest

from audiohook_fw import PluginInfo, Reject, SessionHandler, hookimpl
from audiohook_fw.testing import RULES, ContractFailure, PluginContract, Subject, check_plugin

(RULE,) = (rule for rule in RULES if rule.name == "takes-part")


class Listener(SessionHandler):
    def on_audio(self, frame: Any) -> None: ...


def _broken(plugin: object, **options: Any) -> ContractFailure:
    with pytest.raises(ContractFailure) as caught:
        RULE.check(Subject(plugin, **options))
    return caught.value


def test_it_takes_part() -> None:
    class NeverHere:
        @hookimpl
        def create_handler(self) -> None: ...

    failure = _broken(NeverHere)
    assert failure.problem == "create_handler made no handler with hooks in any call, so none was tried"
    assert "--fact dnis=" in failure.mend


def test_who_makes_handlers_of_some_calls_takes_part() -> None:
    class Mono:
        @hookimpl
        def create_handler(self, session: Any) -> Any:
            mono = session.media is not None and len(session.media.channels) == 1
            return Listener() if mono else None

    class OfFunctions:
        @hookimpl
        def on_opened(self) -> None: ...

    class OfNoCalls:
        @hookimpl
        def on_startup(self) -> None: ...

    for plugin in (Mono, OfFunctions, OfNoCalls):
        RULE.check(Subject(plugin))


def test_who_rejects_says_so() -> None:
    class Rejects:
        @hookimpl
        def on_open(self, session: Any) -> Any:
            return Reject() if session.participant.dnis != "tel:+1" else None

    failure = _broken(Rejects)
    assert failure.problem == "it rejected every call, so nothing that comes after on_open was tried"
    assert 'facts = {"dnis"' in failure.mend
    assert check_plugin(Rejects, facts={"dnis": "tel:+1"}) == []
    assert check_plugin(Rejects, rejects=True) == []
    failure = _broken(Rejects, facts={"dnis": "tel:+1"}, rejects=True)
    assert failure.problem == "it accepted a call that it should reject"

    class TestOfRejected(PluginContract):
        plugin = Rejects
        rejects = True

    TestOfRejected().test_takes_part()  # type: ignore[attr-defined]


def test_a_fault_is_no_part_that_is_not_taken() -> None:
    class Fails:
        info = PluginInfo(summary="strict", on_failure="reject")

        @hookimpl
        def on_open(self) -> None:
            raise LookupError("x")

    assert [failure.rule for failure in check_plugin(Fails)] == ["survives-calls"]
