"""Who a recording belongs to: known while a process lives, and not after."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from audiohook_fw_recorder.owner import Owner, is_owned

HOLD = """
import sys
from pathlib import Path
from audiohook_fw_recorder.owner import Owner
owner = Owner(Path(sys.argv[1]))
owner.hold()
print(owner.token, flush=True)
sys.stdin.read()
"""


def test_an_owner_is_one_while_it_holds(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    assert not is_owned(tmp_path, owner.token)
    owner.hold()
    owner.hold()
    assert is_owned(tmp_path, owner.token)
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
    owner.release()
    owner.release()
    assert not is_owned(tmp_path, owner.token)
    assert list(tmp_path.iterdir()) == []


def test_another_process_owns_until_it_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        token = process.stdout.readline().strip()
        assert is_owned(tmp_path, token)
        process.kill()
        process.wait()
    assert len(list(tmp_path.iterdir())) == 1
    assert not is_owned(tmp_path, token)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_taken_away_is_made_anew(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    owner.hold()
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for path in tmp_path.iterdir():
        path.unlink()
    assert not is_owned(tmp_path, owner.token)
    owner.hold()
    assert is_owned(tmp_path, owner.token)
    assert before == (len(os.listdir("/proc/self/fd")) if before else 0)
    owner.release()


@pytest.mark.parametrize("token", ["", "../../etc/passwd", "0" * 15, "G" * 16, "0" * 16 + "\n"])
def test_no_token_leads_out_of_the_directory(tmp_path: Path, token: str) -> None:
    assert not is_owned(tmp_path, token)


def test_those_who_look_at_the_same_time_do_not_take_each_other_for_the_owner(tmp_path: Path) -> None:
    token = "0123456789abcdef"
    path = tmp_path / f".owner-{token}"
    path.touch(0o600)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # as another process does while it looks
        assert not is_owned(tmp_path, token)
