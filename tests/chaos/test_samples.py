"""A minute of chaos, two drains and some kills: the code of `make chaos` and `make drains`, with one seed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def run(*arguments: str) -> str:
    """Run the harness as a program, with more patience: the machine may be busy."""
    command = [sys.executable, "-m", "chaos", *arguments, "--seed", "sample", "--patience", "5"]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=560)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(600)
def test_a_minute_of_chaos() -> None:
    report = run("calls", "--seconds", "60", "--round", "20", "--together", "10")
    for behaviour in ("plain", "bad message", "bad request"):  # at any speed, these come
        assert f"| {behaviour} |" in report
    assert "| on_end comes once for an accepted call |" in report


@pytest.mark.timeout(600)
def test_two_drains() -> None:
    report = run("drains", "--drains", "2")
    assert report.startswith("seed sample")
    assert "2 drains, " in report
    assert "| after `reconnect`, disconnected |" in report


@pytest.mark.timeout(600)
@pytest.mark.parametrize("keep", ["disk", "s3", "age"])
def test_three_kills(keep: str) -> None:
    report = run("kills", "--kills", "3", "--keep", keep)
    assert "3 kills under " in report
    assert "| while calls end and are finished | 1 |" in report
    assert "| recordings of running calls |" in report
    for invariant in ("all is kept but the end", "what is kept is what was said, to the sample"):
        assert f"| {invariant} |" in report
