"""The demo from beginning to end: three acts of calls, their checks, one table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from audiohook_fw.client import CallReport, Decision
from audiohook_fw.server import run

from ..program import command_line
from .checks import check_all
from .choice import Choice, play_choice
from .choice_script import CURRENCY, PRICE
from .choice_stage import missing_plugins
from .script import NAMES, Scene, scenes
from .show import Screen
from .speech import Speech, play_speech
from .speech_stage import missing_plugins as missing_speech_plugins
from .speech_stage import model_directory
from .stage import stage
from .watched import play_scene

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
        CommandError, PluginError: a plugin is missing or cannot start.
    """
    screen.title("A real server, simulated Genesys calls over real WebSockets, a real recording")
    reports = play_calls(into, speed, screen)
    screen.title("What must be so")
    good = screen.checks(check_all(*reports, into))
    path = into / f"{reports[-1].ids.session}.wav"
    rows = [*zip(NAMES, reports, (None, None, path if path.exists() else None), strict=True)]
    screen.title("Which calls, from where, at what cost")
    if missing := missing_plugins():
        _tell_missing(missing, screen)
    else:
        choice = play_choice(into, speed, screen)
        good = _show_choice(choice, screen) and good
        rows += choice.rows()
    screen.title("What was said, by whom")
    if (speech := _play_speech(into, speed, screen)) is not None:
        screen.title("What must be so")
        good = screen.checks(speech.checks()) and good
        rows += speech.rows()
    screen.title("Calls, in call time")
    screen.calls(rows)
    _show_recordings([path for _, _, path in rows if path is not None], screen)
    if speech is not None:
        screen.title("What was said, as text, JSON and WebVTT")
        screen.line(f"  {speech.conversations}")
    _finish(screen, good=good)
    return good


def play_calls(into: Path, speed: float, screen: Screen) -> tuple[CallReport, CallReport, CallReport]:
    """Play the first act; return its reports (probe, declined, recorded) once the server has stopped.

    Raises:
        CommandError, PluginError: the recorder is missing or cannot start.
    """
    return run(_calls(into, speed, screen))


async def _calls(into: Path, speed: float, screen: Screen) -> tuple[CallReport, CallReport, CallReport]:
    """Play all calls, one after the other; return their reports once the server has stopped."""
    async with stage(into, speed) as it:
        screen.introduce(it.server)
        probe, declined, recorded = scenes(it.server.url, it.key.api_key, it.key.secret, speed)
        return (
            await _play(probe, screen, Decision.PROBE_OK),
            await _play(declined, screen, Decision.REJECTED),
            await _play(recorded, screen, Decision.ACCEPTED),
        )


async def _play(scene: Scene, screen: Screen, expected: Decision) -> CallReport:
    return await play_scene(
        scene, screen, lambda report: report.problem is None and report.decision is expected
    )


def _tell_missing(missing: list[str], screen: Screen) -> None:
    packages = " ".join(f"audiohook-fw-{name}" for name in missing)
    folders = " ".join(f"./plugins/audiohook-fw-{name}" for name in missing)
    screen.line(
        f"  to see this, too: pip install {packages} (in a clone of audiohook_fw: pip install {folders})"
    )


def _show_choice(choice: Choice, screen: Screen) -> bool:
    screen.title("What must be so")
    good = screen.checks(choice.checks())
    screen.title(f"What it cost, at {PRICE} {CURRENCY} a minute")
    screen.line(f"  $ {command_line(*choice.command)}")
    for line in choice.table.splitlines():
        screen.line(f"  {line}")
    return good


def _show_recordings(paths: Sequence[Path], screen: Screen) -> None:
    if paths:
        screen.title("Recordings")
    for path in paths:
        screen.line(f"  {path}")
        screen.line(f"  {path.with_suffix('.json')}")


def _play_speech(into: Path, speed: float, screen: Screen) -> Speech | None:
    model = model_directory()
    if missing := missing_speech_plugins():
        _tell_missing(missing, screen)
    elif model is None:
        screen.line("  to see this, too: make model (in a clone of audiohook_fw)")
    else:
        return play_speech(into, speed, model, screen)
    return None


def _finish(screen: Screen, *, good: bool) -> None:
    if not good:
        screen.title("Something is not as it should be: see the marks above.")
        return
    screen.title("Next")
    commands = [command_line(*args) for args, _ in _NEXT]
    for command, (_, why) in zip(commands, _NEXT, strict=True):
        screen.line(f"  {command.ljust(max(map(len, commands)))}   {why}")
