"""What is kept of a call: the last digits of each channel, and what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from audiohook_fw import Transcript

from .finding import Finding
from .languages import Topic
from .recognise import Label, Reading, Run, is_bare
from .timing import Stretch

__all__ = ["CallMemory", "Tail", "goes_on"]

_MAX_CHANNELS: Final = 8
_MAX_TEXT: Final = 160
_MAX_SHOWN: Final = 20
_MAX_AGE: Final = 3
"""Utterances without digits over which a number may go on."""
_TOPIC_AGE: Final = 6
_LEAST_OPEN: Final = 4
_WORDS_AFTER: Final = 8
_WORDS_BEFORE: Final = 6
_YEAR: Final = 4
_NOBODY: Final = "\0"
"""Who is to answer still, once the answer was given."""


@dataclass(slots=True)
class Tail:
    """The run of digits that the utterances of a channel ended with; personal data, so it shows nothing.

    Attributes:
        shown: stretches of call time in which digits of it were said that were let through.
        blind: the last utterance could not be read.
    """

    text: str = field(default="", repr=False)
    label: Label | None = None
    digits: int = 0
    is_bare: bool = False
    age: int = 0
    end: int = 0
    shown: list[Stretch] = field(default_factory=list)
    blind: bool = False


class CallMemory:
    """What is kept of a call, on all channels; bounded, and gone with the call."""

    __slots__ = ("_asked", "_asker", "_tails", "_topic", "_topic_age")

    def __init__(self) -> None:
        self._tails: dict[str, Tail] = {}
        self._topic: Topic | None = None
        self._topic_age = 0
        self._asker = ""
        self._asked = ""

    def __repr__(self) -> str:
        return f"<CallMemory of {len(self._tails)} channels>"

    @property
    def topic(self) -> Topic | None:
        """What was asked for or announced last, on any channel."""
        return self._topic

    def is_asked(self, channel: str) -> bool:
        """Tell whether the other side asked for the topic, or this one began with it and may go on."""
        return self._topic is not None and self._asker != channel and self._asked in ("", channel)

    def tail(self, channel: str, start: int, patience: int) -> Tail | None:
        """Return what the last utterance ended with, unless it is over.

        Args:
            start: where the utterance begins, in samples of call time.
            patience: samples of silence after which a number does not go on.
        """
        tail = self._tails.get(channel)
        return None if tail is None or tail.age > _MAX_AGE or start - tail.end > patience else tail

    def note(
        self,
        event: Transcript,
        reading: Reading,
        shown: list[Stretch],
        findings: Sequence[Finding],
        *,
        is_done: bool,
    ) -> None:
        """Remember what a final transcript was about and which digits it ended with.

        Args:
            shown: when those digits were said that were let through.
            is_done: they end a number that is whole.
        """
        self._note_topic(event.channel, reading)
        if any((finding.kind, finding.rule) == (Topic.EMAIL, "half") for finding in findings):
            self._topic, self._topic_age = Topic.EMAIL, _TOPIC_AGE - _MAX_AGE
            self._asker, self._asked = "", event.channel
        elif any(_is_answer(finding, reading) for finding in findings):
            self._asked = _NOBODY
        self._note_tail(event.channel, reading, event.start + event.length, shown, is_done=is_done)

    def _note_topic(self, channel: str, reading: Reading) -> None:
        """Remember what an utterance asks for or announces; personal data rather than the harmless."""
        before = self._topic
        labels = [label for label in reading.labels if reading.tokens[label.first].start >= reading.own]
        if before is Topic.BIRTH_DATE:  # "and the year?" asks for more of it
            labels = [x for x in labels if reading.tokens[x.first].text not in reading.language.date_parts]
        topics = [label.topic for label in labels]
        personal = [topic for topic in topics if topic is not Topic.HARMLESS]
        if topics:
            self._topic, self._topic_age = (personal or topics)[-1], 0
            self._asker, self._asked = channel, ""
            if (self._topic is Topic.HARMLESS) != (before is Topic.HARMLESS) and before is not None:
                self._tails = {name: tail for name, tail in self._tails.items() if name == channel}
            return
        if any(run.end > reading.own for run in reading.runs) and reading.topic is not None:
            return
        self._topic_age += 1
        if self._topic_age > _TOPIC_AGE:
            self._topic = None

    def _note_tail(
        self, channel: str, reading: Reading, end: int, shown: list[Stretch], *, is_done: bool
    ) -> None:
        """Remember what an utterance ended with."""
        runs = [run for run in reading.runs if run.end > reading.own]
        old = self._tails.get(channel)
        if not runs:
            if old is not None:
                old.age += 1
                old.end = max(old.end, end)
                old.blind = False
            return
        run = runs[-1]
        words = [token for token in reading.tokens if token.start >= run.end and token.form != "mark"]
        if _is_amount(run, reading) or is_done or len(words) > _WORDS_AFTER:
            self._tails.pop(channel, None)
            return
        goes_on = old is not None and run.start < reading.own
        if goes_on and old is not None:
            shown = (old.shown + shown)[-_MAX_SHOWN:]
        bare = is_bare(reading)
        text = reading.text[run.start : run.end][-_MAX_TEXT:]
        self._put(channel, Tail(text, run.label, len(run.digits), bare, 0, end, shown))

    def note_failure(self, channel: str, end: int) -> None:
        """Remember that an utterance could not be read."""
        self._put(channel, Tail(end=end, blind=True))

    def _put(self, channel: str, tail: Tail) -> None:
        self._tails.pop(channel, None)
        self._tails[channel] = tail
        while len(self._tails) > _MAX_CHANNELS:
            del self._tails[next(iter(self._tails))]


def _is_answer(finding: Finding, reading: Reading) -> bool:
    """Tell whether it is a whole mail address, or a date with as many digits as one with a year."""
    if finding.kind == Topic.EMAIL:
        return finding.rule in ("written", "spoken")
    if finding.kind != Topic.BIRTH_DATE or finding.rule == "numeric":
        return finding.kind == Topic.BIRTH_DATE
    return sum(len(run.digits) for run in reading.runs if run.end > reading.own) >= _YEAR


def goes_on(tail: Tail, reading: Reading) -> bool:
    """Tell whether an utterance, read alone, may go on with the digits that the last one ended with."""
    if not tail.text or not reading.runs:
        return False
    run = reading.runs[0]
    before = [
        token
        for token in reading.tokens
        if token.end <= run.start and token.form != "mark" and token.text not in reading.language.fillers
    ]
    begins_anew = run.label is not None and run.label.last < run.pieces[0].first
    if begins_anew or _is_amount(run, reading) or len(before) > _WORDS_BEFORE:
        return False
    bare = is_bare(reading)
    if tail.digits >= _LEAST_OPEN or _is_personal(tail.label) or _is_personal_topic(reading.topic):
        return bare or len(run.digits) > 2
    return bare and tail.is_bare


def _is_amount(run: Run, reading: Reading) -> bool:
    """Tell whether digits are an amount by what is around them; "2000" alone may be a group of a card."""
    return run.is_amount and not is_bare(reading, words=0)


def _is_personal(label: Label | None) -> bool:
    return label is not None and _is_personal_topic(label.topic)


def _is_personal_topic(topic: Topic | None) -> bool:
    return topic is not None and topic is not Topic.HARMLESS
