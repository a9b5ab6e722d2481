"""100 new calls a second while the Platform API is slow or down: what `opened`, budget and memory do.

`python tests/bench/lookups.py [--seconds 90] [--rate 100] [--hold 12] [SCENARIO ...]`

Server, clients and platform are a process each. Every call is accepted paused, and decided by its queue:
released when that is found, and when the look-up failed, which is its fallback here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import uvloop
from processes import HERE, KEY, SECRET, Server

from audiohook_fw.auth import decode_secret
from audiohook_fw.client import CallOptions, Decision, run_load
from audiohook_fw.testing import FakePlatform, PlatformFault

SCENARIOS: Final[dict[str, tuple[str, PlatformFault]]] = {
    "well": ("it answers at once", PlatformFault()),
    "slow": ("it takes 3 s", PlatformFault(delay=3.0)),
    "503": ("it answers 503", PlatformFault(status=503)),
    "cut": ("it breaks every connection off", PlatformFault(cut=True)),
    "hangs": ("it never answers", PlatformFault(delay=3_600.0)),
}
BUDGET: Final = 250
SHARES: Final = {"p50": 0.5, "p99": 0.99, "max": 1.0}
DECIDER: Final = """
from collections import Counter
from audiohook_fw import Accept, ContextChanged, PluginInfo, SessionHandler, hookimpl

DECIDED = Counter()

class Decide(SessionHandler):
    def __init__(self, session):
        self.session = session

    def on_opened(self):
        self.session.update_context(queue_wanted=True)

    def on_event(self, event):
        hold, lookup = self.session.start_hold, self.session.context.get("lookup")
        if hold is not None and lookup in ("found", "failed"):
            DECIDED["queue" if lookup == "found" else "fallback"] += 1
            hold.release()

    def on_close(self, reason):
        DECIDED["ended before"] += self.session.start_hold is not None

class Decider:
    info = PluginInfo(summary="Decides by the queue", consumes=(ContextChanged,))

    @hookimpl
    def on_open(self):
        return Accept(start_paused=True)

    @hookimpl
    def create_handler(self, session):
        return Decide(session)

    @hookimpl
    def on_shutdown(self):
        print("decided", dict(DECIDED), flush=True)
"""


class LookupServer(Server):
    """`audiohook-fw serve` with the plugin `genesys`, and one that decides by the queue."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._settings: dict[str, object] = {**settings, "requests_per_minute": BUDGET}
        super().__init__("core")

    def _command(self) -> list[str | Path]:
        command = super()._command()
        folder = Path(self._folder.name)
        (folder / "plugins" / "decider.py").write_text(DECIDER)
        config = folder / "audiohook.toml"
        text = config.read_text().replace("enabled = []", 'enabled = ["genesys", "decider"]')
        text = text.replace("required = []", 'required = ["genesys", "decider"]')
        text = text.replace('traces = "otlp"', 'traces = "none"') + "\n[plugins.genesys]\n"
        config.write_text(text + "".join(f"{k} = {json.dumps(v)}\n" for k, v in self._settings.items()))
        return command


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a part of this file in a process of its own."""
    command = [sys.executable, str(HERE / "lookups.py"), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def said(stream: IO[str] | None) -> Any:
    """Return what a process says next."""
    assert stream is not None
    line = stream.readline()
    if not line:
        raise RuntimeError("a process of the benchmark failed")
    return json.loads(line)


def platform(scenario: str) -> None:
    """Be the platform until standard input ends; then say what was asked."""
    with FakePlatform(default_queue="Sales", rate_limit=300) as fake:
        fake.misbehave(SCENARIOS[scenario][1])
        print(json.dumps(fake.settings), flush=True)
        sys.stdin.read()
        times = [request.at for request in fake.requests if request.kind != "token"]
        counts = Counter(f"{request.kind} {request.status}" for request in fake.requests)
        print(json.dumps({"busiest": busiest(times), "counts": dict(counts)}), flush=True)


def busiest(times: Sequence[float]) -> int:
    """Return the most requests that came in any 60 s."""
    ordered, most, first = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - 60:
            first += 1
        most = max(most, last - first + 1)
    return most


def clients(url: str, secret: str, calls: int, rate: float, hold: float) -> None:
    """Be all clients; say how long `opened` took."""
    # Few frames: the clients cost more than the server, and are not to be what is measured.
    options = CallOptions(url=url, api_key=KEY, secret=decode_secret(secret), duration=hold, frame_ms=1000.0)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        reports = runner.run(run_load(options, calls, rate=rate))
    times = sorted(r.opened_after for r in reports if r.opened_after is not None)
    accepted = sum(report.decision is Decision.ACCEPTED for report in reports)
    picked = {
        name: times[min(len(times) - 1, int(len(times) * share))] * 1000 for name, share in SHARES.items()
    }
    print(json.dumps({"calls": len(reports), "accepted": accepted, **picked}), flush=True)


def measure(scenario: str, seconds: float, rate: float, hold: float) -> str:
    """Run one scenario; return a row of the table."""
    with process("platform", scenario) as fake, LookupServer(said(fake.stdout)) as server:
        calls = int(seconds * rate)
        with process("clients", server.url, SECRET, str(calls), str(rate), str(hold)) as load:
            began, memory = time.monotonic(), list[float]()
            while load.poll() is None and time.monotonic() < began + seconds:
                time.sleep(1.0)
                memory.append(server.rss() / 1024)
            cpu = server.cpu() / (time.monotonic() - began)
            report = said(load.stdout)
        decided = server.stop().partition("decided ")[2].strip()
        assert fake.stdin is not None
        fake.stdin.close()
        asked = said(fake.stdout)
    # By then the first calls have ended, and what is kept for some seconds (nonces, say) is full.
    steady = memory[int(min(hold + 20, seconds / 2)) :]
    third = max(1, len(steady) // 3)
    early, late = sum(steady[:third]) / third, sum(steady[-third:]) / third
    opened = " / ".join(f"{report[name]:.0f}" for name in SHARES)
    print(f"{scenario}: {decided}; asked: {asked['counts']}; CPU {cpu:.2f}", file=sys.stderr, flush=True)
    cells = [SCENARIOS[scenario][0], f"{report['accepted']} of {report['calls']}", opened]
    cells += [f"{asked['busiest']}", f"{early:.0f} → {late:.0f}", decided.strip("{}").replace("'", "")]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure what was asked for, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=90.0, help="for which calls begin")
    parser.add_argument("--rate", type=float, default=100.0, help="new calls a second")
    parser.add_argument("--hold", type=float, default=12.0, help="seconds of each call")
    parser.add_argument("scenario", nargs="*", help=f"some of: {', '.join(SCENARIOS)}")
    options = parser.parse_args()
    unknown = set(options.scenario) - set(SCENARIOS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    rows = [
        measure(name, options.seconds, options.rate, options.hold) for name in options.scenario or SCENARIOS
    ]
    print(
        "| the Platform API | accepted | `opened` ms p50 / p99 / max | requests in 60 s | MB | decided by |"
    )
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    print("\n".join(rows))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["platform", scenario]:
            platform(scenario)
        case ["clients", url, secret, calls, rate, hold]:
            clients(url, secret, int(calls), float(rate), float(hold))
        case _:
            main()
