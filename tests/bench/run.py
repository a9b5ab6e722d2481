"""`make bench`: what a call costs, beside a bare aiohttp loop, in alternating runs.

Figures of one machine at one time: only the ratios mean something.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import statistics
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KINDS = ("bare", "core", "inline", "lane")
CALLS = int(os.environ.get("BENCH_CALLS", "100"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
FRAME_MS = float(os.environ.get("BENCH_FRAME_MS", "200"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))


def run_once(kind: str) -> dict[str, Any]:
    """Start a server, play the calls into it, and return what it cost."""
    server = subprocess.Popen([sys.executable, HERE / "serve.py", kind], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        port = json.loads(server.stdout.readline())["port"]
        server.send_signal(signal.SIGUSR1)
        url = f"ws://127.0.0.1:{port}/audiohook/ws"
        arguments = [url, str(CALLS), str(SECONDS), str(FRAME_MS)]
        played = subprocess.run(
            [sys.executable, HERE / "play.py", *arguments], capture_output=True, text=True, check=True
        )
        server.send_signal(signal.SIGTERM)
        cost = json.loads(server.stdout.readline())
    finally:
        server.terminate()
        server.wait()
    return {**cost, **json.loads(played.stdout)}


def main() -> int:
    """Alternate the kinds, print medians and ratios; status 1 when a call failed."""
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"aiohttp {version('aiohttp')}"
    )
    print(f"{CALLS} calls of {SECONDS:g} s, stereo PCMU in {FRAME_MS:g} ms frames, {ROUNDS} rounds")
    results: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for round_ in range(ROUNDS):
        for kind in KINDS:
            print(f"  round {round_ + 1}: {kind}", file=sys.stderr, flush=True)
            results[kind].append(run_once(kind))
    base = statistics.median(r["cpu"] for r in results["bare"])
    print(
        f"{'server':8} {'CPU s per call s':>17} {'ratio':>6} {'peak MB':>8} {'RTT p99 ms':>11} {'calls':>9}"
    )
    for kind, runs in results.items():
        cpu = statistics.median(r["cpu"] for r in runs)
        peak = statistics.median(r["peak_kb"] for r in runs) / 1024
        rtt = statistics.median(r["rtt_p99"] or 0 for r in runs) * 1000
        good = sum(r["good"] for r in runs)
        print(
            f"{kind:8} {cpu / CALLS / SECONDS:17.6f} {cpu / base:6.2f} {peak:8.0f} {rtt:11.1f} "
            f"{good:>4}/{CALLS * ROUNDS}"
        )
    return 0 if all(r["good"] == CALLS for runs in results.values() for r in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
