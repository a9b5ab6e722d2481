"""Keys: who can open what, and what is said of a key that is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.age import AgeError, Identities, NoKeyError, Recipients

CONTENT = b"marker" * 20_000


def test_each_recipient_opens_it_and_nobody_else(new_key: Any, decrypt: Any) -> None:
    first, second, other = new_key(), new_key(), new_key()
    encrypted = Recipients([first.public, second.public]).encrypt(CONTENT)
    assert b"marker" not in encrypted
    for key in (first, second):
        assert decrypt(encrypted, key) == CONTENT
        assert key.identities.decrypt(encrypted, "a.age") == CONTENT
    with pytest.raises(NoKeyError) as caught:
        other.identities.decrypt(encrypted, "a.age")
    assert str(caught.value) == "a.age: no key of key.txt opens it: it was encrypted for others"


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_damage_is_told(key: Any, place: int) -> None:
    encrypted = bytearray(Recipients([key.public]).encrypt(CONTENT))
    encrypted[place] ^= 1
    for content in (bytes(encrypted), Recipients([key.public]).encrypt(CONTENT)[:70_000]):
        with pytest.raises(AgeError, match="it is damaged") as caught:
            key.identities.decrypt(content, "a.age")
        assert not isinstance(caught.value, NoKeyError)


@pytest.mark.parametrize("name", ["", "age1", "ssh-ed25519 AAAA", "age1yubikey1qwerty", "alice@example.com"])
def test_what_is_no_recipient_is_told(name: str) -> None:
    with pytest.raises(AgeError, match="no age recipient: give the whole public key that age-keygen prints"):
        Recipients([name])


def test_a_mistyped_recipient_is_told(key: Any) -> None:
    swapped = key.public[:20] + key.public[21] + key.public[20] + key.public[22:]
    if swapped == key.public:
        swapped = key.public[:-1] + ("q" if key.public[-1] != "q" else "p")
    with pytest.raises(AgeError, match="no age recipient"):
        Recipients([key.public, swapped])


def test_a_secret_key_is_refused_and_not_repeated(key: Any) -> None:
    for secret in (key.secret, key.secret.lower()):
        with pytest.raises(AgeError, match="secret key, which has no place on a server") as caught:
            Recipients([secret])
        assert secret not in str(caught.value)


def test_key_files_are_read_as_age_keygen_makes_them(tmp_path: Path, new_key: Any) -> None:
    first, second = new_key(), new_key()
    path = tmp_path / "keys.txt"
    path.write_text(f"# created: today\n# public key: {first.public}\n{first.secret}\n\n{second.secret}\r\n")
    identities = Identities.read(path)
    for key in (first, second):
        assert identities.decrypt(Recipients([key.public]).encrypt(b"a"), "a.age") == b"a"
        assert key.secret not in repr(identities)


def test_what_never_ends_is_no_key_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path / "pipe", tmp_path):
        with pytest.raises(AgeError, match="this is no regular file: name the file that age-keygen wrote"):
            Identities.read(path)


def test_a_file_that_is_too_large_is_no_key_file(tmp_path: Path, key: Any) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(f"{key.secret}\n".ljust(1_000_000, "\n"))
    assert "1 of keys.txt" in repr(Identities.read(path))
    path.write_text(f"{key.secret}\n".ljust(1_000_001, "\n"))
    with pytest.raises(AgeError, match=r"keys\.txt: this has more than 1 MB, .* name the file"):
        Identities.read(path)


def test_a_key_file_may_be_a_link(tmp_path: Path, key: Any) -> None:
    (tmp_path / "keys.txt").write_text(key.secret)
    (tmp_path / "link").symlink_to(tmp_path / "keys.txt")
    assert "1 of link" in repr(Identities.read(tmp_path / "link"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "keys.txt: there is no secret key of age"),
        ("# nothing\n", "keys.txt: there is no secret key of age"),
        ("\nAGE-SECRET-KEY-1QQQ\n", "keys.txt: line 2 is no secret key of age"),
        ("hunter2\n", "keys.txt: line 1 is no secret key of age"),
        ("age-encryption.org/v1\n-> scrypt x\n", "keys.txt: this key file is encrypted itself"),
        ("-----BEGIN AGE ENCRYPTED FILE-----\n", "keys.txt: this key file is encrypted itself"),
    ],
)
def test_what_is_no_key_file_is_told_and_not_repeated(text: str, problem: str) -> None:
    with pytest.raises(AgeError) as caught:
        Identities.parse(text, "keys.txt")
    assert str(caught.value).startswith(problem)
    assert "hunter2" not in str(caught.value)
    assert "1QQQ" not in str(caught.value)


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch, key: Any) -> None:
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with pytest.raises(AgeError, match=r"pip install 'audiohook-fw-recorder\[encryption\]'"):
        Recipients([key.public])
