"""The rule of taking part: a contract that is put to nothing says nothing."""

from __future__ import annotations

from typing import Final

from .rule import BrokenError, Rule, Subject
from .surviving import FORMATS
from .tried import TriedCall

__all__ = ["TAKES_PART"]

_REJECTED: Final = "it rejected every call, so nothing that comes after on_open was tried"
_NO_HANDLER: Final = "create_handler made no handler with hooks in any call, so none was tried"
_FACTS: Final = (
    'set the facts of a call that it takes part in: facts = {"dnis": "tel:+4980012345"} in a test, '
    "--fact dnis=tel:+4980012345 on the command line; docs/reference/testing.md#facts has them all"
)


def _takes_part(subject: Subject) -> None:
    answers: set[bool] = set()
    for media in (None, *FORMATS):
        call = subject.driver(offers=None if media is None else [media])
        try:
            call.open()
            answers.add(call.accepted)
            if call.faults:
                return  # which other rules tell
            if call.accepted and not subject.rejects and _hears(call):
                return
            call.close()
        finally:
            call.shutdown()
    if subject.rejects and True in answers:
        raise BrokenError("it accepted a call that it should reject", "look at its on_open, and at the facts")
    if not subject.rejects:
        raise BrokenError(_NO_HANDLER if True in answers else _REJECTED)


def _hears(call: TriedCall) -> bool:
    """Tell whether the plugin has hooks in a call, or has none by nature."""
    plugin = next(loaded for loaded in call._stage.manager.plugins if loaded.name == call.name)
    return "create_handler" not in plugin.functions or call.name in call._line.call.delivery.listeners


TAKES_PART: Final = Rule(
    "takes-part",
    "It takes part in a call of the given facts: it accepts it, and what has `create_handler` makes a "
    "handler with hooks. Where a test says so, it rejects such calls instead.",
    _FACTS,
    _takes_part,
)
