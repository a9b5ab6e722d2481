"""The page that shows how to test a plugin: all its Python, put together, is a test module that passes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from audiohook_fw.testing import RULES

PAGE = Path(__file__).parents[2] / "docs/how-to/test-a-plugin.md"


def test_all_of_it_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) > 7
    (tmp_path / "test_page.py").write_text("\n\n".join(blocks), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
    ]
    done = subprocess.run(
        [*command, "-c", "/dev/null", "--rootdir", str(tmp_path), "-s", "test_page.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    tests = sum(block.count("\ndef test_") for block in ("\n" + b for b in blocks)) + 2 * len(RULES)
    assert f"{tests} passed" in done.stdout, done.stdout + done.stderr
    assert "[TooLoud(" in done.stdout  # what the last block prints


def test_the_message_it_quotes_is_a_real_one() -> None:
    quoted = re.search(r"^contract rule `(.*?)`: .*\n  mend: (.*)$", PAGE.read_text(encoding="utf-8"), re.M)
    assert quoted is not None
    assert quoted[1] in {rule.name for rule in RULES}
    assert quoted[2] == "make the hook async and await asyncio.sleep(seconds)"
