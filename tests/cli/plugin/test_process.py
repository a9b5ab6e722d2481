"""The process that a plugin is tried in: it never outlives the command, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from audiohook_fw.cli.plugin.process import Probing

PATIENCE = 300.0
"""Seconds that are enough on any machine."""

PLUGIN = """
import os, subprocess, time
from audiohook_fw import hookimpl

child = subprocess.Popen(["sleep", "600"])
with open({note!r}, "w") as file:
    file.write(f"{{os.getpid()}} {{child.pid}}\\n")
{hang}
"""
WAITS = "time.sleep(600)"
STUCK = "sum(iter(int, 1))  # and no other thread gets a turn"


@pytest.fixture
def checked(place, tmp_path):
    """Check a plugin that hangs, as a process; return that process and the ids of those below it."""
    left = []

    def go(hang, *args, before=lambda: None):
        note = tmp_path / "pids"
        (place / "hangs.py").write_text(PLUGIN.format(note=str(note), hang=hang), encoding="utf-8")
        command = [sys.executable, "-m", "audiohook_fw", "plugin", "check", "hangs.py", *args]
        parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=before)
        left.append(parent.pid)
        until = time.monotonic() + PATIENCE
        while not (note.exists() and note.read_text(encoding="utf-8").endswith("\n")):
            assert parent.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        pids = [int(pid) for pid in note.read_text(encoding="utf-8").split()]
        left.extend(pids)
        return parent, pids

    yield go
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _end(pids):
    """Tell whether processes are gone, or dead ones that nobody asked after."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if not any(_runs(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("hang", [WAITS, STUCK], ids=["waits", "stuck"])
def test_it_ends_with_the_command_that_is_ended(checked, hang, number):
    parent, pids = checked(hang, "--timeout", "3600")
    parent.send_signal(number)
    assert parent.wait(PATIENCE) == 128 + number
    assert _end(pids)


def test_it_ends_with_the_command_that_is_killed(checked):
    parent, pids = checked(WAITS, "--timeout", "3600")
    parent.kill()
    parent.wait(PATIENCE)
    assert _end(pids)


def test_it_ends_by_itself_where_no_thread_can_tell_it(checked):
    parent, (pid, _) = checked(STUCK, "--timeout", "3")
    parent.kill()
    parent.wait(PATIENCE)
    assert _end([pid])


def test_who_ignores_a_signal_goes_on_ignoring_it(checked):
    parent, pids = checked(WAITS, before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    parent.send_signal(signal.SIGHUP)
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(PATIENCE) == 128 + signal.SIGTERM
    assert _end(pids)


def test_signals_are_left_as_they_were():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    with Probing("{}"):
        assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before


def test_in_another_thread_signals_are_not_its_business():
    seen = []

    def probe():
        with Probing("{}"):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=probe)
    thread.start()
    thread.join(PATIENCE)
    assert seen == [signal.getsignal(signal.SIGTERM)]
