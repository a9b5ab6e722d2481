"""The rule of the event loop: nobody may block it."""

from __future__ import annotations

from typing import Final

from ..blocking import BlockingWatch
from .rule import BrokenError, Rule, Subject
from .scripts import endless, ordinary
from .tried import TriedCall

__all__ = ["NEVER_BLOCKS"]

_BUSIEST: Final = 2.0
"""Seconds of processor time, not of the clock on the wall: a busy machine makes no difference to it."""


def _never_blocks(subject: Subject) -> None:
    call = subject.driver()
    try:
        call.start()  # before the first call a plugin may read its files
        with BlockingWatch(call.package) as watch:
            _play(call, subject)
        busiest = call.loop.busiest
    finally:
        call.shutdown()
    if call.endless is not None:
        raise endless(call.endless)
    for blocked in watch.seen:
        raise BrokenError(f"it {blocked.what} in the event loop, at {blocked.place}", blocked.mend)
    if busiest > _BUSIEST:
        raise BrokenError(
            f"it computed for {busiest:.1f} s without letting anybody else have a turn",
            "await session.run_blocking(function) for what takes long",
        )


def _play(call: TriedCall, subject: Subject) -> None:
    call.open()
    if call.accepted:
        ordinary(call, subject)
    call.close()


NEVER_BLOCKS: Final = Rule(
    "never-blocks",
    "No hook of a call blocks the event loop: no sleep, no blocking file, socket, database, process or lock, "
    "and no long computation.",
    "make the hook async and await, or await session.run_blocking(function)",
    _never_blocks,
)
