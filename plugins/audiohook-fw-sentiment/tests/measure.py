"""Measure accuracy and cost: `python tests/measure.py`, with the plugin installed.

Prints Markdown, as in the README: accuracy for the lexicon alone and with the list for call centres, on the
half of utterances.json that the list was tuned on and on the one that was held out; confusion; microseconds.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from audiohook_fw_sentiment import SentimentSettings, Utterance, Vader
from audiohook_fw_sentiment.call import ScoredCall, label
from audiohook_fw_sentiment.engines import Engines
from audiohook_fw_sentiment.lexicon import Lexicon, read
from audiohook_fw_sentiment.rules import compound

from audiohook_fw import Transcript

LABELS: Final = ("negative", "neutral", "positive")
HALVES: Final = ("tuned", "held_out")
THRESHOLD: Final[float] = SentimentSettings.model_fields["threshold"].default
ORIGINAL: Final = 0.05
"""The threshold that VADER's authors use."""


class Labelled(NamedTuple):
    """An utterance and what it means."""

    text: str
    label: str
    kind: str
    half: str


def utterances() -> list[Labelled]:
    """Read the labelled set."""
    file = Path(__file__).with_name("utterances.json")
    return [Labelled(**entry) for entry in json.loads(file.read_text(encoding="utf-8"))]


Score = Callable[[str], float]


def scoring(engine: Vader) -> Score:
    """Return how an engine scores a text."""
    return lambda text: engine.score(Utterance(text, "en", "external"))


def strict_score() -> Score:
    """Return the scoring of a list without each phrase that the held-out half has and the tuned half has not.

    Who wrote the list knew both halves: this takes out whatever that may have brought in.
    """
    lexicon = Lexicon([read("vader"), read("call_centre")])
    used: dict[str, set[str]] = {half: set() for half in HALVES}
    for utterance in utterances():
        used[utterance.half].update(lexicon.terms(utterance.text))
    known = used["held_out"] - used["tuned"]
    listed = {term: weight for term, weight in read("call_centre").items() if term not in known}
    strict = Lexicon([read("vader"), listed])
    return lambda text: compound(strict.terms(text), strict.weights)


def matrix(score: Score, threshold: float, half: str) -> Counter[tuple[str, str]]:
    """Count the utterances of a half by what they mean and what they are called."""
    return Counter(
        (utterance.label, label(score(utterance.text), threshold))
        for utterance in utterances()
        if utterance.half == half
    )


def accuracy(counts: Counter[tuple[str, str]]) -> float:
    """Return the part that is called what it means."""
    return sum(counts[name, name] for name in LABELS) / counts.total()


def configurations() -> list[tuple[str, Score, float]]:
    """Return what is compared: a name, the scoring, the threshold."""
    return [
        ("VADER alone, threshold 0.05", scoring(Vader(call_centre=False)), ORIGINAL),
        ("with the list, as shipped", scoring(Vader()), THRESHOLD),
        ("with the list, without what only the held-out half has", strict_score(), THRESHOLD),
    ]


def summary() -> Iterator[str]:
    """Yield a table of accuracies."""
    yield "| | tuned half | held-out half |"
    yield "|---|---|---|"
    for name, score, threshold in configurations():
        counts = [matrix(score, threshold, half) for half in HALVES]
        cells = (f"{accuracy(c):.1%} ({sum(c[n, n] for n in LABELS)} of {c.total()})" for c in counts)
        yield f"| {name} | {' | '.join(cells)} |"


def confusion(score: Score, threshold: float, half: str) -> Iterator[str]:
    """Yield a confusion matrix as a table."""
    counts = matrix(score, threshold, half)
    yield "| meant ↓ called → | negative | neutral | positive |"
    yield "|---|---|---|---|"
    for meant in LABELS:
        yield f"| {meant} | {' | '.join(str(counts[meant, called]) for called in LABELS)} |"


def by_kind() -> Iterator[str]:
    """Yield what the shipped configuration gets right of the held-out half, by kind."""
    score = scoring(Vader())
    yield "| kind | right |"
    yield "|---|---|"
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for utterance in utterances():
        if utterance.half == "held_out":
            kind = f"{utterance.label}: {utterance.kind}"
            total[kind] += 1
            right[kind] += label(score(utterance.text), THRESHOLD) == utterance.label
    for kind, number in total.items():
        yield f"| {kind} | {right[kind]} of {number} |"


def costs(texts: Sequence[str], rounds: int = 20) -> tuple[float, float]:
    """Return microseconds of CPU per utterance, medians: of the engine, of the hook with both events."""
    settings = SentimentSettings()
    engines = Engines(settings)
    asyncio.run(engines.start())
    call: Any = ScoredCall(_Nobody(), settings, engines)  # type: ignore[arg-type]
    said = [Transcript(channel="external", text=text, start=0, length=16_000) for text in texts]
    score = scoring(Vader())

    async def hear() -> None:
        for transcript in said:
            await call.on_event(transcript)

    def timed(work: Callable[[], object]) -> float:
        begun = time.process_time()
        work()
        return (time.process_time() - begun) / len(texts) * 1e6

    with asyncio.Runner() as runner:
        whole = statistics.median(timed(lambda: runner.run(hear())) for _ in range(rounds))
    return statistics.median(timed(lambda: [score(text) for text in texts]) for _ in range(rounds)), whole


class _Nobody:
    """A session whose events go nowhere."""

    language = "en-US"
    media = None

    def emit(self, event: object) -> None: ...

    async def run_blocking(self, *_: object) -> None: ...


def main() -> None:
    """Print it all."""
    print("\n".join(summary()))
    for name, score, threshold in configurations()[:2]:
        print(f"\nHeld-out half, {name}:\n\n" + "\n".join(confusion(score, threshold, "held_out")))
    print("\n" + "\n".join(by_kind()))
    engine, whole = costs([utterance.text for utterance in utterances()])
    print(f"\nCPU per utterance: {engine:.0f} µs for the score, {whole:.0f} µs with both events")


if __name__ == "__main__":
    main()
