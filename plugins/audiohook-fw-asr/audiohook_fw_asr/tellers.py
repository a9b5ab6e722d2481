"""`SpeechTellers`: whether other plugins tell speech from silence, as one channel of a call sees it."""

from __future__ import annotations

import logging
from typing import Any, Final

from audiohook_fw import Session, SpeechEnded

from .recognition import Recognition
from .settings import SegmentSettings

__all__ = ["SpeechTellers"]

logger = logging.getLogger(__name__)


class SpeechTellers:
    """Knows who tells speech: as it is configured, or else as events come, or come no more.

    What one call finds out holds for the next ones. But plugins may be shut out of single calls, so it also
    counts who is there in this one.
    """

    def __init__(self, session: Session, recognition: Recognition[Any, SegmentSettings]) -> None:
        self._session: Final = session
        self._recognition: Final = recognition
        self._is_open: Final = recognition.settings.speech == "auto"
        if not self._is_open:
            recognition.speech_events = recognition.settings.speech == "events"
        self._are_there = bool(session.who_emits(SpeechEnded))
        self._have_told = False
        self._are_lost = self._are_silent = False

    @property
    def tell(self) -> bool | None:
        """Whether they do; `None` while that is not known."""
        known = self._recognition.speech_events
        if not self._is_open or not known:
            return known
        if self._are_lost or self._are_silent:
            return False
        return True if self._are_there or self._have_told else None

    def told(self) -> None:
        """Note that one did."""
        self._have_told = True
        self._are_silent = False
        self._recognition.speech_events = True

    def left(self) -> bool:
        """Return `True` once: when those who told speech in this call can do so no more."""
        if not self._are_there or self._session.who_emits(SpeechEnded):
            return False
        self._are_lost = self._is_open and self.tell is True
        self._are_there = False
        if self._are_lost:
            logger.info("no plugin tells speech from silence any more: recognition goes by the audio's level")
        return self._are_lost

    def kept_silent(self) -> None:
        """Note that there was speech, of which nobody told."""
        if self._recognition.speech_events is None:
            self._recognition.speech_events = False
        self._are_silent = True
        logger.info(
            "no plugin tells speech from silence, so recognition goes by the level of the audio;"
            " audiohook-fw-vad does it better"
        )
