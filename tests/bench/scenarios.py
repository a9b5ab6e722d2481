"""What is measured. Each scenario starts its own servers and clients, one after the other.

CPU seconds are those of the server process, threads included, while the calls stream: what opening and
closing a call costs stands apart.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from processes import HERE, Client, Server

__all__ = [
    "Scale",
    "Table",
    "churn",
    "delivery",
    "growth",
    "isolation",
    "latency",
    "memory",
    "sequence",
    "streaming",
]

OPENS: Final = 100.0
"""Calls opened in a second, in every scenario."""
KINDS: Final = ("bare", "inline", "lanes", "recorder")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything.

    Attributes:
        rounds: of each kind. window: seconds of one measurement. divisor: of the number of calls.
        settle: seconds from the last `opened` until measuring begins; its spans are exported by then.
    """

    rounds: int = 3
    window: float = 6.0
    divisor: int = 1
    settle: float = 6.0

    def calls(self, number: int) -> int:
        return max(10, number // self.divisor)


@dataclass(frozen=True, slots=True)
class Table:
    """A result: its heading, a sentence on how it was measured, and rows of text."""

    title: str
    remark: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def _stream(kind: str, calls: int, frame_ms: float, scale: Scale) -> tuple[float, dict[str, Any]]:
    """Return CPU seconds per call-second while calls stream, and the times of the pongs meanwhile."""
    with Server(kind) as server:
        client = Client(server.url, calls=calls, rate=OPENS, frame_ms=frame_ms)
        time.sleep(scale.settle)
        client.ask("reset")
        cpu, began = server.cpu(), time.monotonic()
        time.sleep(scale.window)
        cpu, passed = server.cpu() - cpu, time.monotonic() - began
        times = client.ask("times")
        ended = client.end()
        if ended["closed"] != calls or ended["lost"]:
            raise RuntimeError(f"{kind}: {calls} calls, of which {ended['closed']} were closed")
    return cpu / passed / calls, times["pong"]


def streaming(scale: Scale, calls: int, frame_ms: float) -> Table:
    """CPU of each kind of server beside the bare loop's, in alternating rounds."""
    calls = scale.calls(calls)
    runs: dict[str, list[tuple[float, dict[str, Any]]]] = {kind: [] for kind in KINDS}
    for round_ in range(scale.rounds):
        for kind in KINDS:
            _say(f"{calls} calls, {frame_ms:g} ms frames, round {round_ + 1}: {kind}")
            runs[kind].append(_stream(kind, calls, frame_ms, scale))
    rows = []
    for kind, results in runs.items():
        cpu = statistics.median(cost for cost, _ in results)
        ratios = [cost / base for (cost, _), (base, _) in zip(results, runs["bare"], strict=True)]
        pongs = statistics.median(pong.get("p99", 0.0) for _, pong in results)
        each = " ".join(f"{cost * 1e6:.0f}" for cost, _ in results)
        rows.append((kind, f"{cpu * 1e6:.0f}", each, f"{statistics.median(ratios):.2f}", f"{pongs:.1f}"))
    return Table(
        f"{calls} calls, frames of {frame_ms:g} ms",
        f"Windows of {scale.window:g} s. The ratio is the median of the ratios of {scale.rounds} rounds.",
        ("server", "CPU µs per call-second (median)", "each round", "ratio to bare", "pong p99 ms"),
        tuple(rows),
    )


def growth(scale: Scale, sizes: Sequence[int] = (50, 100, 250, 500, 1000)) -> Table:
    """CPU per call-second as the number of calls grows; linear growth is a constant."""
    rows = []
    for number in sizes:
        calls = scale.calls(number)
        _say(f"{calls} calls, 200 ms frames, inline")
        cpu = _stream("inline", calls, 200.0, scale)[0]
        rows.append((str(calls), f"{cpu * 1e6:.0f}", f"{cpu * calls:.3f}"))
    return Table(
        "From few calls to many",
        "Three inline plugins, frames of 200 ms. A constant second column is linear growth.",
        ("calls", "CPU µs per call-second", "cores used"),
        tuple(rows),
    )


def memory(scale: Scale, calls: int = 500) -> Table:
    """Resident memory of a call, above that of the server without calls."""
    calls = scale.calls(calls)
    rows = []
    for kind in ("bare", "core", "inline", "lane", "lane+traces"):
        _say(f"memory of {calls} calls: {kind}")
        with Server(kind) as server:
            Client(server.url, calls=20, rate=OPENS, frame_ms=200.0).end()  # what is imported or made once
            time.sleep(1)
            empty = server.rss()
            client = Client(server.url, calls=calls, rate=OPENS, frame_ms=200.0)
            time.sleep(scale.settle)
            full = server.rss()
            client.end()
        rows.append((kind, f"{empty / 1024:.0f}", f"{full / 1024:.0f}", f"{(full - empty) / calls:.1f}"))
    return Table(
        f"Memory of {calls} calls",
        "Resident memory while calls stream. `lane` has no traces, as is the default; the others have.",
        ("server", "empty MB", "with calls MB", "kB per call"),
        tuple(rows),
    )


def sequence(scale: Scale, calls: int = 10_000) -> Table:
    """Memory of a server that has had many calls, one after the other (some at a time)."""
    calls = scale.calls(calls)
    rows = []
    with Server("lane") as server:
        client = Client(server.url, calls=0, rate=OPENS, frame_ms=200.0)
        done = 0
        for share in (0.05, 0.1, 0.25, 0.5, 0.75, 1.0):
            until = int(calls * share)
            _say(f"{until} of {calls} calls one after the other")
            client.ask(f"churn {(until - done) / OPENS} {OPENS}")
            done = until
            time.sleep(1)
            rows.append((str(done), f"{server.rss() / 1024:.1f}"))
        client.end()
    return Table(
        f"{calls} calls one after the other",
        f"One lane; {OPENS:g} calls a second, each opened and closed. Flat memory is the aim.",
        ("calls so far", "resident MB"),
        tuple(rows),
    )


def churn(scale: Scale) -> Table:
    """CPU of opening and closing a call."""
    rows = []
    for kind in ("bare", "core", "inline", "lanes", "recorder"):
        _say(f"opening and closing: {kind}")
        with Server(kind) as server:
            client = Client(server.url, calls=0, rate=OPENS, frame_ms=200.0)
            client.ask("churn 1 50")
            cpu, seconds = server.cpu(), scale.window
            client.ask(f"churn {seconds} {OPENS}")
            cpu = server.cpu() - cpu
            client.end()
        rows.append((kind, f"{cpu / int(seconds * OPENS) * 1e3:.2f}"))
    return Table(
        "Opening and closing a call",
        "Signed upgrade, `open`, `opened`, `close`, `closed`; the bare loop checks no signature.",
        ("server", "CPU ms per call"),
        tuple(rows),
    )


def latency(scale: Scale, calls: int = 300) -> Table:
    """How long things take while calls stream and others come: `opened`, pong, and a frame to its hook."""
    calls = scale.calls(calls)
    rows = []
    for kind in ("bare", "lag"):
        _say(f"latency: {kind}")
        with Server(kind) as server:
            client = Client(server.url, calls=calls, rate=OPENS, frame_ms=200.0)
            time.sleep(scale.settle)
            client.ask("reset")
            client.ask(f"churn {scale.window} {OPENS}")
            times = client.ask("times")
            client.end()
            printed = server.stop().split()
        lag = [f"{float(value):.2f}" for value in printed[2:4]] if printed else ["-", "-"]
        name = "bare" if kind == "bare" else "inline"
        opened, pong = times["opened"], times["pong"]
        rows.append(
            (name, *(str(part.get(key, "-")) for part in (opened, pong) for key in ("p50", "p99")), *lag)
        )
    return Table(
        f"Latency: {calls} calls stream, {OPENS:g} others a second come and go",
        "Milliseconds, all on one machine. A frame's lag is from the client's write to the inline hook.",
        ("server", "`opened` p50", "`opened` p99", "pong p50", "pong p99", "frame lag p50", "frame lag p99"),
        tuple(rows),
    )


def _stalls(kind: str, calls: int, scale: Scale) -> list[float]:
    """Return for how long the event loop of a server was late, in ms, each time it was by more than 2 ms."""
    with Server(kind) as server:
        client = Client(server.url, calls=calls, rate=OPENS, frame_ms=200.0)
        time.sleep(scale.settle)
        began = time.monotonic()
        time.sleep(scale.window)
        ended = time.monotonic()
        client.end()
        lines = [line.split() for line in server.stop().splitlines() if line.startswith("late ")]
    return sorted(float(late) * 1e3 for _, due, late in lines if began <= float(due) <= ended)


def stalls(scale: Scale, calls: int = 500) -> Table:
    """How late the event loop is at most, with the recorder and without it."""
    calls = scale.calls(calls)
    kinds = {"ticks": "without the recorder", "ticks+recorder": "with it"}
    runs: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    for round_ in range(scale.rounds):
        for kind in kinds:
            _say(f"stalls, round {round_ + 1}: {kind}")
            runs[kind].append(_stalls(kind, calls, scale))
    rows = []
    for kind, name in kinds.items():
        longest = [late[-1] if late else 0.0 for late in runs[kind]]
        often = statistics.median(sum(one > 10 for one in late) for late in runs[kind])
        each = " ".join(f"{one:.1f}" for one in longest)
        rows.append((name, f"{statistics.median(longest):.1f}", each, f"{often:g}"))
    return Table(
        f"How late the event loop is: {calls} calls, frames of 200 ms",
        f"A task sleeps for 2 ms, again and again; windows of {scale.window:g} s, {scale.rounds} rounds.",
        ("server", "longest, ms (median)", "each round", "times later than 10 ms"),
        tuple(rows),
    )


def _delivery() -> dict[str, Any]:
    _say("delivery, without a socket")
    done = subprocess.run([sys.executable, HERE / "delivery.py"], capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def delivery(scale: Scale) -> Table:
    """What a frame costs from the protocol to the hooks."""
    rows = [
        (str(inline), str(lanes), f"{microseconds:.1f}")
        for (inline, lanes), microseconds in _delivery()["costs"]
    ]
    return Table(
        "From the protocol to the hooks",
        "Without a socket, caches warm, hooks that do nothing and wait for nothing.",
        ("inline plugins", "lanes", "µs per frame"),
        tuple(rows),
    )


def isolation(scale: Scale) -> Table:
    """What one plugin that is too slow costs another."""
    got = _delivery()["isolation"]
    counts = (got["frames"], got["healthy"], f"{got['p50']:.2f}", f"{got['p99']:.2f}")
    return Table(
        "A plugin that is too slow",
        "It waits 60 ms for each frame of 20 ms, in a lane of 0.5 s (the default is 30 s); another is well.",
        (
            "frames",
            "taken by the healthy one",
            "age p50 ms",
            "age p99 ms",
            "taken by the slow one",
            "dropped",
        ),
        (tuple(str(value) for value in (*counts, got["slow"], got["dropped"])),),
    )
