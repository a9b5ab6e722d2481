"""`audiohook-fw config show|check|schema|init`: the settings that count, and what is wrong with them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .errors import FAILURE, CommandError, warn
from .help import examples, show_help
from .options import ConfigFile, Json

if TYPE_CHECKING:
    from audiohook_fw.config import Loaded
    from audiohook_fw.errors import ConfigError
    from audiohook_fw.plugin import PluginRecord

    from .environment import Installed

__all__ = ["problems", "register"]


def register(app: typer.Typer) -> None:
    """Add `config`."""
    config = typer.Typer(invoke_without_command=True, help="Show, check and begin the settings.")
    config.callback()(show_help)
    config.command(
        "show",
        short_help="Print every setting, its value and its source.",
        epilog=examples("audiohook-fw config show", "AUDIOHOOK_SERVER__PORT=9000 audiohook-fw config show"),
    )(_show)
    config.command(
        "check",
        short_help="Check all settings, those of plugins included.",
        epilog=examples("audiohook-fw config check --config audiohook.toml"),
    )(_check)
    config.command(
        "schema",
        short_help="Print the JSON Schema of audiohook.toml.",
        epilog=examples("audiohook-fw config schema > audiohook.schema.json"),
    )(_schema)
    config.command(
        "init",
        short_help="Write an audiohook.toml to begin with.",
        epilog=examples("audiohook-fw config init", "audiohook-fw keys new >> audiohook.toml"),
    )(_init)
    app.add_typer(config, name="config")


def _show(config: ConfigFile = None, as_json: Json = False) -> None:
    """Print every setting, its value, and where it came from if it is not the default.

    Secrets are hidden. Settings come from the command line, the environment
    (AUDIOHOOK_SERVER__PORT=8080), .env, the secrets directory and audiohook.toml, in this order.
    """
    from audiohook_fw.config import show_dict, show_toml

    loaded, installed = _look(config)
    if as_json:
        typer.echo(json.dumps(show_dict(loaded, installed.models), indent=2, ensure_ascii=False))
    else:
        typer.echo(show_toml(loaded, installed.models), nl=False)


def _check(config: ConfigFile = None, as_json: Json = False) -> None:
    """Check all settings, those of plugins included, and whether the plugins load.

    Exit status 2 and a line for each problem if there are any; a warning for what a server would warn of.
    """
    from audiohook_fw.config import ConfigErrors

    from .cautions import cautions
    from .environment import NO_KEYS, takes_calls

    found: list[ConfigError] = []
    summary = ""
    try:
        loaded, installed = _look(config)
        found = list(problems(loaded, installed))
        if not takes_calls(loaded, installed.manager):
            warn(NO_KEYS)
        if not found:
            for text in cautions(loaded, installed.manager):
                warn(text)
        summary = f"No problems found; {_count(installed.records)} would run."
    except ConfigErrors as error:
        found = list(error.errors)
    if as_json:
        listed = [{"setting": p.setting, "problem": p.problem, "source": p.source} for p in found]
        typer.echo(json.dumps({"ok": not found, "problems": listed}, indent=2, ensure_ascii=False))
        raise typer.Exit(FAILURE if found else 0)
    if found:
        raise ConfigErrors(found)
    typer.echo(summary)


def _schema(config: ConfigFile = None) -> None:
    """Print the JSON Schema of audiohook.toml, with a section for each plugin that is found."""
    from audiohook_fw.config import schema

    typer.echo(json.dumps(schema(_look(config)[1].models), indent=2, ensure_ascii=False))


def _init(
    file: Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The file to write.")] = Path(
        "audiohook.toml"
    ),
    stdout: Annotated[bool, typer.Option("--stdout", help="Print it instead.")] = False,
) -> None:
    """Write an audiohook.toml in which every setting stands as a comment, with its default.

    A file that exists is left alone. Only its owner may read it: keys will stand in it.
    """
    from audiohook_fw.config import Loaded, Settings, init_text

    from .environment import look_at_plugins

    text = init_text(look_at_plugins(Loaded.of(Settings())).models)
    if stdout:
        typer.echo(text, nl=False)
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{file} exists; name another with --config, or print with --stdout") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    typer.echo(f"Wrote {file}. Next: audiohook-fw keys new >> {file}")


def problems(loaded: Loaded, installed: Installed) -> Iterator[ConfigError]:
    """Yield what is wrong with plugins and their sections, and with the TLS files. Reads those."""
    from audiohook_fw.errors import ConfigError
    from audiohook_fw.plugin import PluginStatus

    from .cautions import unknown_sections

    yield from _wrong_tls(loaded)
    records = {record.name: record for record in installed.records}
    yield from unknown_sections(loaded, installed.manager)
    for name in loaded.settings.plugins.required:
        if name not in records or records[name].status is not PluginStatus.ACTIVE:
            verdict = records[name].verdict if name in records else "is not installed"
            yield ConfigError("plugins.required", f"{name} {verdict}")
    for record in installed.records:
        if record.status is PluginStatus.INVALID_CONFIG:
            yield from _wrong_section(loaded, installed, record)
        elif record.status in (PluginStatus.FAILED, PluginStatus.INCOMPATIBLE):
            yield ConfigError(f"plugins.{record.name}", f"{record.verdict}: {record.error}")


def _look(config: Path | None) -> tuple[Loaded, Installed]:
    from .environment import load_config, look_at_plugins, warn_of

    loaded = warn_of(load_config(config))
    return loaded, look_at_plugins(loaded)


def _wrong_tls(loaded: Loaded) -> Iterator[ConfigError]:
    if loaded.settings.server.tls_certificate is None:
        return
    from audiohook_fw.errors import ConfigError
    from audiohook_fw.server import make_tls

    try:
        make_tls(loaded.settings.server)
    except ConfigError as error:
        yield ConfigError(error.setting, error.problem, source=loaded.source_of(error.setting))


def _wrong_section(loaded: Loaded, installed: Installed, record: PluginRecord) -> Iterator[ConfigError]:
    from audiohook_fw.config import ConfigErrors
    from audiohook_fw.errors import ConfigError

    setting = f"plugins.{record.name}"
    model = installed.models.get(record.name)
    if model is None:
        yield ConfigError(setting, "this plugin has no settings; remove the section")
        return
    try:
        loaded.plugin_section(record.name, model)
    except ConfigErrors as error:
        yield from error.errors
    except Exception:  # a validator of the plugin that raises what it should not; the record says so
        yield ConfigError(setting, record.error)


def _count(records: tuple[PluginRecord, ...]) -> str:
    active = sum(record.order >= 0 for record in records)
    return f"{active} plugin{'' if active == 1 else 's'}"
