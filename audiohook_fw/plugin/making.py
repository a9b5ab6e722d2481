"""From a candidate to a plugin object, step by step; each refusal says in one sentence what to change."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import NoReturn

from pydantic import BaseModel, ConfigDict

from audiohook_fw.errors import ConfigError

from .discovery import NotThereError
from .faults import raised_at, sentence
from .fitting import CORE
from .info import PluginInfo
from .options import SectionReader
from .records import PluginStatus

__all__ = ["RefusedError", "guarded", "make", "read_info", "read_settings", "why"]


class RefusedError(Exception):
    """A plugin does not load; holds status and reason."""

    def __init__(self, status: PluginStatus, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(status, reason)


class _NoSettings(BaseModel):
    """The section of a plugin without settings: it must be empty."""

    model_config = ConfigDict(extra="forbid")


def guarded(problem: str, step: Callable[[], object]) -> object:
    """Do a step that runs the plugin's code; raises nothing but `RefusedError` and `KeyboardInterrupt`."""
    try:
        return step()
    except (KeyboardInterrupt, RefusedError):
        raise
    except BaseException as error:  # plugins run any code at import, sys.exit too
        raise RefusedError(PluginStatus.FAILED, f"{problem}: {why(error)}") from error


def read_info(source: object) -> PluginInfo:
    """Return what a plugin says about itself."""
    info = getattr(source, "info", None)
    if info is None:
        return PluginInfo()
    if not isinstance(info, PluginInfo):
        got = info.__name__ if isinstance(info, type) else type(info).__name__
        _refuse(f"info must be a PluginInfo, not {got}; write info = PluginInfo(summary=…)")
    return info


def read_settings(name: str, source: object, section: SectionReader) -> BaseModel | None:
    """Return the validated settings of a plugin, `None` when it has none."""
    model = getattr(source, "Settings", None)
    if model is not None and not (isinstance(model, type) and issubclass(model, BaseModel)):
        _refuse("Settings must be a pydantic model; write class Settings(BaseModel)")
    try:
        settings = section(name, _NoSettings if model is None else _strict(model))
    except ConfigError as error:
        problem = "; ".join(str(error).splitlines())
        raise RefusedError(PluginStatus.INVALID_CONFIG, problem) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a validator of the plugin that raises what it should not
        raised = f"Settings raised {type(error).__name__}; let its validators raise ValueError"
        raise RefusedError(PluginStatus.INVALID_CONFIG, raised) from error
    return None if model is None else settings


def make(source: object, settings: BaseModel | None) -> object:
    """Return the instance of a class, made with its settings if it takes an argument, else the object."""
    if not isinstance(source, type):
        if inspect.isroutine(source):
            _refuse("is a function; make it a class or a module")
        return source
    build: Callable[..., object] = source
    parameters = list(inspect.signature(source).parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    given = [] if settings is None or not positional else [settings]
    for parameter in parameters:
        is_needed = parameter.default is parameter.empty and parameter not in positional[: len(given)]
        if is_needed and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            _refuse(_too_many(parameter, has_settings=settings is not None))
    return build(*given)


def _too_many(parameter: inspect.Parameter, *, has_settings: bool) -> str:
    if not has_settings:
        return f"takes {parameter.name!r} but has no Settings; add the model, or take none"
    if parameter.kind is parameter.KEYWORD_ONLY:
        return f"takes {parameter.name!r} by keyword only, but is made as Plugin(settings); give it a default"
    return (
        f"takes {parameter.name!r} besides its settings, but is made as Plugin(settings); give it a default"
    )


def _refuse(reason: str) -> NoReturn:
    raise RefusedError(PluginStatus.FAILED, reason)


def why(error: BaseException) -> str:
    """Return what a plugin raised while it was loaded, where, and what to do about it where that is known."""
    if isinstance(error, NotThereError):  # ours, and says it all
        return str(error)
    said, place = sentence(error), raised_at(error)
    where = f" (at {place})" if place else ""
    match error:
        case SyntaxError():  # its text has the place
            return f"{said}; correct it there"
        case SystemExit():
            return f"{said}{where}; a plugin must not call sys.exit()"
        case ModuleNotFoundError():
            return f"{said}{where}; install what it needs into this environment"
        case ImportError() if (error.name or "").partition(".")[0] == CORE.replace("-", "_"):
            return f"{said}{where}; it is written for another version of {CORE}: upgrade the older of the two"
    return f"{said}{where}"


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
