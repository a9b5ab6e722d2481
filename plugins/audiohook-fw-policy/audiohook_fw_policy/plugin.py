"""The plugin: asks the rules about every call, and hands accepted ones to a handler."""

from __future__ import annotations

import logging
from typing import Final

from opentelemetry.metrics import NoOpMeter

from audiohook_fw import (
    Accept,
    Commands,
    ContextChanged,
    Decision,
    PluginInfo,
    Reject,
    ServerContext,
    Session,
    StashKey,
    hookimpl,
)
from audiohook_fw import OnFailure as CoreOnFailure

from .active import ActiveCalls
from .asking import facts_of
from .handler import Opened, PolicyHandler
from .notes import Notes
from .outcome import Action, Cause, Decided, Outcome, Waiting
from .rules import FAILURE, RuleSet
from .settings import OnFailure, PolicySettings
from .watching import RuleFile

__all__ = ["FAILURES", "Policy"]

logger = logging.getLogger(__name__)

FAILURES: Final = {
    OnFailure.CLOSED: Outcome(Action.REJECT, "error", "no policy could decide"),
    OnFailure.OPEN: Outcome(Action.ACCEPT),
}
"""What is done with a call that the rules cannot decide."""

_opened: StashKey[Opened] = StashKey()


class Policy:
    """Decides by rules which calls are taken."""

    Settings = PolicySettings
    info = PluginInfo(
        summary="Decides by rules which calls are streamed",
        consumes=(ContextChanged,),
        emits=(ContextChanged,),
        on_failure=CoreOnFailure.REJECT,
    )

    def __init__(self, settings: PolicySettings) -> None:
        self._settings = settings
        self._failure = FAILURES[settings.on_failure]
        self._calls = ActiveCalls()
        self._notes = Notes(NoOpMeter(__name__), dry_run=settings.dry_run)
        self._file: RuleFile | None = None

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Read the rules. A file that is wrong does not stop the server: `on_failure` counts."""
        self._notes = Notes(server.meter, dry_run=self._settings.dry_run)
        if self._settings.file is None:
            logger.info("policy: no file is set (plugins.policy.file): no opinion about any call")
            return
        self._file = RuleFile(
            self._settings.file, every=self._settings.reload_seconds, noted=self._notes.read
        )
        await self._file.start()

    @hookimpl
    async def on_shutdown(self) -> None:
        """Look at the file no more."""
        if self._file is not None:
            await self._file.stop()

    @hookimpl
    def check_health(self) -> str | None:
        """Tell that all calls are rejected. A file that became wrong is no reason: the old rules count."""
        if self._file is None or self._file.rules is not None or self._settings.on_failure is OnFailure.OPEN:
            return None
        return f"no rules, so all calls are rejected: {self._file.problem}"

    @hookimpl
    def register_commands(self, commands: Commands) -> None:
        """Add `audiohook-fw policy`."""
        from .commands import app

        commands.add(app)

    @hookimpl
    def on_open(self, session: Session) -> Decision:
        """Ask the rules."""
        if self._file is None:
            return None
        self._calls.sweep()
        said = self._ask(session, self._file.rules)
        if isinstance(said, Waiting):
            self._notes.waits(said)
        else:
            self._notes.decided(said)
        return self._answer(session, said)

    @hookimpl
    def on_decided(self, session: Session, decision: Accept | Reject) -> None:
        """Count a call no more that another plugin has rejected."""
        if isinstance(decision, Reject):
            self._calls.remove(session)

    @hookimpl
    def create_handler(self, session: Session) -> PolicyHandler | None:
        """Follow every call that was taken."""
        if self._file is None:
            return None
        self._calls.begun(session)
        return PolicyHandler(
            session,
            self._calls,
            self._notes,
            self._failure,
            session.stash.get(_opened, None),
            dry_run=self._settings.dry_run,
        )

    def _ask(self, session: Session, rules: RuleSet | None) -> Decided | Waiting:
        failed = Decided(self._failure, FAILURE, Cause.FAILURE)
        if rules is None:
            return failed
        try:
            said = rules.decide(facts_of(session, rules.numbers, self._calls), self._failure)
        except Exception as error:  # then the operator's on_failure counts, not the core's
            self._notes.failed(error)
            return failed
        if isinstance(said, Waiting) or said.outcome.action is Action.ACCEPT_PAUSED:
            session.stash[_opened] = Opened(rules, said)
        return said

    def _answer(self, session: Session, said: Decided | Waiting) -> Decision:
        outcome = said.outcome if isinstance(said, Decided) else None
        if outcome is not None and outcome.action is Action.ACCEPT:
            self._calls.add(session)
        if self._settings.dry_run:
            return None
        if outcome is None:
            return Accept(start_paused=True)
        if outcome.action is Action.REJECT:
            return Reject(outcome.reason, outcome.info)
        return Accept(start_paused=outcome.action is Action.ACCEPT_PAUSED, tags=outcome.tags)
