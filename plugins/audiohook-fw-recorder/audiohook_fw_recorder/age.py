"""Encryption in the age format: the one place that knows `pyrage`, the library for it."""

from __future__ import annotations

import importlib
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Self

from .formats import RecordedAudioError

__all__ = ["AgeError", "Identities", "NoKeyError", "Recipients"]

INSTALL: Final = "needs the package pyrage: pip install 'audiohook-fw-recorder[encryption]'"

MOST_BYTES: Final = 1_000_000
"""What a file of keys may have: thousands of them."""

_NAME_IT: Final = "name the file that age-keygen wrote"
_SECRET: Final = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+")


class AgeError(RecordedAudioError):
    """Something cannot be encrypted or decrypted; says what, why, and what to do. Never holds a key."""


class NoKeyError(AgeError):
    """No key opens it: it was encrypted for others."""


class Recipients:
    """Public keys: what is encrypted for them opens with any one of their secret keys, and with no other.

    Args:
        names: `age1…`, as `age-keygen` prints them.

    Raises:
        AgeError: when one is no such key, or `pyrage` is not installed.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names: Final = tuple(names)
        self._pyrage: Final = _pyrage("recipients")
        self._keys: Final = [self._parse(name) for name in self.names]

    def __repr__(self) -> str:
        return f"<Recipients {', '.join(self.names)}>"

    def encrypt(self, content: bytes) -> bytes:
        """Return an age file. Takes about 0.3 ms for 64 kB."""
        encrypted: bytes = self._pyrage.encrypt(content, self._keys)
        return encrypted

    def _parse(self, name: str) -> Any:
        if name.upper().startswith("AGE-SECRET-KEY"):
            problem = (
                "this is a secret key, which has no place on a server: give the public key that "
                "`age-keygen -y` prints for it, or better that of a new pair"
            )
            raise AgeError("recipient", problem)
        try:
            return self._pyrage.x25519.Recipient.from_str(name)
        except self._pyrage.RecipientError:
            problem = "this is no age recipient: give the whole public key that age-keygen prints (age1…)"
            raise AgeError("recipient", problem) from None


class Identities:
    """Secret keys, which open what was encrypted for their public keys."""

    def __init__(self, keys: list[Any], name: str) -> None:
        self._pyrage: Final = _pyrage(name)
        self._keys: Final = keys
        self._name: Final = name

    def __repr__(self) -> str:
        return f"<Identities: {len(self._keys)} of {self._name}>"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the keys of a file as `age-keygen` makes them: one a line, and comments (blocking).

        Raises:
            AgeError: when it holds something else, is no regular file, or has more than 1 MB.
            OSError: when it cannot be read.
        """
        return cls.parse(_content(path), path.name)

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """Return the keys of a file's text; raises the `AgeError` of `read`."""
        pyrage = _pyrage(name)
        if text.startswith(("age-encryption.org/", "-----BEGIN AGE ENCRYPTED FILE-----")):
            raise AgeError(name, "this key file is encrypted itself: decrypt it first, with `age --decrypt`")
        keys = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                if not _SECRET.fullmatch(line.strip()):
                    raise ValueError
                keys.append(pyrage.x25519.Identity.from_str(line.strip()))
            except (ValueError, pyrage.IdentityError):
                problem = f"line {number} is no secret key of age (AGE-SECRET-KEY-1…)"
                raise AgeError(name, problem) from None
        if not keys:
            raise AgeError(name, "there is no secret key of age (AGE-SECRET-KEY-1…) in it")
        return cls(keys, name)

    def decrypt(self, content: bytes, name: str) -> bytes:
        """Return what an age file of that name holds.

        Raises:
            NoKeyError: when no key fits. AgeError: when the file is not as it was written.
        """
        try:
            decrypted: bytes = self._pyrage.decrypt(content, self._keys)
        except self._pyrage.DecryptError as error:
            if "No matching keys" in str(error):
                problem = f"no key of {self._name} opens it: it was encrypted for others"
                raise NoKeyError(name, problem) from None
            raise AgeError(name, "it is damaged: it is not as it was written") from None
        return decrypted


def _content(path: Path) -> str:
    """Return the text of a small file; what may never end, such as a pipe or a device, is not read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # waits for no pipe
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise AgeError(path.name, f"this is no regular file: {_NAME_IT}")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise AgeError(path.name, f"this has more than 1 MB, so it is no file of keys: {_NAME_IT}")
    return content.decode(errors="replace")


def _pyrage(name: str) -> Any:
    try:
        return importlib.import_module("pyrage")
    except ImportError:
        raise AgeError(name, f"encryption {INSTALL}") from None
