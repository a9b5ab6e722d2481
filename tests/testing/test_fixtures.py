"""The fixtures, in a pytest of their own: found by the entry point, light to import, tidy at the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import asyncio, urllib.request
import pytest
from audiohook_fw import Session, SpeechStarted, hookimpl
from audiohook_fw.client import Decision

class Greeter:
    stopped = []

    @hookimpl
    async def on_startup(self, server):
        await asyncio.sleep(0)

    @hookimpl
    def on_shutdown(self, server):
        self.stopped.append(self)

    @hookimpl
    def on_audio(self, session: Session, frame):
        session.emit(SpeechStarted(channel="external", start=frame.position))

def test_session(audiohook_session, audiohook_call):
    call = audiohook_session(Greeter)
    call.open()
    call.audio(audiohook_call.tone(0.4))
    assert [event.start for event in call.emitted] == [0, 1600]

def test_server_and_client(audiohook_server, audiohook_client, audiohook_call):
    assert len(Greeter.stopped) == 1  # by the end of the test before
    server = audiohook_server(Greeter)
    report = audiohook_client(server, "pause@0.5, resume@1", audio=audiohook_call.silence(2))
    assert report.decision is Decision.ACCEPTED
    assert report.sent["paused"] == 1
    with urllib.request.urlopen(server.http_url + "/health/live") as answer:
        assert answer.status == 200
    with urllib.request.urlopen(server.admin_url + "/health/ready") as answer:
        assert answer.status == 200

def test_server_stopped():
    assert len(Greeter.stopped) == 2

class Late:
    @hookimpl
    async def on_end(self, session):
        raise OSError("disk")

def test_a_late_fault_fails_at_teardown(audiohook_session):
    audiohook_session(Late).open()

@pytest.fixture
def other():
    pass
"""


def _pytest(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True)


def test_the_fixtures_in_plain_tests(tmp_path: Path) -> None:
    """Without pytest-asyncio, and without this repository's configuration."""
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    done = _pytest(
        tmp_path, "-p", "no:asyncio", "-q", "-W", "error", "--rootdir", str(tmp_path), "test_it.py"
    )
    assert "4 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "raised by plugin late in on_end" in done.stdout


def test_all_fixtures_are_prefixed_and_documented(tmp_path: Path) -> None:
    listed = _pytest(tmp_path, "--fixtures", "-q").stdout
    ours = listed.partition("fixtures defined from audiohook_fw.pytest_plugin")[2].partition("fixtures def")[
        0
    ]
    names = [line.partition(" ")[0] for line in ours.splitlines() if line and line[0] not in "- "]
    assert names == [
        "audiohook_session",
        "audiohook_server",
        "audiohook_client",
        "audiohook_platform",
        "audiohook_call",
    ]
    assert "no docstring" not in ours


@pytest.mark.parametrize("heavy", ["numpy", "aiohttp", "pydantic", "opentelemetry", "audiohook_fw.testing"])
def test_the_entry_point_is_light(heavy: str) -> None:
    code = f"import sys, audiohook_fw.pytest_plugin; print({heavy!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_core_does_without_pytest() -> None:
    code = "import sys; sys.modules['pytest'] = None; import audiohook_fw.testing, audiohook_fw.cli.main"
    subprocess.run([sys.executable, "-c", code], check=True)
