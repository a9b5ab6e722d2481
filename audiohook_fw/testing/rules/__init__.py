"""The contract every plugin keeps: rules as data, each with its demand, its mend and what checks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from audiohook_fw.plugin import Event

from .awaiting import AWAITS_EVERYTHING
from .blocking import NEVER_BLOCKS
from .cancelling import CANCELLED_CLEANLY
from .declaring import DECLARES_EVENTS
from .ending import ENDS_IN_TIME
from .loading import HOOKS_VALID, LOADS, SETTINGS_STRICT
from .rule import ContractFailure, NotTriedError, Rule, Subject
from .starving import MEMORY_BOUNDED
from .surviving import (
    SURVIVES_BURSTS,
    SURVIVES_CALLS,
    SURVIVES_CHANNELS,
    SURVIVES_ENDS,
    SURVIVES_INTERRUPTIONS,
    SURVIVES_NO_AUDIO,
)
from .taking_part import TAKES_PART

__all__ = ["RULES", "ContractFailure", "NotTriedError", "Rule", "Subject", "check_plugin"]

RULES: Final[tuple[Rule, ...]] = (
    LOADS,
    SETTINGS_STRICT,
    NEVER_BLOCKS,
    HOOKS_VALID,
    TAKES_PART,
    AWAITS_EVERYTHING,
    DECLARES_EVENTS,
    ENDS_IN_TIME,
    SURVIVES_CALLS,
    SURVIVES_CHANNELS,
    SURVIVES_NO_AUDIO,
    SURVIVES_BURSTS,
    SURVIVES_INTERRUPTIONS,
    SURVIVES_ENDS,
    CANCELLED_CLEANLY,
    MEMORY_BOUNDED,
)
"""Every rule, in the order in which they are checked."""


def check_plugin(
    plugin: object,
    settings: Mapping[str, object] | None = None,
    *,
    name: str = "",
    events: Sequence[Event] = (),
    facts: Mapping[str, object] | None = None,
    rejects: bool = False,
    rules: Iterable[Rule] = RULES,
) -> list[ContractFailure]:
    """Put a plugin to the rules, and return what it breaks, each mistake once.

    A plugin that does not load, or computes without end, breaks just that. Takes some seconds, in this
    thread. While it runs, the working directory is another one.

    Args:
        plugin: a class, module or instance, or what `-p` takes.
        settings, name: as for `CallDriver`. events: of other plugins, which it needs as input.
        facts: of its calls, such as a `dnis` that it accepts.
        rejects: it is to reject these calls.
    """
    subject = Subject(plugin, settings or {}, name, events, facts or {}, rejects)
    failures: list[ContractFailure] = []
    for rule in rules:
        try:
            rule.check(subject)
        except ContractFailure as failure:
            failures.append(failure)
            if failure.final:
                break
        except NotTriedError:  # another rule tells
            continue
    return failures
