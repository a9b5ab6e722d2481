"""Erase and retention in a store: a real S3 server, and a directory."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder import retention as module
from audiohook_fw_recorder.digest import Digest
from audiohook_fw_recorder.erase import EraseError, Held, erase, look
from audiohook_fw_recorder.ledger import LEDGER, Removed, check_ledger, digest_of
from audiohook_fw_recorder.retention import Retention
from audiohook_fw_recorder.store import Store
from audiohook_fw_recorder.store_settings import StoreSettings

Section = Callable[..., dict[str, Any]]
DAY = timedelta(days=1)


def id_(number: int) -> str:
    return f"6f1c3d58-0000-4000-8000-{number:012}"


@pytest.fixture
def store(any_section: Section) -> Store:
    return Store(StoreSettings.model_validate(any_section()))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "calls").mkdir()
    return tmp_path / "calls"


def put(store: Store, key: str) -> None:
    assert store.put(key, b"12345", Digest.of(b"12345"))


def upload(store: Store, number: int, *, recordings: int = 1) -> None:
    """Put recordings of a conversation there."""
    for recording in range(recordings):
        for suffix in ("wav", "json"):
            put(store, store.key(id_(number), f"{id_(1000 * number + recording)}.{suffix}"))


def keys(store: Store) -> list[str]:
    return sorted(stored.key for stored in store.objects())


def later(directory: Path, store: Store, days: float) -> Retention:
    """Return retention, as it is in some days."""
    now = datetime.now(UTC) + days * DAY
    return Retention(directory, 30, lambda: store, clock=lambda: now, passed=lambda: 0.0)


def test_a_conversation_is_erased_there(store: Store, directory: Path) -> None:
    upload(store, 1, recordings=3)
    upload(store, 2)
    others = [key for key in keys(store) if id_(2) in key]
    assert look(directory, store, id_(1)) == Held(0, 0, 6, 30)
    assert erase(directory, store, id_(1).upper()) == Removed(0, 0, 6, 30)
    assert keys(store) == others
    assert erase(directory, store, id_(1)) == Removed()
    assert check_ledger(directory).lines == 2


def test_a_broken_upload_is_erased_too(tmp_path: Path, directory: Path) -> None:
    store = Store(StoreSettings(url=f"file://{tmp_path}/store"))
    upload(store, 1)
    staged = tmp_path / "store" / id_(1) / "call.wav#1"
    staged.write_text("MARK")
    erase(directory, store, id_(1))
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("methods", [("GET",), ("DELETE", "POST")])
def test_a_store_that_fails_is_told_and_the_rest_is_erased_later(
    section: Section, proxy: Any, directory: Path, methods: tuple[str, ...]
) -> None:
    store = Store(StoreSettings.model_validate(section()))
    upload(store, 1)
    proxy.fault, proxy.methods = 403, methods
    with pytest.raises(EraseError, match=r"the store failed \(.*\): objects may be left; try again"):
        erase(directory, store, id_(1))
    assert not json.loads((directory / LEDGER).read_text())["complete"]
    proxy.fault = None
    assert len(keys(store)) == 2
    assert erase(directory, store, id_(1)).objects == 2
    assert keys(store) == []


def test_what_is_old_goes_and_what_is_not_ours_stays(
    store: Store, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FOLDERS", 2)
    monkeypatch.setattr(module, "BATCH", 2)
    for number in range(1, 6):
        upload(store, number)
    prefix = store.key(id_(1), "").removesuffix(f"{id_(1)}/")
    foreign = [f"{prefix}{name}" for name in ("report.csv", f"{id_(1)}/notes.txt", f"old/{id_(7)}.wav")]
    foreign += [f"{prefix}{id_(8)}/deeper/{id_(9)}.wav", f"deep/{id_(1)}/{id_(9)}.wav"]
    foreign += [f"{prefix}copies/{id_(8)}/{id_(9)}.wav"]
    for key in foreign:
        put(store, key)
    before = keys(store)
    assert later(directory, store, 29.9).run_once() == Removed()
    assert keys(store) == before
    assert later(directory, store, 30.1).run_once() == Removed(5, 0, 10, 50)
    assert keys(store) == sorted(key for key in foreign if key in before)
    lines = [json.loads(line) for line in (directory / LEDGER).read_text().splitlines()]
    assert sorted(c for line in lines for c in line["conversations"]) == sorted(
        digest_of(id_(number)) for number in range(1, 6)
    )
    assert check_ledger(directory).problems == []
    assert later(directory, store, 30.1).run_once() == Removed()


def test_a_recording_goes_whole(directory: Path) -> None:
    class Listed:
        """Objects whose age is set, which no store lets us do."""

        def __init__(self, ages: dict[str, float]) -> None:
            self.ages = ages

        def key(self, conversation_id: str, name: str) -> str:
            return f"{conversation_id}/{name}"

        def objects(self, conversation_id: str = "") -> list[Any]:
            now = datetime.now(UTC)
            return [
                module.StoredObject(key, 1, now - age * DAY)
                for key, age in self.ages.items()
                if key.startswith(conversation_id)
            ]

        def delete(self, keys: list[str]) -> None:
            for key in keys:
                del self.ages[key]

    young, old = f"{id_(1)}/{id_(2)}", f"{id_(1)}/{id_(3)}"
    store = Listed({f"{young}.wav": 31, f"{young}.json": 29, f"{old}.wav": 31, f"{old}.json": 31})
    removed = Retention(directory, 30, lambda: store).run_once()  # type: ignore[arg-type,return-value]
    assert (removed.recordings, removed.objects) == (1, 2)
    assert sorted(store.ages) == [f"{young}.json", f"{young}.wav"]


def test_what_is_not_uploaded_stays_and_is_told(
    store: Store, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, owner in ((1, {"owner": "0123456789abcdef"}), (2, {})):
        content = {
            "format": "audiohook-recording/1",
            "conversation_id": id_(number),
            "ended_at": "2020-01-01T00:00:00+00:00",
            "audio": {"files": []},
            "state": "complete",
            **owner,
        }
        (directory / f"{id_(number)}.json").write_text(json.dumps(content))
    assert later(directory, store, 0).run_once().files == 1
    assert [path.name for path in directory.glob("*.json")] == [f"{id_(1)}.json"]
    assert "1 recordings are older than 30 days and kept, since they are not uploaded yet" in caplog.text


def test_a_store_that_fails_is_tried_again(
    section: Section, proxy: Any, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store = Store(StoreSettings.model_validate(section()))
    upload(store, 1)
    upload(store, 2)
    retention = later(directory, store, 31)
    proxy.fault = 403
    assert retention.run_once() == Removed()
    assert "old recordings in the store are not deleted: " in caplog.text
    proxy.fault = None
    assert retention.run_once().objects == 4
    assert keys(store) == []
