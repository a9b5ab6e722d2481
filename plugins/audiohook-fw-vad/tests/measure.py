"""How good the engines are on the speech set, and what they cost: the figures of docs/benchmarks.md.

`make speech`, then `.venv/bin/python plugins/audiohook-fw-vad/tests/measure.py [--calls N] [--seconds S]`.
Each call of the set is played to the whole plugin in virtual time. Then N calls are played at once, in real
time, to a server: `--calls 0` leaves that out. `--begin N` does nothing but to begin N calls in one second.
"""

from __future__ import annotations

import argparse
import base64
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests"))

from audiohook_fw_vad import Conversation, Vad  # noqa: E402
from speech.mixing import VARIANTS  # noqa: E402
from speech.scoring import VadScore, percentile  # noqa: E402
from speech.truth import MEDIA, RATE, Speech, read_set  # noqa: E402

from audiohook_fw import AudioFrame, Event, PluginInfo, Session, SpeechEnded, hookimpl  # noqa: E402
from audiohook_fw.testing import CallDriver, ServerThread  # noqa: E402

ENGINES = ("silero", "webrtc")


class Nothing:
    """Takes the audio, as a plugin that costs nothing."""

    @hookimpl
    async def on_audio(self, session: Session, frame: AudioFrame) -> None:
        """Decode, as everybody has to."""
        _ = frame.samples


def play(plugin: object, speech: Speech, settings: dict[str, Any] | None = None) -> tuple[float, list[Event]]:
    """Play a file; return CPU seconds, all threads included, and what was emitted."""
    samples = speech.audio().samples
    with CallDriver(plugin, settings=settings) as call:
        call.open()
        before = time.process_time()
        call.audio(samples)
        call.close()
        return time.process_time() - before, list(call.emitted)


def score(engine: str, variant: str) -> tuple[VadScore, float, float]:
    """Return how good an engine is on a variant, CPU seconds and call seconds."""
    result, cpu, length = VadScore(), 0.0, 0
    for speech in read_set(variant=variant):
        spent, events = play(Vad, speech, {"engine": engine})
        cpu += spent
        length += speech.length
        for channel in MEDIA.channels:
            ended = [e for e in events if isinstance(e, SpeechEnded) and e.channel == channel]
            found = [(event.start, event.start + event.length) for event in ended]
            truth = [(utterance.start, utterance.end) for utterance in speech.of(channel)]
            result.add(truth, found, speech.length)
    return result, cpu, length / RATE


def quality() -> Iterator[str]:
    """Yield the table of recall, precision and boundaries, then that of CPU."""
    head = ("engine", "speech", "recall", "precision", "within 0.3 s", "missed / split / joined / false")
    yield f"| {' | '.join((*head, 'onset p50 / p95', 'end p50 / p95'))} |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    costs = {}
    for engine in ENGINES:
        for variant in VARIANTS:
            result, cpu, seconds = score(engine, variant)
            costs[engine, variant] = cpu / seconds
            counts = f"{result.missed} / {result.split} / {result.joined} / {result.false_segments}"
            onset, end = (
                f"{percentile(errors, 50):.2f} / {percentile(errors, 95):.2f} s"
                for errors in (result.onsets, result.ends)
            )
            yield (
                f"| {engine} | {variant} | {result.recall:.3f} | {result.precision:.3f} |"
                f" {result.close:.3f} | {counts} of {result.utterances} | {onset} | {end} |"
            )
    clean = list(read_set(variant="clean"))
    seconds = sum(speech.length for speech in clean) / RATE
    nothing = sum(play(Nothing, speech)[0] for speech in clean) / seconds
    yield ""
    yield "| engine | CPU ms per call-second, two channels |"
    yield "| --- | ---: |"
    for engine in ENGINES:
        mean = sum(costs[engine, variant] for variant in VARIANTS) / len(VARIANTS)
        yield f"| {engine} | {(mean - nothing) * 1000:.1f} |"


