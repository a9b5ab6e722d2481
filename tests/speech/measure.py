"""Measure what redaction and moods cost a final transcript: `cd tests && python -m speech.measure`.

A real server over real sockets, with an engine that says what it is given: seeded utterances, half of them
with personal data, in calls in real time; the clients are a process of their own. CPU is that of a stage's
own code (`time.thread_time`), latency is counted from when the engine's base has emitted a final transcript.
`--audio` measures nothing: it plays spoken cards through Whisper, and listens to the recordings.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import inspect
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audiohook_fw_asr import SegmentSettings
from audiohook_fw_redact import Redact
from audiohook_fw_sentiment.call import ScoredCall
from audiohook_fw_sessions.call import RecordedCall
from audiohook_fw_transcripts.handler import Scribe

from audiohook_fw import PluginInfo, Sentiment, Session, SessionHandler, Transcript, hookimpl
from audiohook_fw.plugin import Event
from audiohook_fw.session.results import Results

from .hearing import hear_recordings
from .meaning import Script, Speaking, TracedServer, converse, voices
from .seeded import seeded

MEANING = ("redact", "sentiment")
STAGES: Mapping[str, tuple[type, str]] = {
    "redaction": (Redact, "filter_event"),
    "handed to Genesys' outbox": (Results, "send"),
    "mood": (ScoredCall, "on_event"),
    "sessions, handed to its writer": (RecordedCall, "on_event"),
    "transcripts, noted": (Scribe, "on_event"),
}
APART = 0.37
"""Seconds between the beginnings of two calls: all of them say the same, and no two are to say it at once."""
HEARD, MOOD, TOLD = "another plugin has it", "another plugin has its mood", "Genesys has it"


class Stopwatch:
    """Notes when each final was emitted, what each stage took, and when it was done."""

    info = PluginInfo(summary="notes times", consumes=(Transcript, Sentiment))

    def __init__(self) -> None:
        self.emitted = dict[str, float]()
        self.cpu: dict[str, list[float]] = defaultdict(list)
        self.wall: dict[str, list[float]] = defaultdict(list)

    @hookimpl
    def filter_event(self, event: Event) -> Event:
        if isinstance(event, Transcript) and event.is_final:
            self.emitted[event.id] = time.perf_counter()
        return event

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Consumer(self)

    def done(self, stage: str, transcript: str, at: float) -> None:
        """Note that a final is there."""
        self.wall[stage].append((at - self.emitted[transcript]) * 1e3)


class _Consumer(SessionHandler):
    def __init__(self, watch: Stopwatch) -> None:
        self.watch = watch

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Transcript) and event.is_final:
            self.watch.done(HEARD, event.id, time.perf_counter())
        elif isinstance(event, Sentiment) and not event.running:
            self.watch.done(MOOD, event.transcript_id, time.perf_counter())


@contextmanager
def watched(watch: Stopwatch) -> Iterator[None]:
    """Have every stage tell what it takes."""
    kept = {stage: vars(owner)[name] for stage, (owner, name) in STAGES.items()}
    for stage, (owner, name) in STAGES.items():
        setattr(owner, name, _timed(stage, kept[stage], watch))
    try:
        yield
    finally:
        for stage, (owner, name) in STAGES.items():
            setattr(owner, name, kept[stage])


def _timed(stage: str, function: Callable[..., Any], watch: Stopwatch) -> Callable[..., Any]:
    def note(arguments: tuple[Any, ...], keywords: Mapping[str, Any], began: float) -> None:
        spent = time.thread_time() - began
        event = next(a for a in (*arguments, *keywords.values()) if isinstance(a, Event))
        if isinstance(event, Transcript) and event.is_final:
            watch.cpu[stage].append(spent * 1e6)
            watch.done(stage, event.id, time.perf_counter())

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def asynchronous(*arguments: Any, **keywords: Any) -> Any:
            began = time.thread_time()
            result = await function(*arguments, **keywords)  # none of them waits for anybody here
            note(arguments, keywords, began)
            return result

        return asynchronous

    @functools.wraps(function)
    def plain(*arguments: Any, **keywords: Any) -> Any:
        began = time.thread_time()
        result = function(*arguments, **keywords)
        note(arguments, keywords, began)
        return result

    return plain


# one run ----------------------------------------------------------------------------------------------


def run(directory: Path, scripts: Sequence[Script], meaning: Sequence[str]) -> Stopwatch:
    """Play all calls at the same time to a server with or without meaning; return what it took."""
    watch = Stopwatch()
    recognition = Speaking(SegmentSettings(speech="energy"), scripts)
    sections: dict[str, Mapping[str, object]] = {
        **{name: {} for name in meaning},
        "sessions": {"url": f"sqlite:///{directory}/sessions.sqlite", "journal": f"{directory}/journal"},
        "recorder": {"directory": str(directory)},
        "transcripts": {"directory": f"{directory}/transcripts"},
    }
    plugins = (watch, recognition, *sections)
    with watched(watch), TracedServer(*plugins, settings=sections, traced=False) as server:
        order = json.dumps([server.url, server.api_key, server.client_secret.hex(), scripts])
        command = [sys.executable, "-m", "speech.measure", "--clients"]
        played = subprocess.run(command, input=order, capture_output=True, text=True, check=True)
    for transcript, at in json.loads(played.stdout):
        watch.done(TOLD, transcript, at)
    missing = len(watch.emitted) - len(watch.wall[TOLD])
    assert not missing, f"{missing} finals never came"
    return watch


def play_clients() -> None:
    """Be all clients; say when each final came."""
    url, api_key, secret, scripts = json.load(sys.stdin)
    server = Other(url, api_key, bytes.fromhex(secret))
    told = asyncio.run(converse(server, [voices(script) for script in scripts], speed=1.0, apart=APART))
    came = [
        (entity["data"]["id"], at)
        for call in told
        for at, message in call.messages
        if message["type"] == "event"
        for entity in message["parameters"]["entities"]
        if entity["data"]["isFinal"]
    ]
    print(json.dumps(came))


class Other:
    """Where a server of another process is."""

    def __init__(self, url: str, api_key: str, client_secret: bytes) -> None:
        self.url = url
        self.api_key = api_key
        self.client_secret = client_secret


# tables -----------------------------------------------------------------------------------------------


def p95(figures: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(figures, n=20)[-1]


def stages(watches: Sequence[Stopwatch]) -> Iterator[str]:
    """Yield the rows of what each stage costs."""
    yield "| a final transcript | CPU µs, median | p95 | most | ms after being emitted, p50 | p95 | longest |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for stage in (*STAGES, HEARD, MOOD, TOLD):
        cpu = [spent for watch in watches for spent in watch.cpu[stage]]
        wall = [after for watch in watches for after in watch.wall[stage]]
        spent = f"{statistics.median(cpu):.0f} | {p95(cpu):.0f} | {max(cpu):.0f}" if cpu else "- | - | -"
        yield f"| {stage} | {spent} | {statistics.median(wall):.2f} | {p95(wall):.2f} | {max(wall):.1f} |"


def added(without: Sequence[Stopwatch], having: Sequence[Stopwatch]) -> Iterator[str]:
    """Yield the rows of what redaction and moods add until Genesys has it."""
    yield "| round | finals | without, ms p50 / p95 | with them, ms p50 / p95 | added p50 / p95 |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    rounds = [(str(number), [a], [b]) for number, (a, b) in enumerate(zip(without, having, strict=True), 1)]
    for name, one, other in (*rounds, ("all", list(without), list(having))):
        before, after = ([at for watch in side for at in watch.wall[TOLD]] for side in (one, other))
        figures = [(statistics.median(side), p95(side)) for side in (before, after)]
        (a, b), (c, d) = figures
        yield (
            f"| {name} | {len(before)} + {len(after)} | {a:.2f} / {b:.2f} | {c:.2f} / {d:.2f} "
            f"| {c - a:+.2f} / {d - b:+.2f} |"
        )


def measure(calls: int, utterances: int, rounds: int) -> None:
    """Print both tables."""
    personal, innocent = seeded(1, calls * utterances)
    texts = [one.text for pair in zip(personal, innocent, strict=True) for one in pair]
    scripts: list[Script] = []
    for start in range(0, 2 * calls * utterances, 2 * utterances):
        mine = texts[start : start + 2 * utterances]
        scripts.append({"external": mine[:utterances], "internal": mine[utterances:]})
    watches: dict[tuple[str, ...], list[Stopwatch]] = {(): [], MEANING: []}
    for _ in range(rounds):
        for meaning, found in watches.items():  # in turn, so that a busy moment hits both
            with tempfile.TemporaryDirectory() as directory:
                found.append(run(Path(directory), scripts, meaning))
    print(f"{calls} calls at once, {rounds} rounds\n")
    print("\n".join(stages(watches[MEANING])))
    print()
    print("\n".join(added(watches[()], watches[MEANING])))


def main() -> None:
    parser = argparse.ArgumentParser(prog="speech.measure", description=__doc__)
    parser.add_argument("--calls", type=int, default=10, help="at once")
    parser.add_argument("--utterances", type=int, default=12, help="of each side of a call")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--audio", action="store_true", help="listen to what recordings have of spoken cards")
    parser.add_argument(
        "--voices", type=Path, default=Path("../.cache/speech/bin/python"), help="the Python of `make speech`"
    )
    asked = parser.parse_args()
    if asked.clients:
        play_clients()
        return
    logging.basicConfig(level="ERROR")
    if asked.audio:
        sys.exit(hear_recordings(asked.voices))
    measure(asked.calls, asked.utterances, asked.rounds)


if __name__ == "__main__":
    main()
