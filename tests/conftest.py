"""Fixtures for all tests of the core."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import audiohook_fw.telemetry.scrape  # noqa: F401  # else the first server imports it in a loop that is watched

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def tracked_files() -> list[Path]:
    """Every file of the repository that git knows; of an unpacked archive, every file."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\0")
        return sorted(path for name in listed if name and (path := ROOT / name).is_file())
    hidden = (path for path in ROOT.rglob("*") if path.is_file())
    return sorted(p for p in hidden if not any(x[0] == "." for x in p.relative_to(ROOT).parts))
