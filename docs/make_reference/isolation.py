"""`isolation.md`: what becomes of a bad plugin, of healthy ones and of the call, fault by fault.

`CELLS` is what the tests run: a cell that is missing, or says something else than happens, fails there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .markdown import table

__all__ = ["CELLS", "FAULTS", "HOOKS", "Bad", "Call", "Cell", "Healthy", "page"]

FAULTS: Final[Mapping[str, str]] = {
    "raise": "raises an exception, each time",
    "hang": "waits for what never comes",
    "block": "holds the event loop's thread for some seconds: `time.sleep`, a slow query, computing",
    "flood": "emits 1,200 events and takes and releases 300 pauses, each time",
    "swallow": "goes on waiting when it is cancelled",
    "leak": "starts a task that never ends, each time",
}
"""The faults, and what each means."""

HOOKS: Final[Mapping[str, str]] = {
    "on_open": "`async def on_open`",
    "inline": "`on_audio` of a handler whose hooks are all plain `def`",
    "lane": "`async def on_audio`",
    "on_close": "`async def on_close`",
    "on_end": "`async def on_end`",
    "filter": "`filter_event`, always a plain `def`",
    "on_startup": "`async def on_startup`",
    "on_shutdown": "`async def on_shutdown`",
}
"""The hooks, and how the bad plugin defines them."""


class Bad(StrEnum):
    """What becomes of the bad plugin."""

    FAULT = "fault"
    QUARANTINE = "quarantine"
    FAILED = "failed"
    LATE = "late"
    ALONE = "left alone"
    REFUSED = "refused"
    NAMED = "named"
    TASKS = "tasks remain"


class Healthy(StrEnum):
    """What becomes of the healthy plugins."""

    FRAMES = "all frames"
    EVENTS = "all events"
    NO_EVENTS = "no events"
    ENDED = "ended once"
    STOPPED = "delayed"


class Call(StrEnum):
    """What becomes of the call, and of the server."""

    OPENED = "opened"
    CLOSED = "closed"
    DEADLINE = "closed at the deadline"
    WAITS = "waits"
    LOST = "lost"


_MEANINGS: Final[Mapping[StrEnum, str]] = {
    Bad.FAULT: "the fault is logged and counted (`audiohook.hook.faults`), and the plugin goes on",
    Bad.QUARANTINE: "after `limits.faults_in_a_row` faults it is in quarantine for this call: nothing but "
    "`on_close`, `on_end` and filters is called",
    Bad.FAILED: "its status is `failed`: it takes part in nothing",
    Bad.LATE: "at its deadline it is logged and counted (`audiohook.hook.timeouts`), in the end cancelled",
    Bad.ALONE: "it does not end when cancelled: nobody waits for it (`audiohook.hook.abandoned`)",
    Bad.REFUSED: "events beyond 1,000 that wait are dropped and counted (`audiohook.events.refused`)",
    Bad.NAMED: "the watchdog logs plugin, hook and stack, and counts (`audiohook.loop.blocked`); after "
    "`limits.quarantine_blocks` times it is shut out",
    Bad.TASKS: "its tasks run on, unseen, until the process ends, which cancels them",
    Healthy.FRAMES: "they get every frame of the call",
    Healthy.EVENTS: "they get every event of each other",
    Healthy.NO_EVENTS: "they get no events: a filter that fails lets nothing through",
    Healthy.ENDED: "they get `on_close` and `on_end`, exactly once",
    Healthy.STOPPED: "they wait for as long as the loop is blocked, and lose nothing",
    Call.OPENED: "`open` is answered by `opened`",
    Call.CLOSED: "`close` is answered by `closed`, at once",
    Call.DEADLINE: "`close` is answered by `closed`, after `limits.hook_deadline`",
    Call.WAITS: "no call is answered, nor health, while the loop is blocked; then all goes on. Genesys gives "
    "up after 5 s without `opened` or `pong`",
    Call.LOST: "all calls of the process are lost: nobody is answered, and a liveness probe fails until "
    "the process is killed",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What becomes of all three, and, where it is not plain, what the fault means here."""

    bad: frozenset[Bad]
    healthy: frozenset[Healthy]
    call: frozenset[Call]
    note: str = ""


_FINE: Final = frozenset({Healthy.FRAMES, Healthy.EVENTS, Healthy.ENDED})
_DEAF: Final = frozenset({Healthy.FRAMES, Healthy.NO_EVENTS, Healthy.ENDED})
_GOOD: Final = frozenset({Call.OPENED, Call.CLOSED})
_LATE: Final = frozenset({Call.OPENED, Call.DEADLINE})
_NOT_CANCELLED = "a plain function is never cancelled; here it raises `CancelledError` itself"
_CANCELLED = "cancelled at `limits.end_deadline`: that is its fault"
_DROPS = "a lane that takes the flood's own type of event drops what is beyond `limits.plugin_events`"
_FOR_EVER = "a plain function can wait only by blocking, for ever here"


def _cell(
    *bad: Bad, healthy: frozenset[Healthy] = _FINE, call: frozenset[Call] = _GOOD, note: str = ""
) -> Cell:
    return Cell(frozenset(bad), healthy, call, note)


def _blocked(note: str = "") -> Cell:
    return _cell(Bad.NAMED, healthy=_FINE | {Healthy.STOPPED}, call=_GOOD | {Call.WAITS}, note=note)


