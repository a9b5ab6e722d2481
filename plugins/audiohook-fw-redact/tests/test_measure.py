"""Recall and precision on what `measure.py` makes; the command is the one of the README."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("seed", [1, 2])
def test_figures(seed: int) -> None:
    command = [sys.executable, str(Path(__file__).with_name("measure.py")), "--json", "--seed", str(seed)]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=110).stdout)
    assert figures["kinds"].keys() == {"card", "phone", "email", "national_id", "iban", "birth_date"}
    assert figures["kinds"]["card"] == 1
    assert figures["recall"] >= 0.98
    assert figures["precision"] >= 0.95
