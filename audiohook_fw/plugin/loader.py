"""`load_plugins`: from what is found to a `PluginManager`, one guarded step after the other.

A plugin that fails a step gets a record that says what to change, and nobody else suffers.
"""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from typing import Final

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict

from audiohook_fw.errors import ConfigError

from . import hookspecs
from .asked import asked_for, check_asked, check_required
from .checks import check_target, plugin_of, unmarked
from .discovery import Candidate, Selection, find
from .families import ARGUMENTS, FAMILIES
from .faults import sentence
from .info import PluginInfo
from .loaded import LoadedPlugin
from .manager import PluginManager
from .markers import PROJECT
from .options import PluginLimits, PluginOptions, SectionReader
from .records import PluginRecord, PluginStatus
from .signatures import Implementation, SignatureError, is_plugin_name, read_signature
from .statistics import Metrics

__all__ = ["load_plugins"]

_log: Final = logging.getLogger(__name__)

_DISTRIBUTION: Final = "audiohook-fw"


class _RefusedError(Exception):
    """A plugin does not load; holds status and reason."""

    def __init__(self, status: PluginStatus, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(status, reason)


class _NoSettings(BaseModel):
    """The section of a plugin without settings: it must be empty."""

    model_config = ConfigDict(extra="forbid")


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
) -> PluginManager:
    """Find, load, check, order and register all plugins.

    Args:
        options: which ones, from where, in which order.
        section: reads the settings of one plugin; raises `ConfigError`.
        limits: for the manager.
        asked: those of `options.modules` that were given with `-p`: each must load, as a required one must.
        extra: plugins at hand already (classes, instances, modules), by name; not subject to the allow-list.
        metrics, clock, personal_data: for the manager.
        version: of audiohook-fw, for the plugins' requirements; the installed one by default.

    Raises:
        PluginLoadError: a plugin that is required or asked for is missing or does not load, or `asked` leaves
            out one that is not there.
        PluginConfigError: the settings of such a plugin are wrong.
        ConfigError: `plugins.directory` is no directory.
    """
    candidates, selection = find(options, extra or {})
    loader = _Loader(options, selection, section, version or metadata.version(_DISTRIBUTION))
    for candidate in candidates:
        loader.add(candidate)
    loaded = loader.register()
    check_asked(asked, loader.records)
    check_required(options.required, loader.records)
    _log_outcome(loader.records)
    _log_unheard(loaded)
    return PluginManager(
        sorted(loader.records, key=lambda r: (r.order < 0, r.order, r.name)),
        loaded,
        limits,
        required=[*options.required, *asked_for(asked)],
        metrics=metrics,
        clock=clock,
        personal_data=personal_data,
    )


