"""The file with the admin token."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audiohook_fw.errors import ConfigError
from audiohook_fw.server.admin_token import read_or_make_token


def test_missing_file_is_made_for_its_owner_only(free_path: Path) -> None:
    previous = os.umask(0)
    try:
        token = read_or_make_token(free_path)
    finally:
        os.umask(previous)
    assert len(token) >= 32
    assert free_path.read_text().strip() == token
    assert stat.S_IMODE(free_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(free_path.parent.stat().st_mode) == 0o700
    assert os.listdir(free_path.parent) == ["admin-token"]


def test_token_stays_the_same(free_path: Path) -> None:
    assert read_or_make_token(free_path) == read_or_make_token(free_path)


def test_own_token_is_used(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("  a token of my own choice\n")
    assert read_or_make_token(path) == "a token of my own choice"


def test_servers_that_start_at_once_agree(free_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(read_or_make_token, [free_path] * 32))
    assert len(tokens) == 1


@pytest.mark.parametrize("content", [b"", b"short\n", "µ-law is no token for HTTP".encode(), b"\xff" * 40])
def test_token_that_is_no_good_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"^server\.admin_token_file: ") as caught:
        read_or_make_token(path)
    assert "short" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"^server\.admin_token_file: cannot use "):
        read_or_make_token(tmp_path / "file" / "token")