def _dead() -> Cell:
    return _cell(Bad.NAMED, healthy=frozenset(), call=frozenset({Call.LOST}), note=_FOR_EVER)


_PROCESS_FLOOD = (
    "there is no call to flood; here it starts 1,000 tasks and returns a megabyte that nobody asked for"
)

CELLS: Final[Mapping[tuple[str, str], Cell]] = {
    ("raise", "on_open"): _cell(Bad.FAULT, note="its `on_failure` decides; here `ignore`"),
    ("raise", "inline"): _cell(Bad.FAULT, Bad.QUARANTINE),
    ("raise", "lane"): _cell(Bad.FAULT, Bad.QUARANTINE),
    ("raise", "on_close"): _cell(Bad.FAULT),
    ("raise", "on_end"): _cell(Bad.FAULT),
    ("raise", "filter"): _cell(Bad.FAULT, Bad.QUARANTINE, healthy=_DEAF),
    ("raise", "on_startup"): _cell(Bad.FAULT, Bad.FAILED),
    ("raise", "on_shutdown"): _cell(Bad.FAULT),
    ("hang", "on_open"): _cell(Bad.LATE, note="its `on_failure` decides; here `ignore`"),
    ("hang", "inline"): _dead(),
    ("hang", "lane"): _cell(Bad.LATE, Bad.FAULT, call=_LATE, note=_CANCELLED),
    ("hang", "on_close"): _cell(Bad.LATE, Bad.FAULT, call=_LATE, note=_CANCELLED),
    ("hang", "on_end"): _cell(Bad.LATE, Bad.FAULT, note=_CANCELLED),
    ("hang", "filter"): _dead(),
    ("hang", "on_startup"): _cell(Bad.FAULT, Bad.FAILED),
    ("hang", "on_shutdown"): _cell(Bad.LATE),
    ("block", "on_open"): _blocked(),
    ("block", "inline"): _blocked(),
    ("block", "lane"): _blocked("an `async def` that does not wait blocks as well"),
    ("block", "on_close"): _blocked(),
    ("block", "on_end"): _blocked(),
    ("block", "filter"): _blocked(),
    ("block", "on_startup"): _blocked("the server starts that much later"),
    ("block", "on_shutdown"): _blocked("the process ends that much later"),
    ("flood", "on_open"): _cell(),
    ("flood", "inline"): _cell(note=_DROPS),
    ("flood", "lane"): _cell(note=_DROPS),
    ("flood", "on_close"): _cell(),
    ("flood", "on_end"): _cell(),
    ("flood", "filter"): _cell(Bad.FAULT, Bad.REFUSED, note=_DROPS),
    ("flood", "on_startup"): _cell(note=_PROCESS_FLOOD),
    ("flood", "on_shutdown"): _cell(note=_PROCESS_FLOOD),
    ("swallow", "on_open"): _cell(Bad.LATE, Bad.ALONE),
    ("swallow", "inline"): _cell(Bad.FAULT, Bad.QUARANTINE, note=_NOT_CANCELLED),
    ("swallow", "lane"): _cell(Bad.LATE, Bad.ALONE, call=_LATE),
    ("swallow", "on_close"): _cell(Bad.LATE, Bad.ALONE, call=_LATE),
    ("swallow", "on_end"): _cell(Bad.LATE, Bad.ALONE),
    ("swallow", "filter"): _cell(Bad.FAULT, Bad.QUARANTINE, healthy=_DEAF, note=_NOT_CANCELLED),
    ("swallow", "on_startup"): _cell(Bad.FAULT, Bad.FAILED, Bad.ALONE),
    ("swallow", "on_shutdown"): _cell(Bad.LATE, Bad.ALONE),
    **{("leak", hook): _cell(Bad.TASKS) for hook in HOOKS},
}
"""Every fault in every hook."""

_HEAD: Final = """\
# Isolation

What one plugin can do to another, and to the call. Made by `make docs` from the table that the tests in
`tests/server/isolation` run: in each cell a server with one bad plugin and two healthy ones, one inline and
one in a lane, takes a call of the simulated client. What a process cannot isolate, what happens when the
event loop is blocked, and when a plugin is shut out: [isolation explained](../explanation/isolation.md)."""


def page() -> str:
    """Return the text of the page."""
    facts = [(fact.value, text) for fact, text in _MEANINGS.items()]
    parts = [
        _HEAD,
        "## The faults",
        table(("fault", "the bad plugin"), [(f"**{name}**", text) for name, text in FAULTS.items()]),
        "## The hooks",
        table(("hook", "as the bad plugin has it"), [(f"**{name}**", text) for name, text in HOOKS.items()]),
        "## The matrix",
        *(f"### {fault}\n\n{_rows(fault)}" for fault in FAULTS),
        "## The words",
        table(("word", "meaning"), facts),
    ]
    return "\n\n".join(parts) + "\n"


def _rows(fault: str) -> str:
    head = ("hook", "bad plugin", "healthy plugins", "call", "remark")
    return table(head, [_row(hook, CELLS[fault, hook]) for hook in HOOKS])


def _row(hook: str, cell: Cell) -> tuple[str, ...]:
    return (
        hook,
        _words(cell.bad, Bad) or "nothing",
        _words(cell.healthy, Healthy) or "nothing more",
        _words(cell.call, Call),
        cell.note,
    )


def _words(facts: frozenset[StrEnum], kind: type[StrEnum]) -> str:
    return ", ".join(fact.value for fact in kind if fact in facts)
