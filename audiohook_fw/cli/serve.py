"""`audiohook-fw serve`: the server as a process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from audiohook_fw.errors import AudiohookError

from .ending import bound_exit
from .errors import FAILURE, CommandError
from .help import examples
from .options import ConfigFile, PluginNames, PluginsDir

if TYPE_CHECKING:
    from audiohook_fw.config import Loaded
    from audiohook_fw.server import AudiohookServer

    from .reload import Reload

__all__ = ["register"]

logger = logging.getLogger(__name__)

_PORTS: Final = 65_535


def register(app: typer.Typer) -> None:
    """Add `serve`."""
    app.command(
        "serve",
        short_help="Run the server.",
        epilog=examples(
            "audiohook-fw serve --dev                 a server to play with, here only",
            "audiohook-fw serve -c audiohook.toml     with keys and settings in a file",
            "audiohook-fw serve --dev -p policy.py    with a plugin in a file",
            "audiohook-fw serve -p no:recorder        without one plugin",
            "AUDIOHOOK_TELEMETRY__LOG_FORMAT=json audiohook-fw serve",
        ),
    )(_serve)


def _serve(
    config: ConfigFile = None,
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", show_default=False, help="Listen here instead of at server.host."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=0,
            max=_PORTS,
            show_default=False,
            help="Listen here instead of at server.port; 0 takes a free port.",
        ),
    ] = None,
    plugin: PluginNames = None,
    plugins_dir: PluginsDir = None,
    dev: Annotated[
        bool,
        typer.Option(
            "--dev",
            help="Make a key for this run, print it with a ready simulate command, serve this machine only.",
        ),
    ] = False,
) -> None:
    """Take calls until SIGTERM or Ctrl-C, which lets running calls end; a second signal forces.

    SIGHUP reads keys and certificate again. Logs go to standard error. Exit status 0 after an
    orderly end, 1 after a forced one, 2 when the server could not start.
    With --dev it starts anew when the code of a plugin that -p or --plugins-dir names changes; calls
    that run then are ended.
    """
    from .environment import load_config

    earlier = threading.enumerate()
    given: dict[str, object] = {"server.host": host, "server.port": port}
    asked, status, reload = plugin or (), FAILURE, None

    def read() -> Loaded:
        return load_config(config, given, plugins=asked, plugins_dir=plugins_dir)

    try:
        if dev:
            from .reload import Reload

            reload = Reload.begin(config, asked, plugins_dir)
            given |= reload.overrides(read())
        status = _run(_read(read, asked), asked, read, reload)
    except AudiohookError as error:
        if reload is not None:
            reload.survive(error)
        raise
    finally:
        bound_exit(status, earlier)  # `earlier` ran before plugins did
    raise typer.Exit(status)


def _read(read: Callable[[], Loaded], asked: Sequence[str]) -> Loaded:
    """Return the configuration; raises `CommandError` when nobody could connect."""
    from .environment import NO_KEYS, look_at_plugins, takes_calls, warn_of

    loaded = warn_of(read())
    if not loaded.settings.auth.keys and not takes_calls(
        loaded, look_at_plugins(loaded, asked=asked).manager
    ):
        raise CommandError(NO_KEYS)  # before anything is logged: it is the only line
    return loaded


def _run(loaded: Loaded, asked: Sequence[str], read: Callable[[], Loaded], reload: Reload | None) -> int:
    """Run a server until it is told to end; return the exit status."""
    from audiohook_fw.plugin import load_plugins
    from audiohook_fw.server import AudiohookServer, run, serve
    from audiohook_fw.telemetry import setup, setup_logging

    from .cautions import cautions

    settings = loaded.settings
    setup_logging(settings.telemetry.log_level, settings.telemetry.log_format)
    telemetry = setup(settings.telemetry, node=settings.server.node)
    try:
        plugins = load_plugins(
            settings.plugins,
            loaded.plugin_section,
            settings.limits,
            asked=asked,
            metrics=telemetry.metrics,
            personal_data=settings.telemetry.personal_data,
        )

        for text in cautions(loaded, plugins):
            logger.warning("%s", text)

        def make(on_drain: Callable[[], None]) -> AudiohookServer:
            if reload is not None:
                reload.ask = on_drain
            return AudiohookServer(
                loaded,
                plugins,
                metrics=telemetry.metrics,
                tracing=telemetry.tracing,
                reread=read,
                admin_token=reload.key.admin_token if reload else None,
                on_drain=on_drain,
            )

        if reload is None:
            return run(serve(make, started=_show))
        status = run(
            serve(make, started=lambda server: reload.started(server, loaded), in_haste=reload.is_due)
        )
    finally:
        telemetry.shutdown()
    reload.ended()
    return status


def _show(server: AudiohookServer) -> None:
    """Log what runs; where it listens and where the admin token lies, the server has logged itself."""
    plugins = ", ".join(f"{record.name} {record.status}" for record in server.plugins.records)
    logger.info("plugins: %s", plugins or "none")