class _Loader:
    """Loads one candidate after the other, then registers all."""

    def __init__(
        self, options: PluginOptions, selection: Selection, section: SectionReader, version: str
    ) -> None:
        self.records: list[PluginRecord] = []
        self._options = options
        self._selection = selection
        self._section = section
        self._version = version
        self._loaded: list[LoadedPlugin] = []
        self._registry = pluggy.PluginManager(PROJECT)
        self._registry.add_hookspecs(hookspecs)

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
        except _RefusedError as refusal:
            record.fail(refusal.status, refusal.reason)
        except BaseException as error:  # attributes of a plugin that raise when looked at, SystemExit too
            record.fail(PluginStatus.FAILED, sentence(error))

    def register(self) -> list[LoadedPlugin]:
        """Put what was loaded in order, register it, and return what can be called."""
        order = {name: index for index, name in enumerate(self._options.order)}
        self._loaded.sort(key=lambda p: (order.get(p.name, len(order)), p.name))
        for plugin in reversed(self._loaded):  # pluggy calls the last registered first
            try:
                self._registry.register(plugin.target, name=plugin.name)
                plugin.functions = self._functions(plugin)
                plugin.describe_hooks()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # what our own checks let pass
                plugin.record.fail(PluginStatus.FAILED, sentence(error))
        active = [plugin for plugin in self._loaded if plugin.is_active]
        for index, plugin in enumerate(active):
            plugin.record.order = index
        return active

    def _functions(self, plugin: LoadedPlugin) -> dict[str, tuple[Implementation, ...]]:
        found: dict[str, tuple[Implementation, ...]] = {}
        for hook in FAMILIES:
            implementations = [
                Implementation(hook, i.function, read_signature(hook, i.function, ARGUMENTS[hook]))
                for i in reversed(getattr(self._registry.hook, hook).get_hookimpls())
                if i.plugin_name == plugin.name
            ]
            if implementations:
                found[hook] = tuple(implementations)
        return found

    # the steps ----------------------------------------------------------------------------------

    def _check_name(self, candidate: Candidate, taken: PluginRecord | None) -> None:
        if not is_plugin_name(candidate.name):
            raise _RefusedError(
                PluginStatus.FAILED,
                f"{candidate.name!r} is no plugin name: small letters and digits in words joined by single "
                "underscores, starting with a letter; name it otherwise (-p name=module)",
            )
        if taken is not None:
            where = taken.distribution or taken.source
            raise _RefusedError(PluginStatus.FAILED, f"the name is taken by {where}; remove one of the two")

    def _check_wanted(self, candidate: Candidate) -> None:
        switched = self._selection.switched.get(candidate.name)
        if switched is False:
            raise _RefusedError(PluginStatus.DISABLED, f"disabled by -p no:{candidate.name}")
        if switched or candidate.is_named:
            return
        if candidate.name in self._options.disabled:
            raise _RefusedError(PluginStatus.DISABLED, "disabled by plugins.disabled")
        if self._options.enabled is not None and candidate.name not in self._options.enabled:
            raise _RefusedError(PluginStatus.BLOCKED, "not in plugins.enabled; add it there to load it")

    def _check_version(self, candidate: Candidate) -> None:
        for text in candidate.requires:
            try:
                wanted = Requirement(text)
            except InvalidRequirement:  # of some other distribution; pip's business
                continue
            if canonicalize_name(wanted.name) != _DISTRIBUTION:
                continue
            if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
                continue
            if not wanted.specifier.contains(self._version, prereleases=True):
                raise _RefusedError(
                    PluginStatus.INCOMPATIBLE,
                    f"asks for {_DISTRIBUTION}{wanted.specifier}, but this is {self._version}; "
                    "install versions that fit",
                )

    def _load(self, candidate: Candidate, record: PluginRecord) -> LoadedPlugin:
        source = _guarded("cannot be imported", candidate.load)
        try:
            source = plugin_of(source, self._registry)
        except SignatureError as error:
            raise _RefusedError(PluginStatus.FAILED, str(error)) from None
        record.info = _info(source)
        settings = self._settings(candidate.name, source)
        target = _guarded("cannot be made", lambda: _make(source, settings))
        try:
            check_target(target, self._registry)
        except SignatureError as error:
            raise _RefusedError(PluginStatus.FAILED, str(error)) from None
        for hook in unmarked(target, self._registry):
            _log.warning(
                "plugin %s: %s is not marked with @hookimpl and will not be called", record.name, hook
            )
        return LoadedPlugin(record, target, settings)

    def _settings(self, name: str, source: object) -> BaseModel | None:
        model = getattr(source, "Settings", None)
        if model is not None and not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise _RefusedError(PluginStatus.FAILED, "Settings must be a pydantic model")
        try:
            settings = self._section(name, _NoSettings if model is None else _strict(model))
        except ConfigError as error:
            problem = "; ".join(str(error).splitlines())
            raise _RefusedError(PluginStatus.INVALID_CONFIG, problem) from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a validator of the plugin that raises what it should not
            raise _RefusedError(
                PluginStatus.INVALID_CONFIG, f"Settings raised {type(error).__name__}"
            ) from error
        return None if model is None else settings


def _guarded(problem: str, step: Callable[[], object]) -> object:
    try:
        return step()
    except (KeyboardInterrupt, _RefusedError):
        raise
    except BaseException as error:  # plugins run any code at import, sys.exit too
        raise _RefusedError(PluginStatus.FAILED, f"{problem}: {sentence(error)}") from error


def _info(source: object) -> PluginInfo:
    info = getattr(source, "info", None)
    if info is None:
        return PluginInfo()
    if not isinstance(info, PluginInfo):
        raise _RefusedError(PluginStatus.FAILED, f"info must be a PluginInfo, not {type(info).__name__}")
    return info


def _make(source: object, settings: BaseModel | None) -> object:
    """Return the instance of a class, made with its settings if it takes an argument, else the object."""
    if not isinstance(source, type):
        if inspect.isroutine(source):
            raise _RefusedError(PluginStatus.FAILED, "is a function; make it a class or a module")
        return source
    make: Callable[..., object] = source
    parameters = [
        p
        for p in inspect.signature(source).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if not parameters:
        return make()
    if settings is not None:
        return make(settings)
    if parameters[0].default is not inspect.Parameter.empty:
        return make()
    raise _RefusedError(
        PluginStatus.FAILED, f"takes {parameters[0].name!r} but has no Settings; add the model, or take none"
    )


def _strict(model: type[BaseModel]) -> type[BaseModel]:
    """Return the model with unknown settings forbidden, unless it decided that itself."""
    if "extra" in model.model_config:
        return model
    return type(
        model.__name__,
        (model,),
        {
            "model_config": ConfigDict(extra="forbid"),
            "__module__": model.__module__,
            "__doc__": model.__doc__,
        },
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


def _log_unheard(loaded: Sequence[LoadedPlugin]) -> None:
    emitted = frozenset[str]().union(*(plugin.emits for plugin in loaded), {"context_changed"})
    for plugin in loaded:
        for event in sorted(plugin.consumes - emitted):
            _log.warning("plugin %s consumes %s, but no plugin emits it", plugin.name, event)
