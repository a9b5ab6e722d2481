"""Plugins that do something: one that decides, pauses, talks and plays, and two that fail as planned."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from audiohook_fw import (
    Accept,
    AudioFrame,
    Decision,
    Event,
    Hold,
    PluginInfo,
    Reject,
    Session,
    SessionHandler,
    SessionSummary,
    Transcript,
    hookimpl,
)

from .books import Books
from .place import LEAK_SECONDS

__all__ = ["KINDS", "Actor", "Faulty", "FaultyLane", "Noise"]


class Noise(Event, event_type="chaos.noise"):
    """An event that means nothing; the inline faulty plugin's filter fails on a bad one."""

    bad: bool = False


class Actor:
    """Decides as `customConfig` says; holds, transcripts and playback by chance.

    Attributes:
        sessions: those that have ended; cleared by whoever looks at them.
    """

    info = PluginInfo(summary="Decides, pauses, talks and plays", emits=(Transcript,))

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self.sessions: list[Session] = []

    @hookimpl
    def on_open(self, session: Session) -> Decision:
        wish = session.custom_config.get("chaos")
        if wish == "reject":
            return Reject(reason="completed", info="as wished")
        return Accept(start_paused=wish == "start paused")

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Acting(session, random.Random(f"{self._seed} actor {session.id}"), self.sessions)


class _Acting(SessionHandler):
    def __init__(self, session: Session, rng: random.Random, ended: list[Session]) -> None:
        self.session = session
        self.rng = rng
        self.ended = ended
        self.timers: list[asyncio.TimerHandle] = []
        self.frames = 0
        self.talkative = rng.random() < 0.3

    def on_opened(self) -> None:
        if (hold := self.session.start_hold) is not None:
            self._later(0.2, hold.release)
        if self.rng.random() < 0.2:
            self._later(self.rng.uniform(0.1, 1.0), self._hold)
        if self.session.product == "connector" and self.session.media is not None:
            self._later(self.rng.uniform(0.0, 0.5), self._play)

    def on_audio(self, frame: AudioFrame) -> None:
        self.frames += 1
        if self.talkative and self.frames % 10 == 0:
            text = Transcript(
                id=f"{self.frames // 30}",
                channel=frame.media.channels[0],
                text="words",
                is_final=self.frames % 30 == 0,
                start=max(0, frame.position),
                length=frame.length,
            )
            self.session.emit(text)

    def on_end(self, summary: SessionSummary) -> None:
        for timer in self.timers:
            timer.cancel()
        self.ended.append(self.session)

    def _later(self, seconds: float, act: Callable[[], object]) -> None:
        self.timers.append(asyncio.get_running_loop().call_later(seconds, act))

    def _hold(self) -> None:
        if self.session.state != "open":
            return
        hold: Hold = self.session.pause("chaos")
        if self.rng.random() < 0.8:  # else it ends with the call
            self._later(self.rng.uniform(0.05, 0.4), hold.release)

    def _play(self) -> None:
        if self.session.state != "open":
            return
        loud = self.session.custom_config.get("chaos") == "loud"
        self.session.play(bytes(3_900_000 if loud else self.rng.choice([1_600, 64_000, 1_000_000])))
        if not loud and self.rng.random() < 0.5:
            self._later(self.rng.uniform(0.0, 0.5), self._interrupt)

    def _interrupt(self) -> None:
        if self.session.state == "open":
            self.session.flush_playback()


KINDS: Final = ("raise", "always raise", "hang", "block", "flood", "swallow", "leak", "cancel")
_LANE_ONLY: Final = frozenset({"hang", "swallow", "cancel"})
"""Inline, `cancel` would hit whatever task of ours makes the call; that of the reader ends the call."""
_HOOKS: Final = (
    *("on_opened", "on_audio", "on_pause", "on_resume", "on_discarded", "on_update"),
    *("on_client_error", "on_event", "on_close", "on_end"),
)
_FLOOD: Final = 1_500
"""Events; a call takes 1,000."""
_SHARE: Final = 0.15
"""Calls in which a faulty plugin fails."""


class FaultError(Exception):
    """The planted one."""


