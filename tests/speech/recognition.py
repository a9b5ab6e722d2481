"""How well and how fast a plugin transcribes the speech set, in real time: what each `measure.py` shares.

Calls are played over sockets to a server of this process, and each utterance is followed from the moment its
last sample is sent to the moment its final transcript reaches another plugin.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from audiohook_fw_asr import SpeechRecognition

from audiohook_fw import AudioFrame, Event, PluginInfo, Session, SessionHandler, Transcript, hookimpl
from audiohook_fw.client import AudioSource, CallOptions, run_call
from audiohook_fw.testing import ServerThread

from .truth import RATE, SET, Speech, Utterance, read_set
from .words import WordScore

Final = tuple[Transcript, float]
"""A final transcript, and when it came, in seconds of the process's clock."""


@dataclass(slots=True)
class Followed:
    """What came of a call: when its audio came (ends of frames), and its finals."""

    frames: list[tuple[int, float]] = field(default_factory=list)
    finals: list[Final] = field(default_factory=list)
    interims: int = 0

    def sent(self, sample: int) -> float:
        """Return when a sample was spoken: a frame comes when its last one is."""
        end, at = next((frame for frame in self.frames if frame[0] >= sample), self.frames[-1])
        return at - (end - sample) / RATE


class Follower:
    """A plugin that takes what the one that is measured emits."""

    info = PluginInfo(summary="Follows calls", consumes=(Transcript,))

    def __init__(self) -> None:
        self.calls: dict[str, Followed] = {}

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Follow(self.calls.setdefault(str(session.conversation_id), Followed()))


class _Follow(SessionHandler):
    def __init__(self, call: Followed) -> None:
        self.call = call

    def on_audio(self, frame: AudioFrame) -> None:
        self.call.frames.append((frame.end, time.perf_counter()))

    def on_event(self, event: Event) -> None:
        if isinstance(event, Transcript) and event.is_final:
            self.call.finals.append((event, time.perf_counter()))
        elif isinstance(event, Transcript):
            self.call.interims += 1


@dataclass(slots=True)
class Measured:
    """What came of all calls; times in seconds.

    Attributes:
        scores: word error rates by kind of voice.
        missed: utterances without a final. stray: finals where nobody spoke.
        children: CPU of the processes that this one has started. rest: of this one: server, plugins, clients.
        dropped: seconds of audio that were never recognised.
    """

    scores: dict[str, WordScore] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    utterances: int = 0
    missed: int = 0
    stray: int = 0
    interims: int = 0
    length: float = 0.0
    took: float = 0.0
    children: float = 0.0
    rest: float = 0.0
    dropped: float = 0.0

    def add(self, call: Followed, speech: Speech) -> None:
        """Judge a call by its truth."""
        self.interims += call.interims
        self.length += speech.length / RATE
        for channel in ("external", "internal"):
            finals = [(event, at) for event, at in call.finals if event.channel == channel]
            for spoken, heard in clusters(speech.of(channel), finals):
                if not spoken:
                    self.stray += 1
                    continue
                truth = " ".join(utterance.text for utterance in spoken)
                text = " ".join(event.text for event, _ in heard)
                self.scores.setdefault(spoken[0].kind, WordScore()).add(truth, text)
                self.utterances += len(spoken)
                self.missed += 0 if heard else len(spoken)
                if heard:
                    self.latencies.append(heard[-1][1] - call.sent(spoken[-1].end))

    def tell(self) -> None:
        """Print latency and cost."""
        marks = np.percentile(self.latencies, [50, 95, 99, 100])
        print(
            "end of speech to final, s: p50 {:.2f}, p95 {:.2f}, p99 {:.2f}, longest {:.2f}".format(*marks)
            + f" ({len(self.latencies)} finals); {self.interims} interims; {self.missed} of {self.utterances}"
            f" utterances missed, {self.stray} finals where nobody spoke\n"
            f"{self.length:.0f} call-seconds in {self.took:.0f} s; CPU seconds a call-second: other processes"
            f" {self.children / self.length:.3f}, this one (server, plugins, clients)"
            f" {self.rest / self.length:.4f}\ndropped: {self.dropped:.1f} s of speech"
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `chosen` and `measure` need."""
    parser.add_argument("--set", type=Path, default=SET, help="the speech set")
    parser.add_argument("--variant", default="clean", help="clean, white15, white5, babble15, babble5")
    parser.add_argument("--files", type=int, default=1000, help="so many files at most")
    parser.add_argument("--at-once", type=int, default=2, help="calls at once")
    parser.add_argument("--no-interims", dest="interims", action="store_false")


def chosen(arguments: argparse.Namespace) -> list[Speech]:
    """Return the files that are to be played."""
    return list(read_set(arguments.set, arguments.variant))[: arguments.files]


def measure(
    plugin: SpeechRecognition, files: Sequence[Speech], *, at_once: int, others: Sequence[str] = ()
) -> Measured:
    """Play calls in real time, so many at once, to a plugin and others (entry points). Blocks."""
    measured, follower = Measured(), Follower()
    with ServerThread(*others, plugin, follower) as server:
        children, rest, begun = cpu_of_children(), time.process_time(), time.perf_counter()
        played = asyncio.run(_play_all(files, at_once, server))
        measured.took = time.perf_counter() - begun
        measured.rest = time.process_time() - rest
        measured.children = cpu_of_children() - children
    for conversation, speech in played:
        measured.add(follower.calls[conversation], speech)
    measured.dropped = plugin._recognition.totals.dropped / RATE
    return measured


async def _play_all(files: Sequence[Speech], at_once: int, server: ServerThread) -> list[tuple[str, Speech]]:
    played = []
    queue = list(files)
    while len(queue) < at_once:
        queue += files  # a call may be played twice at once

    async def player(delay: float) -> None:
        await asyncio.sleep(delay)  # calls do not begin together
        while queue:
            speech, conversation = queue.pop(0), str(uuid4())
            played.append((conversation, speech))
            options = CallOptions(
                url=server.url,
                api_key=server.api_key,
                secret=server.secret,
                conversation=conversation,
                language="en-US",
                source=AudioSource.wav(speech.wav),
                duration=speech.length / RATE + 1,
            )
            await run_call(options)

    await asyncio.gather(*(player(number * 0.37) for number in range(at_once)))
    return played


def cpu_of_children() -> float:
    """Return the CPU seconds of all processes that this one has started: those that live, and that ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    tasks = Path("/proc/self/task").glob("*/children")
    alive = sum(_cpu(int(pid)) for path in tasks for pid in path.read_text().split())
    return ended.ru_utime + ended.ru_stime + alive


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def clusters(
    spoken: Sequence[Utterance], heard: Sequence[Final]
) -> list[tuple[list[Utterance], list[Final]]]:
    """Put together what overlaps: an utterance may come in several finals, and several in one."""
    spans: list[tuple[int, int, Any]] = [(u.start, u.end, u) for u in spoken]
    spans += [(e.start, e.start + e.length, (e, at)) for e, at in heard]
    found: list[tuple[list[Utterance], list[Final]]] = []
    reach = -1
    for start, end, what in sorted(spans, key=lambda span: span[:2]):
        if start >= reach:
            found.append(([], []))
        reach = max(reach, end)
        found[-1][isinstance(what, tuple)].append(what)
    return found


def tell_words(scores: Mapping[str, WordScore]) -> None:
    """Print word error rates by kind of voice."""
    lines: Iterable[tuple[str, WordScore]] = sorted(scores.items())
    for kind, score in lines:
        print(f"{kind}: word error rate {100 * score.rate:.1f} % of {score.words} words")
