"""The plugins that the documentation shows beside this one, with this one."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from audiohook_fw_genesys import Genesys, GenesysSettings
from audiohook_fw_genesys.sources import looked_up

from audiohook_fw.testing import CallDriver, FakePlatform, PlatformFault

DOCS = Path(__file__).resolve().parents[3] / "docs"
BLOCK = re.compile(r"^<!-- plugin (\w+) -->\n```python\n(.*?)^```$", re.M | re.S)


@pytest.fixture
def shown(audiohook_session: Callable[..., CallDriver], tmp_path: Path) -> Callable[..., CallDriver]:
    """Make a call of this plugin and the one that a page shows."""

    def make(page: str, platform: FakePlatform, conversation: str) -> CallDriver:
        ((name, code),) = BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        call = audiohook_session(
            Genesys,
            settings=platform.settings,
            others={name: str(tmp_path / f"{name}.py")},
            conversation_id=conversation,
        )
        call.run(platform.serve)
        return call

    return make


@pytest.mark.parametrize(("queue", "heard"), [("Sales", True), ("Support", False)])
def test_a_queue_that_is_found_later_decides(
    shown: Callable[..., CallDriver], queue: str, heard: bool
) -> None:
    platform = FakePlatform()
    conversation = platform.add_conversation()
    conversation.later(5.0, lambda: conversation.enter_queue(queue))
    call = shown("how-to/look-up-the-queue.md", platform, conversation.id)
    call.open()
    call.advance(4.0)
    assert call.paused
    assert not call.ended
    call.advance(10.0)
    assert (call.ended, call.paused) == ((False, False) if heard else (True, call.paused))
    call.run(platform.close)


def test_a_platform_that_is_down_decides_too(shown: Callable[..., CallDriver]) -> None:
    platform = FakePlatform(default_queue="Sales")
    platform.misbehave(PlatformFault(delay=60))
    call = shown("how-to/look-up-the-queue.md", platform, "4e0fd2c6-0000-4000-8000-000000000001")
    call.open()
    call.advance(7.5)
    assert not call.ended
    call.advance(1.0)
    assert call.ended
    call.run(platform.close)


def test_the_plugin_of_the_reference(shown: Callable[..., CallDriver]) -> None:
    platform = FakePlatform()
    conversation = platform.add_conversation(queue="Sales")
    call = shown("reference/context.md", platform, conversation.id)
    call.open()
    assert call.context["queue_wanted"] is True
    assert call.context["queue_id"] == conversation.queue_id
    call.run(platform.close)


def test_the_fake_platform_of_the_page(tmp_path: Path) -> None:
    page = (DOCS / "how-to/look-up-the-queue.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^<!-- fake -->\n```python\n(.*?)^```$", page, re.M | re.S)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as fake:
        try:
            assert fake.stdout is not None
            lines = [fake.stdout.readline() for _ in range(4)]
            settings = GenesysSettings.model_validate(tomllib.loads("".join(lines)))
            found = asyncio.run(looked_up(settings, "7d0a1d1c-0000-4000-8000-000000000000"))
        finally:
            fake.kill()
    assert isinstance(found, dict)
    assert found["queue"].startswith("Sales ")
