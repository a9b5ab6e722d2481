"""`Redactor`: one transcript in, the same without personal data out; it fails closed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from audiohook_fw import Transcript, Word

from .cutting import Cut, Place, align, cut_text, cut_words
from .events import Redacted
from .finding import Finding, Recogniser, UnreadableError, merged
from .languages import language_for
from .memory import CallMemory, Tail, goes_on
from .patterns import Patterns
from .recognise import Folded, Reading, find_all, fold, luhn, read
from .settings import Kind, RedactSettings
from .timing import Stretch, Timing

__all__ = ["FAILED", "Outcome", "Redactor"]

logger = logging.getLogger(__name__)

FAILED: Final = "redacted"
"""The kind of a text that went as a whole, since it could not be read."""

_JOINT: Final = " "
_USUAL: Final = 16
"""Digits of most cards."""
_FIFTEEN: Final = ("34", "37")
"""What those of fifteen begin with."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a transcript.

    Attributes:
        event: the transcript without personal data.
        findings: what went, and why; places in the text as it was.
        spans: when it was said; none for an interim.
    """

    event: Transcript
    findings: tuple[Finding, ...] = ()
    spans: tuple[Redacted, ...] = ()


class Redactor:
    """Takes personal data out of transcripts; one for all calls.

    Attributes:
        failures: texts that went as a whole, since a recogniser failed.
    """

    def __init__(self, settings: RedactSettings, recognisers: Sequence[Recogniser] = ()) -> None:
        self._settings = settings
        self._patterns = Patterns(settings.patterns, settings.pattern_timeout)
        self._recognisers = tuple(recognisers)
        self._kinds = {*settings.kinds, *settings.patterns, *(r.kind for r in recognisers)}
        self.found: dict[str, int] = {}
        self.failures = 0

    def redact(
        self, event: Transcript, memory: CallMemory, *, rate: int = 8000, language: str = ""
    ) -> Outcome:
        """Return a transcript without personal data; remember what it ended with, if it is final.

        Args:
            rate: samples per second of call time.
            language: of the call, for a transcript that does not say.
        """
        try:
            outcome = self._redact(event, memory, rate, event.language or language)
        except Exception as error:  # whatever a recogniser raises, its text must not get out
            problem = error if isinstance(error, UnreadableError) else type(error).__name__
            logger.error("a text could not be read (%s) and went as a whole", problem)
            outcome = self._whole(event, memory, rate)
        if event.is_final:
            for finding in outcome.findings:
                self.found[finding.kind] = self.found.get(finding.kind, 0) + 1
        return outcome

    def _redact(self, event: Transcript, memory: CallMemory, rate: int, tag: str) -> Outcome:
        longest = self._settings.max_length
        if len(event.text) > longest or sum(len(word.text) + 1 for word in event.words) > 2 * longest:
            raise UnreadableError("it is longer than max_length")
        tail = memory.tail(event.channel, event.start, int(self._settings.memory * rate))
        folded = fold(event.text)
        reading = self._read(folded.text, tag, event.channel, memory, tail)
        blind = tail is not None and tail.blind
        every = merged(
            f
            for f in find_all(reading, interim=not event.is_final, blind=blind)
            if f.kind in self._kinds and f.end > reading.own
        )
        own = [_placed(finding, folded) for finding in _moved(every, reading)]
        findings = _checked(merged((*own, *self._extra(event.text, folded, tag))), event.text)
        places = align(event.text, event.words) if event.words else None
        if event.words and places is None and not findings and self._finds_in_words(event, memory, tag, tail):
            raise UnreadableError("personal data is in the words and not in the text")
        cuts = [Cut(f.start, f.end, self._replacement(f, reading, folded)) for f in findings]
        redacted = _cut(event, places, cuts) if cuts else event
        if not event.is_final:
            return Outcome(redacted, tuple(findings))
        timing = Timing(event, places, int(self._settings.margin * rate))
        spans = [_span(event, f.kind, timing.of((f.start, f.end))) for f in findings]
        if tail is not None and any(f.start < reading.own for f in every):
            spans += [_span(event, every[0].kind, stretch) for stretch in tail.shown]
            tail.shown = []
        let_through = _let_through(findings, reading, folded)
        shown = [] if let_through is None else [timing.of(let_through)]
        memory.note(event, reading, shown, every, is_done=_is_done(reading, every))
        return Outcome(redacted, tuple(findings), tuple(spans))

    def _read(self, text: str, tag: str, channel: str, memory: CallMemory, tail: Tail | None) -> Reading:
        """Read a text, behind what the last one ended with if it goes on with that."""
        language = language_for(tag, self._settings.languages)
        topic, asked = memory.topic, memory.is_asked(channel)
        reading = read(text, language, topic=topic, is_asked=asked)
        if tail is None or not goes_on(tail, reading):
            return reading
        before = tail.text + _JOINT
        return read(before + text, language, own=len(before), topic=topic, begun=tail.label, is_asked=asked)

    def _extra(self, text: str, folded: Folded, language: str) -> list[Finding]:
        """Return what others find: in the text as it is, and in plain characters where those differ."""
        found = self._found_by_others(text, language)
        if folded.text != text:
            found += (_placed(f, folded) for f in self._found_by_others(folded.text, language))
        return found

    def _found_by_others(self, text: str, language: str) -> list[Finding]:
        found = [*self._patterns.find(text)]
        for recogniser in self._recognisers:
            kind = recogniser.kind
            try:
                found += (replace(f, kind=kind) for f in _checked([*recogniser.find(text, language)], text))
            except UnreadableError as error:
                raise UnreadableError(f"the recogniser of {kind} {error}") from None
            except Exception as error:  # whatever it raises; what it says may quote people
                problem = f"the recogniser of {kind} raised {type(error).__name__}"
                raise UnreadableError(problem) from None
        return found

    def _finds_in_words(self, event: Transcript, memory: CallMemory, tag: str, tail: Tail | None) -> bool:
        text = " ".join(word.text for word in event.words)
        folded = fold(text)
        reading = self._read(folded.text, tag, event.channel, memory, tail)
        found = [*find_all(reading, interim=not event.is_final), *self._extra(text, folded, tag)]
        return any(f.kind in self._kinds for f in found)

    def _replacement(self, finding: Finding, reading: Reading, folded: Folded) -> str:
        kept = self._kept(finding, reading, folded)
        if self._settings.style == "stars":
            return f"****{kept}"
        return f"[{finding.kind} {kept}]" if kept else f"[{finding.kind}]"

    def _kept(self, finding: Finding, reading: Reading, folded: Folded) -> str:
        """Return the last digits of a card that is whole and of this text alone; never of anything else."""
        last = self._settings.keep_last
        if (
            not last
            or finding.kind != Kind.CARD
            or finding.rule != "luhn"
            or finding.start == 0 < reading.own
        ):
            return ""
        inside = []
        for piece in reading.pieces:
            if piece.is_digits and piece.start >= reading.own:
                start, end = folded.original(piece.start - reading.own, piece.end - reading.own)
                inside += [piece] if finding.start <= start and end <= finding.end else []
        for digits in ("".join(p.chars for p in inside), "".join(p.other for p in inside)):
            if 13 <= len(digits) <= 19 and luhn(digits):
                return digits[-last:]
        return ""

    def _whole(self, event: Transcript, memory: CallMemory, rate: int) -> Outcome:
        self.failures += 1
        text = "****" if self._settings.style == "stars" else f"[{FAILED}]"
        words: tuple[Word, ...] = ()
        if event.words:
            words = (Word(text=text, start=event.start, length=event.length, confidence=event.confidence),)
        redacted = event.model_copy(update={"text": text, "words": words})
        finding = Finding(FAILED, "failed", 0, len(event.text))
        if not event.is_final:
            return Outcome(redacted, (finding,))
        memory.note_failure(event.channel, event.start + event.length)
        margin = int(self._settings.margin * rate)
        stretch = max(0, event.start - margin), event.start + event.length + margin
        return Outcome(redacted, (finding,), (_span(event, FAILED, stretch),))


def _moved(findings: Sequence[Finding], reading: Reading) -> list[Finding]:
    """Return the part of findings that is of the utterance itself, as places in its text."""
    own = reading.own
    begins = next((piece.start for piece in reading.pieces if piece.is_digits and piece.start >= own), own)
    return [
        replace(f, start=(f.start if f.start >= own else min(begins, f.end - 1)) - own, end=f.end - own)
        for f in findings
    ]


def _let_through(findings: Sequence[Finding], reading: Reading, folded: Folded) -> Place | None:
    """Return the place of the digits at the end, if they are let through."""
    if not reading.runs or reading.runs[-1].end <= reading.own:
        return None
    run = reading.runs[-1]
    start, end = folded.original(max(0, run.start - reading.own), run.end - reading.own)
    return None if any(f.start <= start and f.end >= end for f in findings) else (start, end)


def _placed(finding: Finding, folded: Folded) -> Finding:
    """Return a finding with its place in the text as it came."""
    start, end = folded.original(finding.start, finding.end)
    return replace(finding, start=start, end=end)


def _is_done(reading: Reading, findings: Sequence[Finding]) -> bool:
    """Tell whether a text ends with a card of the usual length; a shorter one may be part of a longer one."""
    last = reading.runs[-1].end if reading.runs else -1
    for finding in findings:
        if finding.rule == "luhn" and finding.end == last:
            inside = [p for p in reading.pieces if p.is_digits and finding.start <= p.start < finding.end]
            digits = "".join(piece.chars for piece in inside)
            return len(digits) >= _USUAL or (len(digits) == _USUAL - 1 and digits[:2] in _FIFTEEN)
    return False


def _checked(findings: list[Finding], text: str) -> list[Finding]:
    if any(not 0 <= f.start < f.end <= len(text) for f in findings):
        raise UnreadableError("told of a place that is not in the text")
    return findings


def _cut(event: Transcript, places: Sequence[Place] | None, cuts: Sequence[Cut]) -> Transcript:
    text = cut_text(event.text, cuts)
    words = cut_words(event.text, event.words, places, cuts) if places else ()
    return event.model_copy(update={"text": text, "words": words})


def _span(event: Transcript, kind: str, stretch: Stretch) -> Redacted:
    start, end = stretch
    return Redacted(channel=event.channel, kind=kind, start=start, length=end - start, transcript_id=event.id)
