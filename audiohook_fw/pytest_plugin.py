"""The fixtures of `audiohook_fw.testing`, for pytest: it finds them wherever this package is installed.

pytest imports this module in every run of such an environment, so it imports nothing of ours by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from audiohook_fw.client import CallReport
    from audiohook_fw.testing import CallAudio, CallDriver, FakePlatform, ServerThread

__all__ = [
    "audiohook_call",
    "audiohook_client",
    "audiohook_platform",
    "audiohook_server",
    "audiohook_session",
]


@pytest.fixture
def audiohook_session() -> Iterator[Callable[..., CallDriver]]:
    """Make a call of a plugin, driven by hand: `call = audiohook_session(MyPlugin, settings={…})`."""
    from audiohook_fw.testing import CallDriver

    made: list[CallDriver] = []

    def make(plugin: object, **options: object) -> CallDriver:
        made.append(CallDriver(plugin, **options))  # type: ignore[arg-type]  # it checks them itself
        return made[-1]

    yield make
    _all(driver.shutdown for driver in made)


@pytest.fixture
def audiohook_server() -> Iterator[Callable[..., ServerThread]]:
    """Start a real server with only these plugins: `server = audiohook_server(MyPlugin, settings={…})`."""
    from audiohook_fw.testing import ServerThread

    made: list[ServerThread] = []

    def make(*plugins: object, **options: object) -> ServerThread:
        server = ServerThread(*plugins, **options)  # type: ignore[arg-type]  # it checks them itself
        server.start()
        made.append(server)
        return server

    yield make
    _all(server.stop for server in made)


@pytest.fixture
def audiohook_client() -> Callable[..., CallReport]:
    """Play a scripted call: `report = audiohook_client(server, "pause@1, resume@2", audio=…)`."""
    from audiohook_fw.testing import play_call

    return play_call


@pytest.fixture
def audiohook_platform() -> Iterator[Callable[..., FakePlatform]]:
    """Start a fake Genesys Cloud Platform API: `platform = audiohook_platform(default_queue="Sales")`."""
    from audiohook_fw.testing import FakePlatform

    made: list[FakePlatform] = []

    def make(**options: object) -> FakePlatform:
        platform = FakePlatform(**options)  # type: ignore[arg-type]  # it checks them itself
        platform.start()
        made.append(platform)
        return platform

    yield make
    _all(platform.stop for platform in made)


@pytest.fixture
def audiohook_call() -> type[CallAudio]:
    """Make audio: `audiohook_call.tone(2)`, `.silence(2)`, `.conversation()`, `.wav(path)`."""
    from audiohook_fw.testing import CallAudio

    return CallAudio


def _all(steps: Iterator[Callable[[], None]]) -> None:
    """Do every step, whatever the ones before it raise; then raise the first of it."""
    problems: list[BaseException] = []
    for step in steps:
        try:
            step()
        except BaseException as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
