"""The rule of the end: a call ends in time, and with it everything that belongs to it."""

from __future__ import annotations

from typing import Final

from audiohook_fw.errors import PluginTimeoutError

from .rule import BrokenError, Rule, Subject, ToldError
from .scripts import broken_off, ordinary, play
from .tried import TriedCall

__all__ = ["ENDS_IN_TIME"]


def _ends_in_time(subject: Subject) -> None:
    _check(play(subject, ordinary), "after close")
    _check(play(subject, broken_off), "after the connection broke off")


def _check(call: TriedCall, when: str) -> None:
    if call.endless is not None:
        raise ToldError("never-blocks")
    for fault in call.faults:
        if isinstance(fault.error, PluginTimeoutError):
            if fault.hook == "on_open":
                raise BrokenError(
                    "on_open was not over at its deadline, so the call went on without its answer",
                    "only decide in on_open; slow work belongs in on_opened, after Accept(start_paused=True)",
                )
            raise BrokenError(f"{fault.hook} still ran at its deadline {when}")


ENDS_IN_TIME: Final = Rule(
    "ends-in-time",
    "`on_open` answers within `limits.decision_timeout`, `on_close` within `limits.hook_deadline`, and "
    "`on_end` within `limits.end_deadline`.",
    "give every wait for somebody else a timeout: async with asyncio.timeout(seconds)",
    _ends_in_time,
)
