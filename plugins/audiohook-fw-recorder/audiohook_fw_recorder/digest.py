"""What a file is known by: its length and its sums, all taken in one reading."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

__all__ = ["PART", "SMALL", "Digest"]

_PIECE: Final = 1024 * 1024
SMALL: Final = 16 * 1024 * 1024
"""Bytes of a file that is sent in one request, so that the store itself sees that the name is free."""
PART: Final = 8 * 1024 * 1024
"""The parts in which longer ones are sent; S3 sums them up in its ETag."""


@dataclass(frozen=True, slots=True)
class Digest:
    """Length in bytes, and sums in hexadecimal.

    Attributes:
        e_tag: what S3 calls such content. That is an MD5, which is good enough against chance, not malice.
    """

    size: int
    sha256: str
    e_tag: str

    @classmethod
    def of(cls, content: bytes | Path) -> Self:
        """Return the digest of bytes, or of a file, which is read piece by piece (blocking).

        Raises:
            OSError: when the file cannot be read.
        """
        if isinstance(content, bytes):
            pieces = (memoryview(content)[at : at + _PIECE] for at in range(0, len(content), _PIECE))
            return cls._of(pieces, in_parts=len(content) > SMALL)
        with content.open("rb") as file:
            in_parts = os.fstat(file.fileno()).st_size > SMALL
            return cls._of(iter(lambda: file.read(_PIECE), b""), in_parts=in_parts)

    @classmethod
    def _of(cls, pieces: Iterable[bytes | memoryview], *, in_parts: bool) -> Self:
        size = 0
        sha256, md5, parts = hashlib.sha256(), _md5(), []
        for piece in pieces:
            sha256.update(piece)
            md5.update(piece)
            size += len(piece)
            if in_parts and size % PART == 0:
                parts.append(md5.digest())
                md5 = _md5()
        if not in_parts:
            return cls(size, sha256.hexdigest(), md5.hexdigest())
        if size % PART:
            parts.append(md5.digest())
        return cls(size, sha256.hexdigest(), f"{_md5(b''.join(parts)).hexdigest()}-{len(parts)}")


def _md5(content: bytes = b"") -> hashlib._Hash:
    return hashlib.md5(content, usedforsecurity=False)
