"""Measure recall, precision and cost: `python tests/measure.py [--seed 1] [--count 500] [--misses]`."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field

from audiohook_fw_redact.memory import CallMemory
from audiohook_fw_redact.redactor import Redactor
from audiohook_fw_redact.settings import RedactSettings
from utterances import Seeded, generate

from audiohook_fw import Transcript

SEED = 1
COUNT = 500


@dataclass
class Figures:
    """What came of the utterances; an utterance counts as found when nothing of its value is left."""

    asked: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    innocent: int = 0
    spoilt: int = 0
    misses: list[tuple[Seeded, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def recall(self, kind: str = "") -> float:
        """Return the share of personal data that went."""
        asked = self.asked[kind] if kind else self.asked.total()
        return (self.found[kind] if kind else self.found.total()) / asked

    @property
    def precision(self) -> float:
        """Return the share of redacted utterances in which there was personal data."""
        return self.found.total() / (self.found.total() + self.spoilt)


def measure(seed: int = SEED, count: int = COUNT) -> Figures:
    """Redact all utterances, each in a call of its own."""
    redactor = Redactor(RedactSettings())
    figures = Figures()
    for said in generate(seed, count):
        event = Transcript(channel="external", text=said.text, start=0, length=16_000)
        began = time.thread_time()
        outcome = redactor.redact(event, CallMemory())
        figures.seconds.append(time.thread_time() - began)
        assert not redactor.failures  # what goes since it could not be read was not found
        _count(figures, said, outcome.event.text)
    return figures


def _count(figures: Figures, said: Seeded, left: str) -> None:
    kind = said.kind.strip()
    if not kind:
        figures.innocent += 1
        if left != said.text:
            figures.spoilt += 1
            figures.misses.append((said, left))
        return
    figures.asked[kind] += 1
    if is_gone(said, left):
        figures.found[kind] += 1
    else:
        figures.misses.append((said, left))


def is_gone(said: Seeded, left: str) -> bool:
    """Tell whether what is left of an utterance is nothing but the words around its value."""
    before, _, after = said.text.partition(said.value)
    start, end = before.rstrip(" ,("), after.lstrip(" ,.)?")
    if not left.startswith(start[: len(left)]) and not start.startswith(left.partition("[")[0]):
        return False
    rest = left.removeprefix(start).removesuffix(end) if end else left.removeprefix(start)
    inside = rest.partition("[")[0] + rest.rpartition("]")[2]
    return (
        "[" in left
        and said.secret not in left
        and not [part for part in inside.split() if part.strip(" ,.?()+-") not in ("", "the")]
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--misses", action="store_true", help="show what was missed or spoilt")
    parser.add_argument("--json", action="store_true", help="only the figures, for programs")
    asked = parser.parse_args()
    figures = measure(asked.seed, asked.count)
    if asked.json:
        recall = {kind: figures.recall(kind) for kind in figures.asked}
        print(json.dumps({"recall": figures.recall(), "precision": figures.precision, "kinds": recall}))
        return
    for kind in sorted(figures.asked):
        print(f"recall {kind}: {figures.recall(kind):.3f} of {figures.asked[kind]}")
    print(f"recall of all: {figures.recall():.3f} of {figures.asked.total()}")
    print(f"innocent utterances that were changed: {figures.spoilt} of {figures.innocent}")
    print(f"precision: {figures.precision:.3f}")
    micro = [seconds * 1e6 for seconds in figures.seconds]
    p95 = statistics.quantiles(micro, n=20)[-1]
    print(f"µs per utterance: median {statistics.median(micro):.0f}, p95 {p95:.0f}, most {max(micro):.0f}")
    for said, left in figures.misses if asked.misses else ():
        print(f"{said.kind or 'innocent'}: {said.text!r} -> {left!r}")


if __name__ == "__main__":
    main()
