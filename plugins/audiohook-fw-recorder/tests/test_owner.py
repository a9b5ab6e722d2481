"""Who a recording belongs to: known while a process lives, and not after."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from audiohook_fw_recorder.owner import Owner, is_owned, only_one

HOLD = """
import sys
import threading
import time
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


def test_no_owner_is_taken_for_a_dead_one_while_it_makes_its_file(tmp_path: Path) -> None:
    stopping = threading.Event()

    def look() -> None:
        while not stopping.is_set():
            for path in tmp_path.glob(".owner-*"):
                is_owned(tmp_path, path.name.removeprefix(".owner-"))

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(500):
            owner = Owner(tmp_path)
            owner.hold()
            assert owner.is_here()
            assert is_owned(tmp_path, owner.token)
            owner.release()
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def test_one_at_a_time_has_its_turn(tmp_path: Path) -> None:
    inside = most = 0

    def enter() -> None:
        nonlocal inside, most
        for _ in range(20):
            with only_one(tmp_path):
                inside += 1
                most = max(most, inside)
                time.sleep(0.0005)
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, inside) == (1, 0)
