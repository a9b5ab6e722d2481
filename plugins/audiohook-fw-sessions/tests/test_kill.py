"""A sample of `kill.py`: what a killed server knew is known, once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("kill.py")


@pytest.mark.timeout(400)
def test_killed_servers_leave_all_calls_and_recordings(place: Any) -> None:
    url = () if place.is_file else ("--url", place.url)
    command = [sys.executable, str(PROGRAM), "--kills", "3", "--calls", "10", *url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=390)
    assert done.returncode == 0, done.stdout + done.stderr
