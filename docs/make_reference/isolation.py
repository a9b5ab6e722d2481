"""`isolation.md`: what becomes of a bad plugin, of healthy ones and of the call, for every fault in every hook.

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
    "block": "holds the event loop's thread for some seconds (`time.sleep`, a slow query, a long computation)",
    "flood": "emits 2,000 events and takes and releases 1,000 pauses, each time",
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
    Bad.LATE: "at its deadline it is logged and counted (`audiohook.hook.timeouts`), and cancelled at the last",
    Bad.ALONE: "it does not end when cancelled: nobody waits for it (`audiohook.hook.abandoned`)",
    Bad.REFUSED: "events beyond 1,000 that wait are dropped and counted (`audiohook.events.refused`)",
    Bad.NAMED: "the watchdog logs plugin, hook and stack, and counts (`audiohook.loop.blocked`); after "
    "`limits.quarantine_blocks` times it is shut out",
    Bad.TASKS: "its tasks run on, unseen, until the process ends; then they are cancelled and named",
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

What one plugin can do to another, and to the call. Made by `make docs` from the table that
`tests/server/isolation` runs: in each cell a server with one bad plugin and two healthy ones, one inline and
one in a lane, takes a call of the simulated client. How it works: [architecture](../explanation/architecture.md#faults)."""

_TAIL: Final = """\
## What a process cannot isolate

All plugins share one process, one thread for the event loop and one interpreter lock. So one plugin can harm all calls of
the process by

* **blocking the event loop**, in any hook, task, callback or route. The watchdog names it, and a plugin that does it again and
  again is shut out, but no code can be stopped while it runs;
* **native code** that keeps the interpreter's lock: not even the watchdog runs meanwhile. It reports afterwards how long the loop
  stood still, not why. Native code that crashes ends the process;
* **memory** without bound: its own lists, tasks and threads, audio it keeps. Queues of the framework are bounded, a
  plugin's own are not. Limit the process, and watch `audiohook.hook.abandoned`;
* **processor time**: computing in threads takes turns with the event loop. See `audiohook.loop.lag`;
* **ending the process**: `os._exit()`, `os.kill()`, `os.abort()`;
* **intent**: it can change any object of the process, and read what others hold. Load only plugins that you trust.

Where that matters, run the plugin in another process, or run it on nodes of its own.

## When the event loop is blocked

A timer in the loop notes the time four times a second, and a thread looks at it. With the defaults:

1. After 1 s (`limits.block_timeout`; 1.25 s from the beginning of the block, at most, on a machine that is not overloaded) the thread
   logs one ERROR record: `plugin NAME blocks the event loop in HOOK, for 1.0 s now`, with the session id when it is in a call, and the
   stack of the loop's thread: files, lines and code, no values. It is read off the stack who runs; nothing is noted per frame.
   Code that runs in a task or callback of a plugin's own making is named by its module; the hook is then `task`. In a page of a plugin it is `route`.
   When the stack shows no plugin, or different ones in the middle and at the end of that time, the record says so and nobody is blamed.
2. `audiohook.loop.blocked` counts it, by plugin and hook (`none` for nobody).
3. **Health**: while the loop is blocked, nobody answers on either port, `/health/live` included. A probe runs into its own timeout, which
   counts as failed. So a process that is blocked for good is killed after the probe's `failureThreshold`, and one hiccup costs one
   probe at most. Once the loop runs again, `/health/live` answers 200, unless blocks took more than half of the last minute: then it
   answers 503, so that a server that stands more than it runs is restarted though some probes get through.
4. Once the loop runs again, a WARNING says after how many seconds. `/admin/hooks` shows the last 20 blocks.
5. A plugin that did it `limits.quarantine_blocks` times (3) within `limits.quarantine_window` is shut out: at once in all running
   calls, where `on_close` and `on_end` remain, and in new calls. None of its decisions and filters is called any more: they count as failed, so that a
   policy with `on_failure = "reject"` rejects every call, and a filter drops every event. Its pages answer 503.

A block that ends before the thread saw it, because native code kept the lock or the whole process was stopped, is logged
afterwards, and counted as nobody's.

A hook that waits for long in a lane harms nobody else. One that has been running for `limits.slow_hook` (10 s) is logged once at WARNING and
counted (`audiohook.hook.slow`); `/admin/hooks` shows what runs in all lanes now, the longest first.

## When a plugin is shut out

| what happens | counts as |
|---|---|
| `limits.faults_in_a_row` faults in a row in one call | quarantine for that call, and one call towards `limits.quarantine_calls` |
| its lane failed (`overflow = "fail"`, or too many control events) | one call towards it; calls that ran at the same time count once |
| it was cancelled at `limits.end_deadline` | the same |
| `on_open` failed, with `on_failure = "ignore"` | shut out after `limits.quarantine_calls` in a row |
| it blocked the event loop | shut out after `limits.quarantine_blocks` |
| `on_close` was late but ended | logged and counted, no more: the call has got its `closed` at the deadline, and the plugin may have saved its work |
| its lane dropped audio (`overflow = "drop_oldest"`) | counted, no more: that is what it asked for |

Why calls of the same time count once: lanes overflow because a disk or a network hangs, which hits all calls at once. Only calls that
began after the last failure show that it is not over. A plugin that is shut out stays so until the server restarts."""


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
        _TAIL,
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
