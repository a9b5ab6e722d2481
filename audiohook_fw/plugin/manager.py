"""`PluginManager`: the plugins of the process, what became of them, and the hooks that run once.

pluggy registers and orders; we call, one implementation at a time, so that one that fails or hangs is alone.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Final

from audiohook_fw.auth import Credential
from audiohook_fw.errors import PluginError, PluginLoadError, PluginTimeoutError

from .announcing import Announcing
from .ask import Answer, Question, TaskHold, ask
from .compile import select
from .conduct import Conduct
from .erasing import Erased, erased_of, unasked
from .events import Event
from .faults import describe, sentence
from .info import OnFailure
from .lane_queue import LaneBudget
from .languages import MAX_LANGUAGES, read_languages
from .loaded import LoadedPlugin
from .options import PluginLimits
from .process import Command, Commands, Route, Routes, ServerContext
from .records import PluginRecord, PluginStatus
from .running import Running, tells, who_runs
from .signatures import Implementation
from .statistics import LocalMetrics, Metrics, PluginCounters
from .unheard import note_unheard

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["PluginManager"]

_log: Final = logging.getLogger(__name__)


class PluginManager:
    """All plugins of the process. Make it with `load_plugins`.

    Args:
        records: what became of every plugin that was found, the loaded ones first, in the order of calls.
        loaded: the plugins that can be called, in that order.
        limits: bounds and deadlines.
        required: names of plugins whose failure must not be survived.
        metrics: where to count; nowhere by default.
        clock: monotonic seconds.
        personal_data: log the texts of plugins' exceptions in calls, which may quote what they were given.
        on_fault: called with plugin, hook and error of each fault, for tests.

    Attributes:
        limits, metrics: as given.
        budget: the bytes that all lanes share.
        conduct: where what they do wrong is noted.
        hold: tasks of plugins that were left alone; `len(hold)` still run, `hold.count` were left in all.
    """

    def __init__(
        self,
        records: Sequence[PluginRecord],
        loaded: Sequence[LoadedPlugin],
        limits: PluginLimits,
        *,
        required: Sequence[str] = (),
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
        personal_data: bool = False,
        on_fault: Callable[[str, str, BaseException], None] | None = None,
    ) -> None:
        self.limits: Final = limits
        self.metrics: Final[Metrics] = metrics or LocalMetrics()
        self.budget: Final = LaneBudget(limits.lane_bytes)
        self.hold: Final = TaskHold()
        self._records = tuple(records)
        self._loaded = {plugin.name: plugin for plugin in loaded}
        self._required = frozenset(required)
        self._started: list[LoadedPlugin] = []
        self._languages: dict[str, tuple[str, ...]] = {}
        self.conduct: Final = Conduct(
            self._loaded, limits, self.metrics, clock, personal_data=personal_data, on_fault=on_fault
        )
        self._announcing: Final = Announcing(lambda: self.plugins, self.hold, self._note)
        self._modules = [(plugin.name, plugin.module) for plugin in loaded]
        self._show()

    def __repr__(self) -> str:
        return f"<PluginManager {' '.join(f'{record.name}={record.status}' for record in self._records)}>"

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """What became of every plugin that was found."""
        return self._records

    @property
    def plugins(self) -> tuple[LoadedPlugin, ...]:
        """The plugins that a new call meets, in configured order."""
        return tuple(p for p in self._loaded.values() if p.is_active or p.is_quarantined)

    def settings(self, name: str) -> BaseModel | None:
        """Return the settings of a loaded plugin, `None` when it has none; raises `KeyError`."""
        return self._loaded[name].settings

    def counters(self, name: str) -> PluginCounters:
        """Return the counters of a loaded plugin."""
        return self.conduct.counters[name]

    def who_runs(self, frame: FrameType | None) -> Running:
        """Return which plugin a thread is in, given its innermost frame; `NOBODY` if in none of them."""
        return who_runs(frame, self._modules)

    def is_silenced(self, name: str) -> bool:
        """Tell whether a plugin blocked the event loop so often that it is not called any more."""
        return self._loaded[name].silenced

    # process hooks ------------------------------------------------------------------------------

    async def startup(self, server: ServerContext) -> None:
        """Run `on_startup` in order; a plugin that fails takes part in nothing from then on.

        Raises:
            PluginLoadError: a required plugin failed; call `shutdown` for those that had started.
        """
        with self._announcing.starting():
            await self._start_all(server)
        note_unheard(self._active(), self._records)

    async def _start_all(self, server: ServerContext) -> None:
        for plugin in self._active():
            self._started.append(plugin)
            for i in plugin.functions.get("on_startup", ()):
                values = {"server": server, "settings": plugin.settings}
                answer = await self._ask_one(plugin, i, values, self.limits.startup_timeout)
                if answer.failed:
                    self._started.remove(plugin)
                    self._fail(plugin, "on_startup", self._startup_error(answer))
                    break

    def _startup_error(self, answer: Answer) -> BaseException:
        if answer.error is not None:
            return answer.error
        problem = f"gave no answer within {self.limits.startup_timeout:g} s (limits.startup_timeout)"
        return PluginTimeoutError(answer.plugin, problem, hook="on_startup")

    async def shutdown(self, server: ServerContext) -> None:
        """Run `on_shutdown` of all that started, in reverse order. Never raises what a plugin raised."""
        while self._started:
            plugin = self._started.pop()
            self._announcing.stop(plugin)
            for i in plugin.functions.get("on_shutdown", ()):
                answer = await self._ask_one(plugin, i, {"server": server}, self.limits.shutdown_timeout)
                if answer.failed:
                    self._note(answer, "on_shutdown")

    def register_routes(self) -> tuple[Route, ...]:
        """Return the routes of all plugins; one that fails has none.

        Raises:
            PluginLoadError: a required plugin failed.
        """
        found: list[Route] = []
        for plugin in self._active():
            routes = Routes(plugin.name)
            if self._collect(plugin, "register_routes", {"routes": routes}):
                found += routes.routes
        return tuple(found)

    def register_commands(self) -> tuple[Command, ...]:
        """Return the commands of all plugins; one that fails, or takes a taken name, has none.

        Raises:
            PluginLoadError: a required plugin failed.
        """
        found: dict[str, Command] = {}
        for plugin in self._active():
            commands = Commands(plugin.name, erase=self.erase)
            if not self._collect(plugin, "register_commands", {"commands": commands}):
                continue
            taken = next((c.name for c in commands.commands if c.name in found), None)
            if taken is None:
                found |= {command.name: command for command in commands.commands}
            else:
                problem = f"command {taken!r} is taken by plugin {found[taken].plugin}; name it otherwise"
                self._fail(plugin, "register_commands", PluginError(plugin.name, problem))
        return tuple(found.values())

    async def check_health(self, server: ServerContext, *, timeout: float) -> dict[str, str]:
        """Return what is wrong, by plugin; empty when all are well. A failed or late check is wrong too."""
        problems: dict[str, str] = {}
        for answer in await self._ask("check_health", {"server": server}, timeout):
            if answer.late:
                problems[answer.plugin] = f"check_health gave no answer within {timeout:g} s"
            elif answer.error is not None:
                self._note(answer, "check_health")
                problems[answer.plugin] = f"check_health raised {type(answer.error).__name__}"
            elif isinstance(answer.value, str):
                problems.setdefault(answer.plugin, answer.value)
            elif answer.value is not None:
                self._note_type(answer, "check_health", "a text or None")
                problems[answer.plugin] = "check_health gave no text"
        return problems

    async def ask_languages(self, server: ServerContext) -> None:
        """Ask every plugin which languages it understands (`supported_languages`), for `languages`."""
        hook = "supported_languages"
        for answer in await self._ask(hook, {"server": server}, self.limits.startup_timeout):
            if answer.failed:
                self._note(answer, hook)
                continue
            try:
                found, problem = read_languages(answer.value)
            except Exception as error:  # a sequence of the plugin's own making
                self.conduct.fault(answer.plugin, hook, error)
                continue
            if found:
                self._languages[answer.plugin] = (*self._languages.get(answer.plugin, ()), *found)
            if problem:
                self.conduct.fault(answer.plugin, hook, PluginError(answer.plugin, problem, hook=hook))

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the plugins that new calls meet, in configured order, each once; 200 at most.

        Empty when none of them has told any: then nothing is known of what is understood.
        """
        told = (self._languages.get(p.name, ()) for p in self._loaded.values() if p.is_active)
        return tuple(dict.fromkeys(tag for tags in told for tag in tags))[:MAX_LANGUAGES]

    async def erase(self, conversation_id: str, timeout: float) -> tuple[Erased, ...]:
        """Ask all plugins, quarantined ones too, to delete what they keep of a conversation.

        Args:
            timeout: seconds for all together.
        """
        hook = "on_erase"
        questions = [
            plugin.question(i, select(i, {"conversation_id": conversation_id}))
            for plugin in self._loaded.values()
            if plugin.is_active or plugin.is_quarantined
            for i in plugin.functions.get(hook, ())
        ]
        answers = (
            await ask(hook, questions, timeout, final=lambda _: False, hold=self.hold) if questions else []
        )
        found: list[Erased] = []
        for erased, fault in erased_of(answers, timeout):
            found.append(erased)
            if fault is not None:
                self.conduct.fault(erased.plugin, hook, fault)
        return (*found, *unasked(self._records))

    def is_heard(self, event_type: str) -> bool:
        """Tell whether a plugin takes such announcements."""
        return self._announcing.is_heard(event_type)

    def is_emitted(self, event_type: str) -> bool:
        """Tell whether a plugin that new calls meet says that it emits such events."""
        return any(event_type in plugin.emits for plugin in self.plugins)

    async def announce(self, event: Event, timeout: float) -> bool:
        """Tell an event to all plugins that consume it; return whether all have taken it.

        Args:
            timeout: seconds for all together.
        """
        return await self._announcing.announce(event, timeout)

    # connection hooks ---------------------------------------------------------------------------

    async def check_address(self, address: str, headers: Mapping[str, str]) -> bool | None:
        """Return the first opinion in configured order: `False` refuses, `True` allows, `None` is none.

        A plugin that fails or is late has no opinion, or refuses when its `on_failure` is `reject`.
        """

        def opinion(answer: Answer) -> bool | None:
            if answer.failed or not isinstance(answer.value, bool | None):
                rejects = self._loaded[answer.plugin].info.on_failure is OnFailure.REJECT
                return False if rejects else None
            return answer.value

        values = {"address": address, "headers": headers}
        answers = await self._ask(
            "check_address", values, self.limits.address_timeout, lambda a: opinion(a) is not None
        )
        for answer in answers:
            if answer.failed:
                self._note(answer, "check_address")
            elif not isinstance(answer.value, bool | None):
                self._note_type(answer, "check_address", "True, False or None")
        return opinion(answers[-1]) if answers else None

    async def find_credential(
        self, api_key: str, organization_id: str, *, timeout: float
    ) -> Credential | None:
        """Return the first credential in configured order; `None` when no plugin knows the key."""
        values = {"api_key": api_key, "organization_id": organization_id}
        answers = await self._ask(
            "find_credential", values, timeout, lambda answer: isinstance(answer.value, Credential)
        )
        for answer in answers:
            if answer.failed:
                self._note(answer, "find_credential")
            elif not isinstance(answer.value, Credential | None):
                self._note_type(answer, "find_credential", "a Credential or None")
        last = answers[-1].value if answers else None
        return last if isinstance(last, Credential) else None

    # inside -------------------------------------------------------------------------------------

    def _active(self) -> Iterator[LoadedPlugin]:
        return (plugin for plugin in tuple(self._loaded.values()) if plugin.is_active)

    def _fail(self, plugin: LoadedPlugin, hook: str, error: BaseException) -> None:
        text = error.problem if isinstance(error, PluginError) else sentence(error)
        plugin.record.fail(PluginStatus.FAILED, f"{hook} failed: {text}")
        self.conduct.counters[plugin.name].fault(hook)
        self.conduct.tell(plugin.name, hook, error)
        where = "" if isinstance(error, PluginError) else f" ({describe(error, plugin.module)})"
        _log.error("plugin %s: %s%s", plugin.name, plugin.record.error, where)
        if plugin.name in self._required:
            raise PluginLoadError(plugin.name, f"is required and {plugin.record.error}") from error

    @tells(lambda local: Running(local["plugin"].name, local["hook"]))
    def _collect(self, plugin: LoadedPlugin, hook: str, values: Mapping[str, object]) -> bool:
        try:
            for i in plugin.functions.get(hook, ()):
                select(i, values)()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever it raises, the others go on
            self._fail(plugin, hook, error)
            return False
        return True

    async def _ask_one(
        self, plugin: LoadedPlugin, i: Implementation, values: Mapping[str, object], timeout: float
    ) -> Answer:
        question = Question(plugin.name, select(i, values), i.signature.is_async)
        answers = await ask(i.hook, [question], timeout, final=lambda _: True, hold=self.hold)
        return answers[0]

    async def _ask(
        self,
        hook: str,
        values: Mapping[str, object],
        timeout: float,
        final: Callable[[Answer], bool] = lambda _: False,
    ) -> list[Answer]:
        questions = [
            plugin.question(i, select(i, values))
            for plugin in self._loaded.values()
            if plugin.is_asked
            for i in plugin.functions.get(hook, ())
        ]
        return await ask(hook, questions, timeout, final=final, hold=self.hold) if questions else []

    def _note(self, answer: Answer, hook: str) -> None:
        self.conduct.fault(answer.plugin, hook, _error(answer, hook))

    def _note_type(self, answer: Answer, hook: str, expected: str) -> None:
        problem = f"must return {expected}, not {type(answer.value).__name__}"
        self.conduct.fault(answer.plugin, hook, PluginError(answer.plugin, problem, hook=hook))

    def _show(self) -> None:
        self.metrics.gauge("audiohook.lane.bytes", lambda: self.budget.used)
        for name in self._loaded:
            self.metrics.gauge(
                "audiohook.hook.abandoned", functools.partial(self.hold.running, name), plugin=name
            )
        for status in PluginStatus:
            self.metrics.gauge(
                "audiohook.plugins", functools.partial(self._count, status), status=status.value
            )

    def _count(self, status: PluginStatus) -> int:
        return sum(record.status is status for record in self._records)


def _error(answer: Answer, hook: str) -> BaseException:
    return answer.error or PluginTimeoutError(answer.plugin, "gave no answer in time", hook=hook)
