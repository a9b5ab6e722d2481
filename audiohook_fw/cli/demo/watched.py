"""Plays one call of the demo, and shows what happens in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from audiohook_fw.client import CallReport, Closing, run_call

from .script import Scene
from .show import Screen

__all__ = ["play_scene"]


async def play_scene(scene: Scene, screen: Screen, is_right: Callable[[CallReport], bool]) -> CallReport:
    """Play a call; return its report. Cancelling it breaks the call off and leaves nothing behind.

    Args:
        is_right: tells whether the mark on the screen is a good one.
    """
    report = await _watched(scene, screen)
    outcome = report.outcome()
    if report.closing is Closing.REFUSED:  # what follows is advice for those who did not want that
        outcome = outcome.partition(":")[0]
    screen.done(scene.name, f"{scene.purpose}: {outcome}", good=is_right(report))
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
