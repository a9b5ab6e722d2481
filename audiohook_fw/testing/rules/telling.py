"""Which rule tells of a fault: one mistake shows in many calls, and is told once, with the mend that fits.

A fault is the same when it has the same type and place. The first rule in whose calls it shows tells it: the
more ordinary the call, the earlier the rule. Whether an earlier one does is looked up by playing its calls,
so it does not matter which rules are checked, or in which order.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audiohook_fw.errors import PluginError, PluginOverflowError, PluginTimeoutError
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.stage import Fault

from ..blocking import BlockedError
from ..log_notes import is_of
from .rule import BrokenError, Subject, ToldError
from .scripts import Script, broken_off, endless, ordinary, play
from .tried import TriedCall

__all__ = ["BROKEN_OFF", "ORDINARY", "Case", "Teller", "is_of_hooks", "refuse"]

_MENDS: Final[Mapping[str, str]] = {
    "on_update": "update.language is None when the client names no language",
    "on_event": "any event may come: ask with isinstance, or name those that are wanted in info.consumes",
    "on_pause": "a pause may come at any moment, and twice in a row",
    "on_client_error": "any code may come, with an empty message and without retry_after",
}
"""What to change in hooks that fail for the same reason in every call."""


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of call: `when` follows "failed"; with a mend of its own, or the rule's."""

    when: str
    script: Script
    offers: tuple[MediaFormat, ...] | None = None
    mend: str = ""


ORDINARY: Final = Case("in an ordinary call", ordinary)
BROKEN_OFF: Final = Case("in an ordinary call that broke off", broken_off)


@dataclass(frozen=True, slots=True)
class Teller:
    """A rule that tells of faults: in which calls, and of which kinds."""

    rule: str
    cases: Sequence[Case]
    tells: Callable[[type[BaseException]], bool] = lambda kind: True


@dataclass(frozen=True, slots=True)
class _Shown:
    """A fault as it would be told; `place` and `kind` make it the same as another."""

    kind: type[BaseException]
    place: str
    broken: BrokenError
    cause: BaseException | None = None

    @property
    def key(self) -> tuple[type[BaseException], str]:
        """What makes it the same as another."""
        return self.kind, self.place


def is_of_hooks(kind: type[BaseException]) -> bool:
    """Tell whether an error is ours, about a hook's signature or answer."""
    return issubclass(kind, PluginError) and not issubclass(kind, PluginTimeoutError | PluginOverflowError)


def refuse(teller: Teller, subject: Subject, before: Sequence[Teller]) -> None:
    """Play the calls of a rule, and raise for the first fault that no rule before it tells.

    Raises:
        BrokenError: there is one. ToldError: there are none but those that others tell.
    """
    shown: dict[str, list[_Shown]] = {}  # by the cases that were played
    told = ""
    for found in _shown(teller.cases, subject, shown):
        others = (
            other.rule
            for other in before
            if other.tells(found.kind)
            and found.key in {one.key for one in _shown(other.cases, subject, shown)}
        )
        rule = next(others, "")
        if not rule:
            raise found.broken from found.cause
        told = told or rule
        if issubclass(found.kind, BlockedError):
            break  # in each further call it takes as long again
    if told:
        raise ToldError(told)


def _shown(cases: Sequence[Case], subject: Subject, known: dict[str, list[_Shown]]) -> Iterator[_Shown]:
    for case in cases:
        if case.when not in known:
            call = play(subject, case.script, offers=case.offers)
            known[case.when] = list(_faults(call, case))
        yield from known[case.when]


def _faults(call: TriedCall, case: Case) -> Iterator[_Shown]:
    if call.endless is not None:
        yield _Shown(BlockedError, call.endless.place, endless(call.endless))
    late = {fault.hook for fault in call.faults if isinstance(fault.error, PluginTimeoutError)}
    for fault in call.faults:
        if isinstance(fault.error, BlockedError):
            continue  # the same, where it was broken off
        if isinstance(fault.error, asyncio.CancelledError) and fault.hook in late:
            continue  # what became of it at the deadline
        text = " ".join(str(fault.error).split())
        where = _place(call, fault)
        told = f"{fault.hook} failed {case.when}: {type(fault.error).__name__}{f': {text}' if text else ''}"
        yield _Shown(
            type(fault.error),
            where or f"{fault.hook}: {text}",
            BrokenError(f"{told} ({where})" if where else told, _MENDS.get(fault.hook, case.mend)),
            fault.error,
        )


def _place(call: TriedCall, fault: Fault) -> str:
    """Return where in its code a plugin failed; empty when not there."""
    trace = fault.error.__traceback__
    own = [place for place in traceback.walk_tb(trace) if is_of(place[0], call.package)]
    if not own:
        return ""
    frame, line = own[-1]
    return f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