@dataclass(eq=False)
class Delays:
    """How late `SpeechEnded` comes: after the audio that made it known, in real time."""

    min_silence: float = 0.3
    seconds: list[float] = field(default_factory=list)
    begun: dict[str, float] = field(default_factory=dict)
    info = PluginInfo(consumes=(SpeechEnded,))

    @hookimpl
    def on_opened(self, session: Session) -> None:
        """Note when call time began; clients send in real time."""
        self.begun[session.id] = time.monotonic()

    @hookimpl
    def on_event(self, session: Session, event: Event) -> None:
        """Note how late an end is told: what belongs to the rules, min_silence, is no delay."""
        if isinstance(event, SpeechEnded):
            known = (event.start + event.length) / RATE + self.min_silence
            self.seconds.append(time.monotonic() - self.begun[session.id] - known)


def at_once(engine: str, calls: int, seconds: float) -> str:
    """Play so many calls in real time, from another process; return a row: delays, and CPU of the server."""
    delays = Delays()
    wav = next(iter(read_set(variant="white15"))).wav
    with ServerThread(Vad, delays, settings={"vad": {"engine": engine}}) as server:
        before = time.process_time()
        _simulate(server, wav, seconds, calls)
        cpu = time.process_time() - before
    late = " / ".join(f"{percentile(delays.seconds, p) * 1000:.0f}" for p in (50, 95, 100))
    return f"| {engine} | {calls} | {len(delays.seconds)} | {late} | {cpu / seconds / calls * 1000:.1f} |"


@dataclass(eq=False)
class Ends:
    """How late the end of a call is: from its last audio to what is summed up then."""

    seconds: list[float] = field(default_factory=list)
    last: dict[str, float] = field(default_factory=dict)
    info = PluginInfo(consumes=(Conversation,))

    @hookimpl
    def on_audio(self, session: Session, frame: AudioFrame) -> None:
        """Note when audio came."""
        self.last[session.id] = time.monotonic()

    @hookimpl
    def on_event(self, session: Session, event: Event) -> None:
        """Note how much later all of it was judged."""
        self.seconds.append(time.monotonic() - self.last[session.id])


def begin(engine: str, calls: int, seconds: float) -> str:
    """Begin so many calls in one second, each so long; return a row: delays, memory and CPU of the server."""
    ends = Ends()
    wav = next(iter(read_set(variant="white15"))).wav
    with ServerThread(Vad, ends, settings={"vad": {"engine": engine}}) as server:
        before, memory = time.process_time(), resident()
        most = _simulate(server, wav, seconds, calls, rate=calls)
        cpu = time.process_time() - before
    late = " / ".join(f"{percentile(ends.seconds, p) * 1000:.0f}" for p in (50, 95, 100))
    return f"| {engine} | {calls} | {len(ends.seconds)} | {late} | {most - memory:.0f} | {cpu:.2f} |"


def resident() -> float:
    """Return how much memory this process has, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _simulate(server: ServerThread, wav: Path, seconds: float, calls: int, rate: float = 10) -> float:
    """Play calls from another process; return the most memory that this one had meanwhile, in MB."""
    secret = base64.b64encode(server.secret).decode()
    client = [sys.executable, "-m", "audiohook_fw", "simulate", server.url, "--api-key", server.api_key]
    client += ["--secret", secret, "--wav", str(wav), "--duration", str(seconds)]
    client += ["--calls", str(calls), "--rate", str(rate)]
    with subprocess.Popen(client, stdout=subprocess.DEVNULL) as process:
        most = resident()
        while process.poll() is None:
            most = max(most, resident())
            time.sleep(0.05)
    if process.returncode:
        raise SystemExit("a call did not end as it should")
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the plugin vad.")
    parser.add_argument("--calls", type=int, default=20, help="calls at once, in real time; 0 for none")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of these")
    parser.add_argument("--begin", type=int, default=0, help="only begin so many calls in one second")
    parser.add_argument("--only-calls", action="store_true", help="leave out how good the engines are")
    arguments = parser.parse_args()
    if arguments.begin:
        print("| engine | calls | ended | end late, ms p50 / p95 / max | MB more at most | CPU seconds |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for engine in ENGINES:
            print(begin(engine, arguments.begin, min(arguments.seconds, 3.0)), flush=True)
        return
    for line in quality() if not arguments.only_calls else ():
        print(line, flush=True)
    if arguments.calls:
        print("\n| engine | calls at once | ends told | late, ms p50 / p95 / max | CPU ms per call-second |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for engine in ENGINES:
            print(at_once(engine, arguments.calls, arguments.seconds), flush=True)


if __name__ == "__main__":
    main()
