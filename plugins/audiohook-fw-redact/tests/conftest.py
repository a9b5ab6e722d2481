"""Texts and calls that are redacted; test modules cannot import this one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from audiohook_fw_redact import RedactSettings
from audiohook_fw_redact.memory import CallMemory
from audiohook_fw_redact.redactor import Outcome, Redactor

from audiohook_fw import Transcript, Word


class Talk:
    """One call: utterances come one after the other, a second apart."""

    def __init__(self, recognisers: Sequence[Any] = (), **settings: Any) -> None:
        self.redactor = Redactor(RedactSettings(**settings), recognisers)
        self.memory = CallMemory()
        self.at = 0

    def hear(self, text: str, *, channel: str = "external", words: bool = False, **fields: Any) -> Outcome:
        """Redact an utterance; each word takes a quarter of a second."""
        said = text.split()
        length = 2000 * len(said)
        timed = tuple(Word(text=w, start=self.at + 2000 * n, length=2000) for n, w in enumerate(said))
        event = Transcript(
            channel=channel, text=text, start=self.at, length=length, words=timed if words else (), **fields
        )
        if event.is_final:
            self.at += length + 8000
        return self.redactor.redact(event, self.memory)

    def left(self, text: str, **fields: Any) -> str:
        """Return what is left of an utterance."""
        return self.hear(text, **fields).event.text


@pytest.fixture
def new_talk() -> Callable[..., Talk]:
    return Talk


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def left() -> Callable[..., str]:
    """Redact one utterance as the only one of its call."""

    def redact(text: str, **settings: Any) -> str:
        return Talk(**settings).left(text)

    return redact


@pytest.fixture
def found() -> Callable[..., list[tuple[str, str, str]]]:
    """Return kind, rule and value of all that is found in an utterance."""

    def find(text: str, **settings: Any) -> list[tuple[str, str, str]]:
        outcome = Talk(**settings).hear(text)
        return [(f.kind, f.rule, text[f.start : f.end]) for f in outcome.findings]

    return find
