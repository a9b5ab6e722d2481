"""`load_plugins`: from what is found to a `PluginManager`, one guarded step after the other.

A plugin that fails a step gets a record that says what to change, and nobody else suffers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from typing import Final

from . import patience
from .asked import asked_for, check_asked, check_required
from .checks import check_target, plugin_of, unmarked
from .discovery import Candidate, Selection, find
from .faults import sentence
from .fitting import CORE, misfit, misfit_hooks
from .history import HISTORY, HookHistory
from .loaded import LoadedPlugin
from .making import RefusedError, guarded, make, read_info, read_settings, why
from .manager import PluginManager
from .options import PluginLimits, PluginOptions, SectionReader
from .records import PluginRecord, PluginStatus
from .registry import implementations, new_registry
from .signatures import RemovedHookError, SignatureError, is_plugin_name
from .statistics import Metrics
from .unheard import note_unheard

__all__ = ["load_plugins"]

_log: Final = logging.getLogger(__name__)


def load_plugins(
    options: PluginOptions,
    section: SectionReader,
    limits: PluginLimits,
    *,
    asked: Sequence[str] = (),
    extra: Mapping[str, object] | None = None,
    metrics: Metrics | None = None,
    version: str = "",
    clock: Callable[[], float] = time.monotonic,
    personal_data: bool = False,
    history: HookHistory = HISTORY,
    on_fault: Callable[[str, str, BaseException], None] | None = None,
) -> PluginManager:
    """Find, load, check, order and register all plugins.

    Args:
        options: which ones, from where, in which order.
        section: reads the settings of one plugin; raises `ConfigError`.
        limits: for the manager.
        asked: those of `options.modules` that were given with `-p`: each must load, as a required one must.
        extra: plugins at hand already (classes, instances, modules), by name; not subject to the allow-list.
        metrics, clock, personal_data, on_fault: for the manager.
        version: of audiohook-fw, for the plugins' requirements; the installed one by default.
        history: how the hooks changed.

    Raises:
        PluginLoadError: a plugin that is required or asked for is missing or does not load, or `asked` leaves
            out one that is not there.
        PluginConfigError: the settings of such a plugin are wrong.
        ConfigError: `plugins.directory` is no directory.
    """
    candidates, selection = find(options, extra or {})
    loader = _Loader(options, selection, section, version or metadata.version(CORE), clock, history)
    for candidate in candidates:
        loader.add(candidate)
    loaded = loader.register()
    check_asked(asked, loader.records)
    check_required(options.required, loader.records)
    _log_outcome(loader.records)
    note_unheard(loaded, loader.records)
    return PluginManager(
        sorted(loader.records, key=lambda r: (r.order < 0, r.order, r.name)),
        loaded,
        limits,
        required=[*options.required, *asked_for(asked)],
        metrics=metrics,
        clock=clock,
        personal_data=personal_data,
        on_fault=on_fault,
    )


class _Loader:
    """Loads one candidate after the other, then registers all."""

    def __init__(
        self,
        options: PluginOptions,
        selection: Selection,
        section: SectionReader,
        version: str,
        clock: Callable[[], float],
        history: HookHistory,
    ) -> None:
        self.records: list[PluginRecord] = []
        self._options = options
        self._selection = selection
        self._section = section
        self._version = version
        self._clock = clock
        self._history = history
        self._loaded: list[LoadedPlugin] = []
        self._registry = new_registry(history)  # only reads marks; nothing is registered in it

    def add(self, candidate: Candidate) -> None:
        """Load one candidate and note what became of it."""
        record = PluginRecord(
            candidate.name, candidate.distribution, candidate.version, candidate.source, PluginStatus.ACTIVE
        )
        taken = next((r for r in self.records if r.name == candidate.name), None)
        self.records.append(record)
        try:
            self._check_name(candidate, taken)
            self._check_wanted(candidate)
            self._check_version(candidate)
            self._loaded.append(self._load(candidate, record))
        except KeyboardInterrupt:
            raise
        except RefusedError as refusal:
            record.fail(refusal.status, refusal.reason)
        except BaseException as error:  # attributes of a plugin that raise when looked at, SystemExit too
            record.fail(PluginStatus.FAILED, f"cannot be looked at: {why(error)}")

    def register(self) -> list[LoadedPlugin]:
        """Put what was loaded in order, register it, and return what can be called."""
        order = {name: index for index, name in enumerate(self._options.order)}
        self._loaded.sort(key=lambda p: (order.get(p.name, len(order)), p.name))
        for plugin in self._loaded:
            try:
                plugin.functions = implementations(plugin.target, plugin.name, self._history)
                plugin.describe_hooks()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # what our own checks let pass
                plugin.record.fail(PluginStatus.FAILED, sentence(error))
        active = [plugin for plugin in self._loaded if plugin.is_active]
        for index, plugin in enumerate(active):
            plugin.record.order = index
        return active

    # the steps ----------------------------------------------------------------------------------

    def _check_name(self, candidate: Candidate, taken: PluginRecord | None) -> None:
        if not is_plugin_name(candidate.name):
            raise RefusedError(
                PluginStatus.FAILED,
                f"{candidate.name!r} is no plugin name: small letters and digits in words joined by single "
                "underscores, starting with a letter; name it otherwise (-p name=module)",
            )
        if taken is not None:
            where = taken.distribution or taken.source
            raise RefusedError(PluginStatus.FAILED, f"the name is taken by {where}; remove one of the two")

    def _check_wanted(self, candidate: Candidate) -> None:
        switched = self._selection.switched.get(candidate.name)
        if switched is False:
            raise RefusedError(PluginStatus.DISABLED, f"disabled by -p no:{candidate.name}")
        if switched or candidate.is_named:
            return
        if candidate.name in self._options.disabled:
            raise RefusedError(PluginStatus.DISABLED, "disabled by plugins.disabled")
        if self._options.enabled is not None and candidate.name not in self._options.enabled:
            raise RefusedError(PluginStatus.BLOCKED, "not in plugins.enabled; add it there to load it")

    def _check_version(self, candidate: Candidate) -> None:
        if problem := misfit(candidate.requires, self._version, candidate.distribution):
            raise RefusedError(PluginStatus.INCOMPATIBLE, problem)

    def _load(self, candidate: Candidate, record: PluginRecord) -> LoadedPlugin:
        began = self._clock()
        with patience.LoadWatch(record.name):
            plugin = self._build(candidate, record)
        seconds = self._clock() - began
        if seconds > patience.PATIENCE:
            record.note(f"took {seconds:.0f} s to load, and nothing else starts meanwhile; {patience.ADVICE}")
        return plugin

    def _build(self, candidate: Candidate, record: PluginRecord) -> LoadedPlugin:
        source = guarded("cannot be imported", candidate.load)
        try:
            source = plugin_of(source, self._registry)
            record.info = read_info(source)
            if problem := misfit_hooks(record.info):
                raise RefusedError(PluginStatus.INCOMPATIBLE, problem)
            settings = read_settings(candidate.name, source, self._section)
            target = guarded("cannot be made", lambda: make(source, settings))
            uses = check_target(target, self._registry, self._history)
        except RemovedHookError as error:
            raise RefusedError(PluginStatus.INCOMPATIBLE, str(error)) from None
        except SignatureError as error:
            raise RefusedError(PluginStatus.FAILED, str(error)) from None
        self._check_twice(target)
        for hook in unmarked(target, self._registry):
            record.note(f"has {hook}, which is not marked with @hookimpl and will not be called; mark it")
        for text in uses:
            record.deprecate(text)
        return LoadedPlugin(record, target, settings, history=self._history)

    def _check_twice(self, target: object) -> None:
        taken = next((plugin.name for plugin in self._loaded if plugin.target is target), None)
        if taken is not None:
            raise RefusedError(
                PluginStatus.FAILED, f"is the same object as plugin {taken}; load it under one name only"
            )


def _log_outcome(records: Sequence[PluginRecord]) -> None:
    for record in records:
        origin = f"{record.distribution} {record.version}" if record.distribution else record.source
        if record.status is PluginStatus.ACTIVE:
            _log.info("plugin %s loaded from %s", record.name, origin)
        elif record.status in (PluginStatus.DISABLED, PluginStatus.BLOCKED):
            _log.info("plugin %s of %s is %s", record.name, origin, record.status)
        else:
            _log.error("plugin %s %s: %s", record.name, record.verdict, record.error)
