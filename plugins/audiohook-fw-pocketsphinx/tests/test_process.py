"""The child process by itself: what ends it, and what it sees of the server."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from audiohook_fw_pocketsphinx.process import DecoderProcess


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[DecoderProcess]:
    monkeypatch.setenv("AUDIOHOOK_AUTH__KEYS", "a secret")
    process = DecoderProcess({})
    yield process
    process.kill()
    process.reap()


def test_signals_to_all_leave_it_alive_and_its_servers_end_does_not(process: DecoderProcess) -> None:
    assert process.ask(b"r") == []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(process.pid, number)
        assert process.ask(b"r") == []
    requests = process._process.stdin
    assert requests is not None
    requests.close()  # as when the server is killed
    assert process._process.wait(60) == 0


def test_it_sees_no_settings_of_the_server(process: DecoderProcess) -> None:
    process.ask(b"r")
    environment = Path(f"/proc/{process.pid}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"AUDIOHOOK_" not in environment
