"""The demo from beginning to end: server, calls, checks, table."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from audiohook_fw.client import CallReport, Decision, run_call
from audiohook_fw.server import run

from ..program import command_line
from .checks import check_all
from .script import NAMES, Scene, scenes
from .show import Screen
from .stage import Stage, stage

__all__ = ["play", "play_calls"]

_NEXT: Final = (
    (("serve", "--dev"), "a server to play with"),
    (("plugins",), "what is installed"),
)


def play(into: Path, speed: float, screen: Screen) -> bool:
    """Play the demo; return whether everything was as it should be. Blocks until it is over.

    Args:
        into: where recordings go. speed: seconds of call time in one second.

    Raises:
        CommandError, PluginError: the recorder is missing or cannot start.
    """
    screen.title("A real server, simulated Genesys calls over real WebSockets, a real recording")
    reports = play_calls(into, speed, screen)
    path = into / f"{reports[-1].ids.session}.wav"
    screen.title("What must be so")
    good = screen.checks(check_all(*reports, into))
    screen.title("Calls, in call time")
    screen.calls(zip(NAMES, reports, (None, None, path if path.exists() else None), strict=True))
    if path.exists():
        screen.title("Recording")
        screen.line(f"  {path}")
        screen.line(f"  {path.with_suffix('.json')}")
    _finish(screen, good=good)
    return good


def play_calls(into: Path, speed: float, screen: Screen) -> tuple[CallReport, CallReport, CallReport]:
    """Play the three calls; return their reports (probe, declined, recorded) once the server has stopped.

    Raises:
        CommandError, PluginError: the recorder is missing or cannot start.
    """
    return run(_calls(into, speed, screen))


def _finish(screen: Screen, *, good: bool) -> None:
    if not good:
        screen.title("Something is not as it should be: see the marks above.")
        return
    screen.title("Next")
    commands = [command_line(*args) for args, _ in _NEXT]
    for command, (_, why) in zip(commands, _NEXT, strict=True):
        screen.line(f"  {command.ljust(max(map(len, commands)))}   {why}")


async def _calls(into: Path, speed: float, screen: Screen) -> tuple[CallReport, CallReport, CallReport]:
    """Play all calls, one after the other; return their reports once the server has stopped."""
    async with stage(into, speed) as it:
        _introduce(it, screen)
        probe, declined, recorded = scenes(it.server.url, it.api_key, it.secret, speed)
        return (
            await _play(probe, screen, Decision.PROBE_OK),
            await _play(declined, screen, Decision.REJECTED),
            await _play(recorded, screen, Decision.ACCEPTED),
        )


def _introduce(stage: Stage, screen: Screen) -> None:
    names = [
        f"{record.name} ({record.status})" for record in stage.server.plugins.records if record.order >= 0
    ]
    screen.done("server", stage.server.url)
    screen.done("plugins", ", ".join(names))


async def _play(scene: Scene, screen: Screen, expected: Decision) -> CallReport:
    report = await _watched(scene, screen)
    good = report.problem is None and report.decision is expected
    screen.done(scene.name, f"{scene.purpose}: {report.outcome()}", good=good)
    return report


async def _watched(scene: Scene, screen: Screen) -> CallReport:
    watchers: list[asyncio.Task[None]] = []
    try:
        return await run_call(
            scene.options,
            on_start=lambda call: watchers.append(
                asyncio.create_task(screen.watch(call, scene.options.duration), name="demo-watch")
            ),
        )
    finally:
        for watcher in watchers:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher
