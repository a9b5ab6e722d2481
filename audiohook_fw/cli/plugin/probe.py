"""The other process: it loads a plugin and puts it to the contract, and may crash or hang at any step.

`python -m audiohook_fw.cli.plugin.probe` reads a job (JSON) from its standard input and writes a line (JSON)
for every step to its standard output: `{"about": …}`, for each rule its name when it begins and what came of
it, and at the end `{"done": true}`.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Any

from pydantic import BaseModel

from audiohook_fw.config import Loaded
from audiohook_fw.errors import AudiohookError
from audiohook_fw.plugin import PluginRecord, PluginStatus
from audiohook_fw.testing import RULES, ContractFailure, NotTriedError, Subject

from ..environment import Installed, load_config, look_at_plugins

__all__ = ["main"]


def main() -> None:
    """Do the job of standard input."""
    faulthandler.enable()  # a crash and SIGABRT then tell where the plugin was
    os.register_at_fork(after_in_child=_end_copy)
    with _channel() as out:
        job = json.load(sys.stdin)
        sys.path[:0] = job["paths"]
        sys.path.append(os.getcwd())  # last, so that it hides nothing; the rules work in other directories
        try:
            _probe(job, out)
        except AudiohookError as error:  # the configuration, not the plugin
            _say(out, error=str(error))
        _say(out, done=True)


def _end_copy() -> None:
    """End the copy of this process that a plugin's `os.fork()` makes: it would go on as a second probe.

    Those of `multiprocessing` have work of their own to do.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "multiprocessing.popen_fork":
            return
        frame = frame.f_back
    os._exit(70)


def _channel() -> IO[str]:
    """Return what leads to the one who asks; what the plugin prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def _say(out: IO[str], **message: object) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


def _probe(job: Mapping[str, Any], out: IO[str]) -> None:
    name, spec = job["name"], job["spec"]
    overrides: dict[str, object] = {f"plugins.{name}.{key}": value for key, value in job["set"].items()}
    config = Path(job["config"]) if job["config"] else None
    only_it = {"plugins.enabled": [], "plugins.disabled": [], "plugins.modules": [spec]}
    loaded = load_config(config, {**overrides, **only_it})
    installed = look_at_plugins(loaded)
    record = next(record for record in installed.records if record.name == name)
    _say(out, about=_about(record, installed, job["value"]))
    if record.status is not PluginStatus.ACTIVE:
        _say(out, rule=RULES[0].name)
        _say(out, rule=RULES[0].name, problem=record.error, mend=RULES[0].mend)
        return
    _contract(Subject(spec, _section(loaded, installed, name)), out)


def _about(record: PluginRecord, installed: Installed, value: str) -> dict[str, object]:
    model = installed.models.get(record.name)
    fields = model.model_fields if model is not None else {}
    return {
        "loaded": record.status is PluginStatus.ACTIVE,
        "error": record.error,
        "missing": record.status is not PluginStatus.ACTIVE and not _exists(value),
        "summary": record.info.summary,
        "hooks": list(record.hooks),
        "settings": {field.alias or name: field.description or "" for name, field in fields.items()},
    }


def _exists(value: str) -> bool:
    """Tell whether there is what an entry point names; a module that cannot be imported is there."""
    module, _, attribute = (part.strip() for part in value.partition("[")[0].partition(":"))
    target: object = sys.modules.get(module)
    if target is None:
        try:
            return importlib.util.find_spec(module) is not None
        except (ImportError, ValueError):  # of the packages above it
            return False
    return not attribute or hasattr(target, attribute.partition(".")[0])


def _section(loaded: Loaded, installed: Installed, name: str) -> dict[str, object]:
    """Return what is set for the plugin, not what is its own default."""
    model: type[BaseModel] | None = installed.models.get(name)
    if model is None:
        return {}
    return loaded.plugin_section(name, model).model_dump(exclude_unset=True, by_alias=True)


def _contract(subject: Subject, out: IO[str]) -> None:
    for rule in RULES:
        _say(out, rule=rule.name)
        try:
            rule.check(subject)
        except ContractFailure as failure:
            _say(out, rule=rule.name, problem=failure.problem, mend=failure.mend)
            if failure.final:
                if failure.rule == rule.name != RULES[0].name:
                    _say(out, rest=f"it must keep {failure.rule} first")
                return
        except NotTriedError as error:
            _say(out, rule=rule.name, skipped=error.reason)
        else:
            _say(out, rule=rule.name, problem="")


if __name__ == "__main__":
    main()