@dataclass
class Plan:
    """What goes wrong in one call with one plugin."""

    session: Session
    books: Books
    plugin: str
    kind: str = ""
    hook: str = ""
    block: float = 0.0
    done: bool = False

    def due(self, hook: str) -> str:
        """Return the kind of the fault that is due in this hook, once; `""` for none."""
        always = self.kind == "always raise" and hook not in ("on_open", "create_handler")
        if not always and (hook != self.hook or self.done):
            return ""
        if not self.done:
            self.done = True
            self.books.write("fault", self.session, plugin=self.plugin, fault=self.kind, hook=hook)
        return self.kind

    def act(self, hook: str) -> str:
        """Do what needs no waiting; return what is left to do."""
        kind = self.due(hook)
        match kind:
            case "raise" | "always raise":
                raise FaultError(hook)
            case "block":
                time.sleep(self.block)
            case "flood" if hook not in ("on_open", "on_end", "on_event"):
                for number in range(_FLOOD):
                    self.session.emit(Noise(bad=number % 100 == 50))
            case "leak":
                asyncio.get_running_loop().create_task(
                    asyncio.sleep(LEAK_SECONDS), name=f"planted-leak:{self.plugin}"
                )
            case "cancel":
                task = asyncio.current_task()
                if task is not None:
                    task.cancel()
            case _:
                pass
        return kind

    async def act_slowly(self, hook: str) -> None:
        """Do the rest, too."""
        match self.act(hook):
            case "hang":
                await asyncio.get_running_loop().create_future()
            case "swallow":
                for _ in range(2):
                    try:
                        await asyncio.sleep(LEAK_SECONDS)
                    except asyncio.CancelledError:
                        continue
            case _:
                pass


class Faulty:
    """Fails inline."""

    info = PluginInfo(summary="Fails inline", emits=(Noise,))
    lane = False

    def __init__(self, seed: str, books: Books, name: str, *, share: float = _SHARE) -> None:
        self._seed = seed
        self._books = books
        self._name = name
        self._share = share

    @hookimpl
    def on_open(self, session: Session) -> None:
        self._plan(session).act("on_open")

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        plan = self._plan(session)
        plan.act("create_handler")
        return _with_plan(_INLINE, plan)

    @hookimpl
    def filter_event(self, session: Session, event: Event) -> Event:
        if isinstance(event, Noise) and event.bad:
            raise FaultError("filter_event")
        return event

    def _plan(self, session: Session) -> Plan:
        rng = random.Random(f"{self._seed} {self._name} {session.id}")
        plan = Plan(session, self._books, self._name)
        if rng.random() < self._share:
            plan.kind = rng.choice([kind for kind in KINDS if self.lane or kind not in _LANE_ONLY])
            plan.hook = rng.choice([*_HOOKS, "on_audio", "on_close", "on_open", "create_handler"])
            plan.block = rng.uniform(0.02, 0.1)
            if plan.hook == "create_handler" and plan.kind in _LANE_ONLY:
                plan.hook = "on_close"
        return plan


class FaultyLane(Faulty):
    """Fails in its lane."""

    info = PluginInfo(summary="Fails in its lane", emits=(Noise,))
    lane = True

    @hookimpl
    async def on_open(self, session: Session) -> None:  # type: ignore[override]
        await self._plan(session).act_slowly("on_open")

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        plan = self._plan(session)
        plan.act("create_handler")
        return _with_plan(_LANE, plan)


def _with_plan(kind: type[SessionHandler], plan: Plan) -> SessionHandler:
    handler = kind()
    handler.__dict__["plan"] = plan
    return handler


def _inline_hook(name: str) -> Callable[[Any], None]:
    def hook(self: Any) -> None:
        self.plan.act(name)

    return hook


def _lane_hook(name: str) -> Callable[[Any], Any]:
    async def hook(self: Any) -> None:
        await self.plan.act_slowly(name)

    return hook


_Handler = type[SessionHandler]
_INLINE: Final[_Handler] = type("FaultyInline", (SessionHandler,), {n: _inline_hook(n) for n in _HOOKS})
_LANE: Final[_Handler] = type("FaultyInLane", (SessionHandler,), {n: _lane_hook(n) for n in _HOOKS})
