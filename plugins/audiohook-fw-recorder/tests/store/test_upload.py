"""One recording on its way into a real store: whole, once, and over nobody else's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from audiohook_fw_recorder.digest import Digest
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.store import Store, StoreError
from audiohook_fw_recorder.store_settings import StoreSettings
from audiohook_fw_recorder.upload import ChangedError, upload

CONVERSATION = "c0ffee00-0000-4000-8000-000000000001"


@pytest.fixture
def store(any_section: Callable[..., dict[str, Any]]) -> Store:
    return Store(StoreSettings.model_validate(any_section()))


def document_of(recorded: Any, stem: str) -> Document:
    return Document.read(recorded.directory / f"{stem}.json")


def names_in(store: Store) -> list[str]:
    return sorted(stored.key.rpartition("/")[2] for stored in store.objects(CONVERSATION))


def put(store: Store, name: str, content: bytes) -> None:
    assert store.put(store.key(CONVERSATION, name), content, Digest.of(content))


def test_audio_and_sidecar_arrive(store: Store, recorded: Any, owner: Owner) -> None:
    stem = recorded(owner)
    done = upload(store, recorded.directory, stem, document_of(recorded, stem))
    wav = (recorded.directory / f"{stem}.wav").read_bytes()
    sidecar = json.loads(store.read(store.key(CONVERSATION, f"{stem}.json")))
    assert store.read(store.key(CONVERSATION, f"{stem}.wav")) == wav
    assert "owner" not in sidecar
    assert sidecar["state"] == "complete"
    (file,) = sidecar["audio"]["files"]
    assert (file["name"], file["size"]) == (f"{stem}.wav", len(wav))
    assert file["sha256"] == hashlib.sha256(wav).hexdigest()
    assert names_in(store) == [f"{stem}.json", f"{stem}.wav"]
    assert (
        done.written == done.keys == tuple(store.key(CONVERSATION, f"{stem}{s}") for s in (".wav", ".json"))
    )
    assert done.bytes == sum(stored.size for stored in store.objects())


def test_again_is_nothing_more(store: Store, recorded: Any, owner: Owner) -> None:
    stem = recorded(owner)
    upload(store, recorded.directory, stem, document_of(recorded, stem))
    again = upload(store, recorded.directory, stem, document_of(recorded, stem))
    assert (again.written, again.bytes, len(again.keys)) == ((), 0, 2)
    assert names_in(store) == [f"{stem}.json", f"{stem}.wav"]


@pytest.mark.parametrize("steps", [1, 2])
def test_it_goes_on_where_it_was_broken_off(store: Store, recorded: Any, owner: Owner, steps: int) -> None:
    stem = recorded(owner)
    left = steps

    def go_on() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    if steps == 1:
        with pytest.raises(KeyboardInterrupt):
            upload(store, recorded.directory, stem, document_of(recorded, stem), go_on=go_on)
    assert len(names_in(store)) == (1 if steps == 1 else 0)
    done = upload(store, recorded.directory, stem, document_of(recorded, stem))
    assert len(done.written) == (1 if steps == 1 else 2)
    assert names_in(store) == [f"{stem}.json", f"{stem}.wav"]


@pytest.mark.parametrize("taken", [["{}.wav"], ["{}.json"], ["{}.wav", "{}.json"]])
def test_a_name_that_is_taken_leads_to_the_next_number(
    store: Store, recorded: Any, owner: Owner, taken: list[str]
) -> None:
    stem = recorded(owner)
    others = [name.format(stem) for name in taken]
    for name in others:
        put(store, name, b"another server's")
    upload(store, recorded.directory, stem, document_of(recorded, stem))
    assert names_in(store) == sorted([*others, f"{stem}-2.json", f"{stem}-2.wav"])
    sidecar = json.loads(store.read(store.key(CONVERSATION, f"{stem}-2.json")))
    assert sidecar["audio"]["files"][0]["name"] == f"{stem}-2.wav"
    assert all(store.read(store.key(CONVERSATION, name)) == b"another server's" for name in others)
    assert upload(store, recorded.directory, stem, document_of(recorded, stem)).written == ()


def test_the_same_audio_in_another_call_is_another_recording(
    store: Store, recorded: Any, owner: Owner
) -> None:
    stem = recorded(owner, seconds=0.0)
    document = document_of(recorded, stem)
    upload(store, recorded.directory, stem, document)
    other = document.model_copy(update={"language": "de-DE"})
    upload(store, recorded.directory, stem, other)
    assert names_in(store) == [f"{stem}-2.json", f"{stem}-2.wav", f"{stem}.json", f"{stem}.wav"]


def test_what_a_killed_attempt_wrote_beside_another_recording_is_withdrawn(
    store: Store, recorded: Any, owner: Owner
) -> None:
    stem = recorded(owner)
    document = document_of(recorded, stem)
    upload(store, recorded.directory, stem, document)
    (recorded.directory / f"{stem}.flac").write_bytes(b"the next call of that id, in another format")
    file = document.audio.files[0].model_copy(update={"name": f"{stem}.flac"})
    audio = document.audio.model_copy(update={"files": [file], "format": "flac"})
    put(store, f"{stem}.flac", (recorded.directory / f"{stem}.flac").read_bytes())  # then it was killed
    upload(store, recorded.directory, stem, document.model_copy(update={"audio": audio}))
    assert names_in(store) == [f"{stem}-2.flac", f"{stem}-2.json", f"{stem}.json", f"{stem}.wav"]


def test_a_file_per_channel_keeps_its_ending(store: Store, recorded: Any, owner: Owner) -> None:
    stem = recorded(owner)
    document = document_of(recorded, stem)
    files = []
    for channel in ("external", "internal"):
        (recorded.directory / f"{stem}-{channel}.flac").write_bytes(channel.encode())
        update = {"name": f"{stem}-{channel}.flac", "channels": [channel]}
        files.append(document.audio.files[0].model_copy(update=update))
    audio = document.audio.model_copy(update={"files": files, "format": "flac"})
    put(store, f"{stem}-internal.flac", b"another's")
    upload(store, recorded.directory, stem, document.model_copy(update={"audio": audio}))
    expected = [f"{stem}-2-external.flac", f"{stem}-2-internal.flac", f"{stem}-2.json"]
    assert names_in(store) == sorted([*expected, f"{stem}-internal.flac"])


def test_a_file_that_changed_is_not_uploaded(store: Store, recorded: Any, owner: Owner) -> None:
    stem = recorded(owner)
    document = document_of(recorded, stem)
    file = document.audio.files[0].model_copy(update={"sha256": "0" * 64})
    audio = document.audio.model_copy(update={"files": [file]})
    with pytest.raises(ChangedError, match=f"{stem}.wav is not what"):
        upload(store, recorded.directory, stem, document.model_copy(update={"audio": audio}))
    assert names_in(store) == []


def test_a_write_whose_answer_was_lost_counts(
    section: Callable[..., dict[str, Any]], proxy: Any, recorded: Any, owner: Owner
) -> None:
    store = Store(StoreSettings.model_validate(section()))
    stem = recorded(owner)
    proxy.fault, proxy.methods = "cut answer", ("PUT",)
    with pytest.raises(StoreError, match="connection"):
        upload(store, recorded.directory, stem, document_of(recorded, stem))
    assert names_in(store) == [f"{stem}.wav"]  # the store has it, and could tell nobody
    proxy.fault = None
    done = upload(store, recorded.directory, stem, document_of(recorded, stem))
    assert done.written == (store.key(CONVERSATION, f"{stem}.json"),)
    assert names_in(store) == [f"{stem}.json", f"{stem}.wav"]
