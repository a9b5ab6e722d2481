"""The other process: it loads a plugin and puts it to the contract, and may crash or hang at any step.

`python -m audiohook_fw.cli.plugin.probe` reads a job (a line of JSON) from its standard input and writes a
line (JSON) for every step to its standard output: `{"alive": true}` when it begins and for each call of a
rule, `{"about": …}`, for each rule its name when it begins and what came of it, and at the end
`{"done": true}`. It ends with the one who asks: when its standard input does.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib.util
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Any, Final, cast

from pydantic import BaseModel

from audiohook_fw.config import Loaded
from audiohook_fw.errors import AudiohookError
from audiohook_fw.plugin import PluginRecord, PluginStatus
from audiohook_fw.testing import RULES, ContractFailure, Facts, NotTriedError, Subject, read_facts

from ..environment import Installed, load_config, look_at_plugins

__all__ = ["main"]

Say = Callable[..., None]

_MARGIN: Final = 10.0
"""Seconds that the one who asks has, beyond its patience, to end this process."""


def main() -> None:
    """Do the job of standard input."""
    faulthandler.enable()  # a crash and SIGABRT then tell where the plugin was
    os.register_at_fork(after_in_child=_end_copy)
    with _channel() as out:
        job = _job()

        def say(**message: object) -> None:
            # A plugin that never lets another thread run would outlive the one who asks.
            faulthandler.dump_traceback_later(job["timeout"] + _MARGIN, exit=True)
            out.write(json.dumps(message) + "\n")
            out.flush()

        say(alive=True)
        sys.path[:0] = job["paths"]
        sys.path.append(os.getcwd())  # last, so that it hides nothing; the rules work in other directories
        try:
            _probe(job, say)
        except AudiohookError as error:  # the configuration, not the plugin
            say(error=str(error))
        say(done=True)


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


def _job() -> dict[str, Any]:
    """Return the job, and from then on end when its sender does; the plugin gets an empty standard input."""
    sender = os.fdopen(os.dup(0), "rb", buffering=0)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    line = b""
    while not line.endswith(b"\n"):
        part = sender.read(65_536)
        if not part:
            raise SystemExit("no job came")
        line += part
    threading.Thread(target=_end_with, args=(sender,), name="probe-end", daemon=True).start()
    return dict(json.loads(line))


def _end_with(sender: IO[bytes]) -> None:
    with contextlib.suppress(OSError):  # a plugin may close what it did not open
        sender.read(1)
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)  # what the plugin started, too
        os._exit(70)


def _probe(job: Mapping[str, Any], say: Say) -> None:
    name, spec = job["name"], job["spec"]
    overrides: dict[str, object] = {f"plugins.{name}.{key}": value for key, value in job["set"].items()}
    config = Path(job["config"]) if job["config"] else None
    only_it = {"plugins.enabled": [], "plugins.disabled": [], "plugins.modules": [spec]}
    loaded = load_config(config, {**overrides, **only_it})
    installed = look_at_plugins(loaded)
    record = next(record for record in installed.records if record.name == name)
    say(about=_about(record, installed, job["value"]))
    if record.status is not PluginStatus.ACTIVE:
        say(rule=RULES[0].name)
        say(rule=RULES[0].name, problem=record.error, mend=RULES[0].mend)
        return
    _contract(spec, _section(loaded, installed, name), read_facts(job["facts"]), say)


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


def _contract(spec: str, settings: dict[str, object], facts: Facts, say: Say) -> None:
    class Told(Subject):
        def driver(self, **options: Any) -> Any:
            say(alive=True)
            return super().driver(**options)

    subject = Told(spec, settings, facts=cast("Mapping[str, object]", facts))
    for rule in RULES:
        say(rule=rule.name)
        try:
            rule.check(subject)
        except ContractFailure as failure:
            say(rule=rule.name, problem=failure.problem, mend=failure.mend)
            if failure.final:
                if failure.rule == rule.name != RULES[0].name:
                    say(rest=f"it must keep {failure.rule} first")
                return
        except NotTriedError as error:
            say(rule=rule.name, skipped=error.reason)
        else:
            say(rule=rule.name, problem="")


if __name__ == "__main__":
    main()
