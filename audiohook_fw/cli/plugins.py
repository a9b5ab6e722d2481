"""`audiohook-fw plugins`: what was found, what became of it and why, without starting any plugin."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import typer

from .errors import warn
from .help import examples
from .options import ConfigFile, Json, PluginNames, PluginsDir

if TYPE_CHECKING:
    from audiohook_fw.plugin import PluginRecord

__all__ = ["as_dict", "as_table", "register"]


_WIDTH: Final = 80
_NARROWEST: Final = 40


def register(app: typer.Typer) -> None:
    """Add `plugins`."""
    app.command(
        "plugins",
        short_help="List the plugins: what they do, and why one does not run.",
        epilog=examples(
            "audiohook-fw plugins",
            "audiohook-fw plugins -p policy.py     would this file load?",
            "audiohook-fw plugins --json | jq '.[] | {name, status, error}'",
        ),
    )(_plugins)


def _plugins(
    config: ConfigFile = None,
    plugin: PluginNames = None,
    plugins_dir: PluginsDir = None,
    as_json: Json = False,
) -> None:
    """List the plugins: status, hooks and how each is called, events, and why one does not run.

    Exit status 2 if one that -p names does not load.
    """
    from audiohook_fw.plugin import check_asked

    from .environment import load_config, look_at_plugins, warn_of

    loaded = load_config(config, plugins=plugin or (), plugins_dir=plugins_dir)
    installed = look_at_plugins(warn_of(loaded))
    listed = {f"plugin {record.name} {note}" for record in installed.records for note in record.notes}
    for note in installed.notes:
        if note not in listed:
            warn(note)
    if as_json:
        typer.echo(json.dumps([as_dict(record) for record in installed.records], indent=2))
    elif installed.records:
        width = shutil.get_terminal_size((_WIDTH, 0)).columns
        typer.echo("\n".join(as_table(installed.records, max(width, _NARROWEST))))
    else:
        typer.echo(
            "No plugins found. Install one, such as: pip install audiohook-fw-recorder\n"
            "(in a clone of audiohook_fw: pip install ./plugins/audiohook-fw-recorder),\n"
            "or begin one of your own: audiohook-fw plugin new NAME"
        )
    check_asked(plugin or (), installed.records)


def as_dict(record: PluginRecord) -> dict[str, Any]:
    """Return a record as JSON types."""
    info = record.info
    return {
        "name": record.name,
        "version": record.version,
        "distribution": record.distribution,
        "source": record.source,
        "status": record.status.value,
        "error": record.error,
        "notes": list(record.notes),
        "order": record.order,
        "summary": info.summary,
        "hooks": {hook: delivery.value for hook, delivery in record.hooks.items()},
        "consumes": _consumed(record),
        "emits": _names(info.emits),
        "on_failure": info.on_failure.value,
        "overflow": info.overflow.value,
        "max_lag": info.max_lag,
        "hook_api": info.hook_api,
    }


def as_table(records: Sequence[PluginRecord], width: int = _WIDTH) -> Iterator[str]:
    """Yield the lines of a table: a row for each plugin, and its details below."""
    rows = [("NAME", "STATUS", "VERSION", "FROM")]
    rows += [(r.name, r.status.value, r.version or "-", r.distribution or r.source) for r in records]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for index, row in enumerate(rows):
        cells = [cell.ljust(size) for cell, size in zip(row, widths, strict=False)]
        line = "  ".join([*cells, row[3]])
        fits = len(line) <= width
        yield line if fits else "  ".join(cells).rstrip()
        if index:
            yield from _details(records[index - 1], width, origin="" if fits else row[3])


def _details(record: PluginRecord, width: int, origin: str) -> Iterator[str]:
    by_delivery: dict[str, list[str]] = {}
    for hook, delivery in record.hooks.items():
        by_delivery.setdefault(delivery.value, []).append(hook)
    consumed, emitted = _consumed(record), _names(record.info.emits)
    facts = [
        ("from", origin),
        ("reason", record.error),
        *(("note", text) for text in record.notes),
        ("does", record.info.summary),
        *(
            ("" if i else "hooks", f"{d}: {', '.join(hooks)}")
            for i, (d, hooks) in enumerate(by_delivery.items())
        ),
        ("consumes", ", ".join(consumed)),
        ("emits", ", ".join(emitted)),
    ]
    for title, text in facts:
        if text:
            yield from textwrap.wrap(
                text,
                width,
                initial_indent=f"  {title:<10}",
                subsequent_indent=" " * 12,
                break_on_hyphens=False,
            )


def _consumed(record: PluginRecord) -> list[str]:
    """Return the events that reach the plugin: by default every one, if it has `on_event`."""
    if "on_event" not in record.hooks:
        return []
    return _names(record.info.consumes) or ["*"]


def _names(events: Sequence[Any]) -> list[str]:
    return sorted(event if isinstance(event, str) else event.event_type for event in events)
