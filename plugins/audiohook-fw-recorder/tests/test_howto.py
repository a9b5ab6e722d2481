"""The how-to page on encryption: its commands open a recording."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from audiohook_fw_recorder.age import Recipients
from audiohook_fw_recorder.age_spool import AgeSpool

from audiohook_fw import MediaFormat
from audiohook_fw.audio import read_wav

PAGE = Path(__file__).resolve().parents[3] / "docs/how-to/encrypt-recordings.md"
STEREO = MediaFormat("PCMU", ("external", "internal"))

AGE = f"""#!{sys.executable}
# Stands in where the stock tool is not installed, with its arguments.
import argparse, pathlib, pyrage
parser = argparse.ArgumentParser()
parser.add_argument("--decrypt", action="store_true", required=True)
parser.add_argument("--identity", type=pathlib.Path, required=True)
parser.add_argument("--output", type=pathlib.Path, required=True)
parser.add_argument("file", type=pathlib.Path)
given = parser.parse_args()
secret = [line for line in given.identity.read_text().splitlines() if not line.startswith("#")]
keys = [pyrage.x25519.Identity.from_str(line) for line in secret]
given.output.write_bytes(pyrage.decrypt(given.file.read_bytes(), keys))
"""


def test_the_commands_of_the_page_open_a_recording(tmp_path: Path, key: Any) -> None:
    spool = AgeSpool(STEREO, Recipients([key.public]), byte_order="little")
    spool.begin(tmp_path / "recording.tar")
    audio = os.urandom(2 * 50_000)
    spool.write([12_345, audio])
    spool.close()
    (tmp_path / "key.txt").write_text(f"# public key: {key.public}\n{key.secret}\n")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "age").write_text(AGE)
    (tmp_path / "tools" / "age").chmod(0o700)
    commands = re.findall(
        r"^<!-- tried -->\n```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S
    )
    for command in commands:
        path = f"{os.environ['PATH']}:{tmp_path / 'tools'}"
        subprocess.run(["sh", "-e", "-c", command], cwd=tmp_path, env={"PATH": path}, check=True)
    wavs = [read_wav(path) for path in sorted(tmp_path.glob("*.wav"))]
    assert [path.name for path in sorted(tmp_path.glob("*.wav"))] == [
        "000000012345-000000052345.wav",
        "000000052345-000000062345.wav",
    ]
    assert b"".join(wav.payload for wav in wavs) == audio
