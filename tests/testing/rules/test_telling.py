"""Each mistake is told once, by the rule whose mend fits it, whichever rules are checked."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from audiohook_fw import Session, SessionHandler, hookimpl
from audiohook_fw.testing import RULES, NotTriedError, PluginContract, Subject, check_plugin

BY_NAME = {rule.name: rule for rule in RULES}


def plugin_of(**hooks: Any) -> type:
    """Make a plugin whose handler has these hooks."""
    handler = type("Handler", (SessionHandler,), {**hooks, "lengths": (), "__module__": __name__})

    @hookimpl
    def create_handler(self: Any, session: Session) -> SessionHandler:
        return handler()

    return type("Bad", (), {"create_handler": create_handler, "__module__": __name__})


def _fails(self: Any, frame: Any) -> None:
    raise LookupError("in any call")


def _fails_in_mono_too(self: Any, frame: Any) -> None:
    if len(frame.media.channels) == 1:
        raise LookupError("in mono")
    raise LookupError("in any call")


def _wants_a_language(self: Any, update: Any) -> None:
    update.language.lower()


def _wants_stereo(self: Any, frame: Any) -> None:
    frame.channel("external"), frame.channel("internal")


def _computes_in_mono(self: Any, frame: Any) -> None:
    while len(frame.media.channels) == 1:
        pass


def _counts(self: Any, frame: Any) -> None:
    self.lengths += (frame.length,)


def _divides(self: Any, reason: Any) -> None:
    1 / sum(self.lengths)


def _divides_by_the_gap(self: Any, gap: Any) -> None:
    8000 / gap.length


def _wants_a_reason(self: Any, reason: Any) -> None:
    {"end": 1}[reason]


def _takes_frames(self: Any, frames: Any) -> None: ...


async def _hangs(self: Any, reason: Any) -> None:
    await asyncio.Event().wait()


async def _hangs_when_lost(self: Any, reason: Any) -> None:
    if reason == "lost":
        await asyncio.Event().wait()


def _computes(self: Any, frame: Any) -> None:
    while True:
        pass


ONCE = {
    "survives-calls": plugin_of(on_audio=_fails),
    "survives-calls ": plugin_of(on_update=_wants_a_language),
    "survives-calls survives-channels": plugin_of(on_audio=_fails_in_mono_too),
    "survives-channels": plugin_of(on_audio=_wants_stereo),
    "survives-channels ": plugin_of(on_audio=_computes_in_mono),
    "survives-no-audio": plugin_of(on_close=_divides, on_audio=_counts),
    "survives-interruptions": plugin_of(on_discarded=_divides_by_the_gap),
    "survives-ends": plugin_of(on_close=_wants_a_reason),
    "hooks-valid": plugin_of(on_audio=_takes_frames),
    "ends-in-time": plugin_of(on_close=_hangs),
    "ends-in-time ": plugin_of(on_close=_hangs_when_lost),
    "never-blocks": plugin_of(on_audio=_computes),
}
"""By the rules that tell of them, of all that are checked."""


@pytest.mark.parametrize("rules", ONCE)
def test_a_mistake_is_told_once(rules: str) -> None:
    failures = check_plugin(ONCE[rules])
    assert [failure.rule for failure in failures] == rules.split()


@pytest.mark.parametrize("rule", ["survives-channels", "survives-bursts", "survives-ends"])
def test_what_fails_in_any_call_is_not_told_by_a_rule_of_special_ones(rule: str) -> None:
    with pytest.raises(NotTriedError) as caught:
        BY_NAME[rule].check(Subject(ONCE["survives-calls"]))
    assert caught.value.rule == rule
    assert str(caught.value) == (
        f"contract rule `{rule}`: it fails as it does in `survives-calls`, where the mend is"
    )

    class TestIt(PluginContract):
        plugin = ONCE["survives-calls"]

    with pytest.raises(pytest.skip.Exception, match="it fails as it does in `survives-calls`"):
        getattr(TestIt(), f"test_{rule.replace('-', '_')}")()


def test_each_fault_has_its_own_mend() -> None:
    calls, channels = check_plugin(ONCE["survives-calls survives-channels"])
    assert "in any call" in calls.problem
    assert "in any call" in calls.mend
    assert "in mono" in channels.problem
    assert "frame.media.channels" in channels.mend


@pytest.mark.parametrize("rule", ["hooks-valid", "ends-in-time", "survives-bursts", "cancelled-cleanly"])
def test_what_computes_without_end_keeps_no_rule_waiting(rule: str) -> None:
    with contextlib.suppress(NotTriedError):
        BY_NAME[rule].check(Subject(ONCE["never-blocks"]))
