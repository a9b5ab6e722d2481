"""What is asked of a store: a real S3 server, and a directory."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder import store as store_module
from audiohook_fw_recorder.digest import PART, SMALL, Digest
from audiohook_fw_recorder.store import Store, StoreError, folder
from audiohook_fw_recorder.store_settings import StoreSettings

Section = Callable[..., dict[str, Any]]
ID = "6f1c3d58-0000-4000-8000-0000000000ab"


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.fixture
def store(any_section: Section) -> Store:
    return Store(StoreSettings.model_validate(any_section()))


@pytest.mark.parametrize("size", [0, 1, 100_000, SMALL, SMALL + 1, 3 * PART, 3 * PART + 5])
def test_a_file_arrives_and_comes_back(store: Store, tmp_path: Path, size: int) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(noise(size))
    digest = Digest.of(path)
    key = store.key(ID, "call.wav")
    assert store.has(key, digest) is None
    assert store.put(key, path, digest)
    assert store.has(key, digest) is True
    assert [(o.key, o.size) for o in store.objects(ID)] == [(key, size)]
    store.download(key, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    assert (tmp_path / "back").stat().st_mode & 0o777 == 0o600
    store.delete([key, key])
    assert store.has(key, digest) is None
    assert list(store.objects(ID)) == []


@pytest.mark.parametrize("size", [10, SMALL + 10])
def test_a_directory_lets_nobody_else_read(tmp_path: Path, size: int) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    for root in (tmp_path / "shared", tmp_path / "made" / "by us"):
        url = root.as_uri()
        store = Store(StoreSettings.model_validate({"url": url, "prefix": "calls/eu"}))
        assert store.put(store.key(ID, "call.wav"), noise(size), Digest.of(noise(size)))
        inside = {path.relative_to(root): path.stat().st_mode & 0o777 for path in root.rglob("*")}
        directories = [Path("calls"), Path("calls/eu"), Path(f"calls/eu/{ID}")]
        assert inside == {**dict.fromkeys(directories, 0o700), directories[-1] / "call.wav": 0o600}
    assert (tmp_path / "made" / "by us").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o755  # who made it decides


def test_a_directory_that_cannot_be_made_is_a_failure_of_the_store(tmp_path: Path) -> None:
    store = Store(StoreSettings(url=(tmp_path / "store").as_uri()))
    (tmp_path / "store" / ID).write_text("in the way")
    with pytest.raises(StoreError, match=r"ENOTDIR|EEXIST"):
        store.put(store.key(ID, "call.wav"), b"1", Digest.of(b"1"))


@pytest.mark.parametrize("size", [10, SMALL + 10])
def test_nothing_is_overwritten(store: Store, size: int) -> None:
    key = store.key(ID, "call.wav")
    first, other = noise(size), noise(size)[::-1]
    assert store.put(key, first, Digest.of(first))
    for content in (first, other):
        assert not store.put(key, content, Digest.of(content))
    assert store.has(key, Digest.of(first)) is True
    assert store.has(key, Digest.of(other)) is False
    assert store.read(key) == first


def test_what_is_there_is_read_when_its_etag_proves_nothing(
    section: Section, proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(StoreSettings.model_validate(section()))
    key, content = store.key(ID, "call.wav"), noise(3_000_000)
    digest = Digest.of(content)
    store.put(key, content, digest)
    assert "GET" not in {method for method, _ in proxy.requests}
    unlike = Digest(digest.size, digest.sha256, "an ETag of a store that encrypts")
    assert store.has(key, unlike) is True
    assert "GET" in {method for method, _ in proxy.requests}
    assert store.has(key, Digest(digest.size, "0" * 64, "another")) is False


def test_an_object_that_came_out_different_is_removed(store: Store) -> None:
    key, content = store.key(ID, "call.wav"), b"what was sent"
    with pytest.raises(StoreError, match="mismatch"):
        store.put(key, content, Digest.of(b"what was meant"))
    assert store.has(key, Digest.of(content)) is None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (500, "http_500"),
        (503, "http_503"),
        (403, "permission"),
        (401, "authentication"),
        (404, "not_found"),
        ("cut request", "connection"),
        ("hang", "timeout"),
    ],
)
def test_failures_have_names(section: Section, proxy: Any, fault: int | str, kind: str) -> None:
    store = Store(StoreSettings.model_validate(section(timeout=0.5 if fault == "hang" else 20)))
    proxy.fault = fault
    with pytest.raises(StoreError) as error:
        store.put(store.key(ID, "x"), b"1", Digest.of(b"1"))
    assert error.value.kind == kind
    assert str(proxy.port) not in str(error.value)


def test_a_store_that_is_not_there_has_a_name_too(section: Section, proxy: Any) -> None:
    store = Store(StoreSettings.model_validate(section()))
    store.probe()
    proxy.close()
    for ask in (store.probe, lambda: list(store.objects()), lambda: store.read("x")):
        with pytest.raises(StoreError, match="connection"):
            ask()


def test_missing_objects_are_told_as_such(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.read("nothing")
    with pytest.raises(FileNotFoundError):
        store.download("nothing", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_objects_are_listed_by_conversation_and_all(store: Store) -> None:
    keys = sorted(store.key(f"{ID}{n % 2}", f"{n:04}.json") for n in range(30))
    for key in keys:
        store.put(key, b"{}", Digest.of(b"{}"))
    assert sorted(o.key for o in store.objects()) == keys
    assert sorted(o.key for o in store.objects(f"{ID}1")) == [key for key in keys if f"{ID}1" in key]
    assert list(store.objects(ID)) == []


@pytest.mark.parametrize("conversation", ["../../x", "", "a/b", "ä", "x" * 200, ".hidden", "a\nb"])
def test_no_conversation_leads_out_of_the_prefix(store: Store, conversation: str) -> None:
    key = store.key(conversation, "call.wav")
    assert len(key.split("/")) == 3
    assert folder(conversation).startswith("id-")
    assert store.put(key, b"1", Digest.of(b"1"))
    assert [o.key for o in store.objects(conversation)] == [key]
    assert folder("AB-c") == "ab-c"


def test_what_a_killed_server_left_in_a_directory_is_removed(tmp_path: Path) -> None:
    store = Store(StoreSettings(url=f"file://{tmp_path}/store", prefix="test"))
    key = store.key(ID, "call.wav")
    store.put(key, b"1", Digest.of(b"1"))
    staged = tmp_path / "store" / f"{key}#1"
    staged.write_bytes(b"half of it")
    assert [o.key for o in store.objects(ID)] == [key]
    assert store.delete_unfinished(ID) == 1
    assert not staged.exists()
    assert [o.key for o in store.objects(ID)] == [key]


def test_many_threads_share_a_store(store: Store) -> None:
    won: list[int] = []

    def put(number: int) -> None:
        content = b"%d" % number
        if store.put(store.key(ID, "one.wav"), content, Digest.of(content)):
            won.append(number)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.read(store.key(ID, "one.wav")) == b"%d" % won[0]


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"url": "s3://b", "options": {"regoin": "x"}}, "'regoin' is not valid for store 'S3'"),
        ({"url": "s3://b", "options": {"skip_signature": "maybe"}}, 'failed to parse "maybe" as boolean'),
        ({"url": "az://container"}, "Account must be specified"),
    ],
)
def test_options_that_the_store_does_not_know_are_told(section: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as error:
        Store(StoreSettings.model_validate(section))
    assert "\n" not in str(error.value)


def test_a_certificate_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Store(StoreSettings(url="s3://b", ca_file=tmp_path / "missing.pem"))


def test_the_parts_of_the_digest_are_those_that_are_sent() -> None:
    assert store_module.PART == PART
    assert SMALL % PART == 0


def test_keys_come_from_the_clouds_own_environment(
    section: Section, proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = section()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", settings["options"].pop("access_key_id"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", settings.pop("secrets")["secret_access_key"])
    store = Store(StoreSettings.model_validate(settings))
    assert store.put(store.key(ID, "x"), b"1", Digest.of(b"1"))
