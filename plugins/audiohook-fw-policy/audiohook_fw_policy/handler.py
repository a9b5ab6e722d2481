"""One accepted call: counts it, and decides again while it waits for its queue or is kept paused."""

from __future__ import annotations

import asyncio

from audiohook_fw import (
    CloseReason,
    ContextChanged,
    Event,
    Session,
    SessionClosedError,
    SessionHandler,
    SessionSummary,
    Update,
)

from .active import ActiveCalls
from .asking import facts_of
from .notes import Notes
from .outcome import Action, Cause, Decided, Outcome, Waiting
from .rules import FAILURE, RuleSet

__all__ = ["Opened", "PolicyHandler"]

_QUEUE = frozenset({"queue_id", "queue_name", "lookup"})


class Opened:
    """A call that was let in without a last word: what its handler begins with.

    Attributes:
        rules: that it was asked about, and will be: a reload does not reach it.
        said: what they said so far.
    """

    __slots__ = ("rules", "said")

    def __init__(self, rules: RuleSet, said: Decided | Waiting) -> None:
        self.rules = rules
        self.said = said


class PolicyHandler(SessionHandler):
    """All hooks are inline; none is on the way of audio.

    Args:
        opened: `None` when the call has its decision: then it is only counted.
    """

    def __init__(
        self,
        session: Session,
        calls: ActiveCalls,
        notes: Notes,
        failure: Outcome,
        opened: Opened | None,
        *,
        dry_run: bool,
    ) -> None:
        self._session = session
        self._calls = calls
        self._notes = notes
        self._failure = failure
        self._opened = opened
        self._dry_run = dry_run
        self._began: float | None = None  # of `on_opened`; a plugin that hears of it before us may emit then
        self._timer: asyncio.TimerHandle | None = None

    def on_opened(self) -> None:
        """Ask for the queue, and look whether it is known by now."""
        if self._opened is not None:
            self._began = asyncio.get_running_loop().time()
            if any(rule.when.needs_queue for rule in self._opened.rules.rules):
                self._session.update_context(queue_wanted=True)
            self._decide()

    def on_event(self, event: Event) -> None:
        """Follow the queue."""
        if isinstance(event, ContextChanged) and not _QUEUE.isdisjoint(event.changed):
            self._notes.unanswered.heard()
            self._calls.move(self._session)
            self._decide()

    def on_update(self, update: Update, position: int) -> None:
        """Decide again in another language, if nothing is decided."""
        self._decide()

    def on_close(self, reason: CloseReason) -> None:
        """Decide no more."""
        self._opened = None
        self._cancel()

    def on_end(self, summary: SessionSummary) -> None:
        """Count the call no more."""
        self._calls.remove(self._session)

    def _decide(self) -> None:
        """Ask the rules again, unless they have said their last word."""
        opened = self._opened
        if opened is None or self._began is None:
            return
        now = asyncio.get_running_loop().time()
        before, said = opened.said, self._ask(opened.rules, now - self._began)
        opened.said = said
        if isinstance(said, Waiting):
            self._wait(self._began + said.timeout)
        elif said != before:
            if isinstance(before, Waiting) and now >= self._began + before.timeout:
                self._look_for_answers(now)
            self._notes.decided(said)
            self._act(said.outcome)

    def _look_for_answers(self, now: float) -> None:
        if _QUEUE.isdisjoint(self._session.context):
            self._notes.unanswered.timed_out(now)

    def _ask(self, rules: RuleSet, waited: float) -> Decided | Waiting:
        try:
            facts = facts_of(self._session, rules.numbers, self._calls)
            failed = self._session.context.get("lookup") == "failed"
            return rules.decide(facts, self._failure, waited=waited, failed=failed)
        except Exception as error:  # then the operator's on_failure counts, not the core's
            self._notes.failed(error)
            return Decided(self._failure, FAILURE, Cause.FAILURE)

    def _wait(self, until: float) -> None:
        self._cancel()
        self._timer = asyncio.get_running_loop().call_at(until, self._decide)

    def _act(self, outcome: Outcome) -> None:
        self._cancel()
        if outcome.action is not Action.ACCEPT_PAUSED:
            self._opened = None  # the last word
        if outcome.action is Action.ACCEPT:
            self._calls.add(self._session)
            self._calls.begun(self._session)
        if self._dry_run:
            return
        try:
            if outcome.action is Action.REJECT:
                self._session.disconnect(outcome.reason, outcome.info)
                return
            self._session.add_tags(**outcome.tags)
        except SessionClosedError:  # the caller was faster
            return
        hold = self._session.start_hold
        if outcome.action is Action.ACCEPT and hold is not None:
            hold.release()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
