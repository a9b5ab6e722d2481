"""Sums of files, as S3 makes them and as everybody else does."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from audiohook_fw_recorder.digest import PART, SMALL, Digest


@pytest.mark.parametrize("size", [0, 1, PART, SMALL, SMALL + 1, 3 * PART, 3 * PART + 1])
def test_bytes_and_files_have_the_sums_that_a_store_tells(tmp_path: Path, size: int) -> None:
    content = random.Random(size).randbytes(size)
    (tmp_path / "file").write_bytes(content)
    parts = [hashlib.md5(content[at : at + PART]).digest() for at in range(0, size, PART)]
    whole = hashlib.md5(content).hexdigest()
    e_tag = whole if size <= SMALL else f"{hashlib.md5(b''.join(parts)).hexdigest()}-{len(parts)}"
    expected = Digest(size, hashlib.sha256(content).hexdigest(), e_tag)
    assert Digest.of(content) == expected
    assert Digest.of(tmp_path / "file") == expected
