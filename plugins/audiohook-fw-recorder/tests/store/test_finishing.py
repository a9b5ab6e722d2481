"""What is done for one recording, and done again after a kill between any two of its steps."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder import finishing as finishing_module
from audiohook_fw_recorder.document import Document, DocumentError
from audiohook_fw_recorder.files import replace
from audiohook_fw_recorder.finishing import STORED, Finishing, LostError
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.settings import RecorderSettings
from audiohook_fw_recorder.store import Store, StoreError

from audiohook_fw import RecordingFinished
from audiohook_fw.audio import read_wav

CONVERSATION = "c0ffee00-0000-4000-8000-000000000001"
Make = Callable[..., tuple[Finishing, Store | None]]


class Killed(BaseException):
    """What SIGKILL does, as far as the files see it."""


@pytest.fixture
def make(recorded: Any, owner: Owner, tmp_path: Path) -> Make:
    def make(*, stored: bool = True, **more: Any) -> tuple[Finishing, Store | None]:
        section = {"url": f"file://{tmp_path}/store"} if stored else {}
        settings = RecorderSettings.model_validate(
            {"directory": recorded.directory, "store": section, **more}
        )
        store = Store(settings.store) if stored else None
        return Finishing(settings, owner, store), store

    return make


def finish(finishing: Finishing, stem: str) -> Any:
    """Do both halves; return what was uploaded."""
    ready = finishing.prepare(stem)
    return ready.uploaded if ready is not None and finishing.complete(ready) else None


def names_in(store: Store | None) -> list[str]:
    assert store is not None
    return sorted(stored.key.rpartition("/")[2] for stored in store.objects())


@pytest.mark.parametrize("state", ["complete", "recording"])
def test_what_the_store_has_is_deleted_here(make: Make, recorded: Any, owner: Owner, state: str) -> None:
    finishing, store = make()
    stem = recorded(owner, state=state)
    payload = read_wav(recorded.directory / f"{stem}.wav").payload
    done = finish(finishing, stem)
    assert done is not None
    assert recorded.names() == []
    assert names_in(store) == [f"{stem}.json", f"{stem}.wav"]
    assert store is not None
    sidecar = json.loads(store.read(store.key(CONVERSATION, f"{stem}.json")))
    assert sidecar["state"] == ("complete" if state == "complete" else "interrupted")
    assert payload in store.read(store.key(CONVERSATION, f"{stem}.wav"))


def test_without_a_store_it_stays_and_is_final(make: Make, recorded: Any, owner: Owner) -> None:
    finishing, _ = make(stored=False)
    stem = recorded(owner, state="recording")
    assert finish(finishing, stem) is None
    document = Document.read(recorded.directory / f"{stem}.json")
    assert (document.owner, document.state) == (None, "interrupted")
    assert recorded.names() == [f"{stem}.json", f"{stem}.wav"]


def test_the_files_that_are_wanted_are_uploaded(make: Make, recorded: Any, owner: Owner) -> None:
    finishing, store = make(format="flac", per_channel=True)
    stem = recorded(owner)
    finish(finishing, stem)
    assert recorded.names() == []
    assert names_in(store) == [f"{stem}-external.flac", f"{stem}-internal.flac", f"{stem}.json"]


def test_what_belongs_to_nobody_or_another_is_left_alone(
    make: Make, recorded: Any, owner: Owner, dead: Owner
) -> None:
    finishing, store = make()
    stem = recorded(dead)
    path = recorded.directory / f"{stem}.json"
    for token in (dead.token, None):
        Document.read(path).owned_by(token).save(path)
        assert finish(finishing, stem) is None
    assert finish(finishing, "nothing") is None
    assert recorded.names() == [f"{stem}.json", f"{stem}.wav"]
    assert names_in(store) == []


def steps(monkeypatch: pytest.MonkeyPatch, die_at: int) -> Callable[[], int]:
    """Kill at the n-th call that changes a file or the store; return how many there were."""
    count = 0

    def killing(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == die_at:
                raise Killed(name)
            return work(*arguments, **more)

        return step

    for target, name in (
        (Path, "unlink"),
        (Path, "rename"),
        (Path, "replace"),
        (Store, "put"),
        (Store, "has"),
        (Document, "save"),
    ):
        monkeypatch.setattr(target, name, killing(f"{target.__name__}.{name}", getattr(target, name)))
    return lambda: count


@pytest.mark.parametrize("wanted", [{}, {"format": "flac"}, {"per_channel": True, "pauses": "cut"}])
@pytest.mark.parametrize("state", ["complete", "recording"])
def test_a_kill_between_any_two_steps_is_mended(
    make: Make, recorded: Any, owner: Owner, monkeypatch: pytest.MonkeyPatch, state: str, wanted: Any
) -> None:
    finishing, store = make(**wanted)
    assert store is not None
    stem, expected = "", None
    for die_at in range(1, 1000):
        stem = recorded(owner, state=state)
        with monkeypatch.context() as patch:
            count = steps(patch, die_at)
            with contextlib.suppress(Killed):
                finish(finishing, stem)
            if count() < die_at:
                break  # it came to its end
        finish(finishing, stem)
        assert [name for name in recorded.names() if not name.endswith(".tmp")] == [], die_at
        found = {o.key: store.read(o.key) for o in store.objects()}
        expected = expected or found
        assert found == expected, die_at
        store.delete(list(found))
    assert die_at > 7, "it was not killed at every step"


@pytest.mark.parametrize(("before", "after"), [({}, {"format": "flac"}), ({"format": "flac"}, {})])
def test_settings_that_change_after_a_kill_bring_nothing_twice_into_the_store(
    make: Make, recorded: Any, owner: Owner, monkeypatch: pytest.MonkeyPatch, before: Any, after: Any
) -> None:
    finishing, store = make(**before)
    next_one, _ = make(**after)
    assert store is not None
    for die_at in range(1, 1000):
        stem = recorded(owner)
        with monkeypatch.context() as patch:
            count = steps(patch, die_at)
            with contextlib.suppress(Killed):
                finish(finishing, stem)
            if count() < die_at:
                break
        finish(next_one, stem)
        sidecar = Document.parse(store.read(store.key(CONVERSATION, f"{stem}.json")), stem)
        named = [file.name for file in sidecar.audio.files]
        assert names_in(store) == sorted([f"{stem}.json", *named]), die_at
        store.delete([o.key for o in store.objects()])


def test_what_was_erased_meanwhile_is_deleted_in_the_store_too(
    make: Make, recorded: Any, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    finishing, store = make()
    stem = recorded(owner)

    def upload(*arguments: Any, **more: Any) -> Any:
        done = real(*arguments, **more)
        (recorded.directory / f"{stem}.json").unlink()
        return done

    real = finishing_module.upload
    monkeypatch.setattr(finishing_module, "upload", upload)
    assert finish(finishing, stem) is None
    assert names_in(store) == []


def test_without_a_store_what_was_erased_meanwhile_does_not_come_back(
    make: Make, recorded: Any, owner: Owner
) -> None:
    finishing, _ = make(stored=False)
    stem = recorded(owner)
    ready = finishing.prepare(stem)
    assert ready is not None
    for name in recorded.names():
        (recorded.directory / name).unlink()
    assert not finishing.complete(ready)
    assert recorded.names() == []


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("wanted", [{}, {"format": "flac", "per_channel": True}])
@pytest.mark.parametrize("state", ["complete", "recording"])
def test_after_a_kill_it_is_announced_under_the_same_id(
    make: Make,
    recorded: Any,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    wanted: Any,
    *,
    stored: bool,
) -> None:
    finishing, store = make(stored=stored, **wanted)
    names = set()
    for die_at in range(1, 1000):
        stem = recorded(owner, state=state)
        told = []

        def live(stem: str = stem, told: list[RecordingFinished] = told) -> None:
            if (ready := finishing.prepare(stem)) is not None:
                told.append(finishing.finished(ready))
                finishing.complete(ready)

        with monkeypatch.context() as patch:
            count = steps(patch, die_at)
            with contextlib.suppress(Killed):
                live()
            over = count() < die_at
        live()
        assert told, die_at
        assert all(event == told[0] for event in told), die_at
        assert told[0].state == ("complete" if state == "complete" else "interrupted")
        names.add(told[0].id)
        for path in recorded.directory.glob(f"{stem}*"):
            path.unlink()
        if store is not None:
            assert told[0].url in {f"{store.url}/{stored.key}" for stored in store.objects()}
            store.delete([stored.key for stored in store.objects()])
        if over:
            break
    assert names == {f"{stem}@2026-01-31T12:00:00+00:00"}
    assert die_at > 1, "it was never killed"


def test_a_mark_deletes_nothing_of_a_later_recording_of_that_name(
    make: Make, recorded: Any, owner: Owner, dead: Owner
) -> None:
    finishing, store = make()
    stem = recorded(dead)  # of a server killed after it had deleted the audio, before the mark
    old = recorded.directory / f"{stem}.json"
    old.rename(recorded.directory / f"{stem}{STORED}")
    (recorded.directory / f"{stem}.wav").unlink()
    assert recorded(owner, state="recording", seconds=2.0) == stem
    finish(finishing, stem)
    assert recorded.names() == []
    assert store is not None
    assert len(read_wav_of(store, stem)) == 2 * 16_000


def test_a_mark_deletes_its_own_beside_a_later_recording_of_that_name(
    make: Make, recorded: Any, owner: Owner, dead: Owner
) -> None:
    finishing, store = make()
    stem = recorded(dead)  # of a server killed after it had made the mark, when pauses were cut
    old = recorded.directory / f"{stem}.json"
    document = Document.read(old)
    file = document.audio.files[0].model_copy(update={"name": f"{stem}-cut.wav"})
    audio = document.audio.model_copy(update={"files": [file]})
    document.model_copy(update={"audio": audio}).save(recorded.directory / f"{stem}{STORED}")
    (recorded.directory / f"{stem}.wav").rename(recorded.directory / f"{stem}-cut.wav")
    old.unlink()
    assert recorded(owner, state="recording", seconds=2.0) == stem
    finish(finishing, stem)
    assert recorded.names() == []
    assert store is not None
    assert len(read_wav_of(store, stem)) == 2 * 16_000


def read_wav_of(store: Store, stem: str) -> bytes:
    return store.read(store.key(CONVERSATION, f"{stem}.wav"))[58:]


def test_missing_audio_is_told_and_belongs_to_nobody_any_more(
    make: Make, recorded: Any, owner: Owner
) -> None:
    finishing, store = make()
    stem = recorded(owner)
    (recorded.directory / f"{stem}.wav").unlink()
    with pytest.raises(LostError, match=f"{stem}.wav is missing") as error:
        finish(finishing, stem)
    assert error.value.kind == "missing"
    document = Document.read(recorded.directory / f"{stem}.json")
    assert (document.owner, document.errors) == (None, {"finish": 1})
    assert names_in(store) == []


@pytest.mark.parametrize("state", ["complete", "recording"])
def test_damaged_audio_is_not_uploaded(make: Make, recorded: Any, owner: Owner, state: str) -> None:
    finishing, store = make()
    stem = recorded(owner, state=state)
    path = recorded.directory / f"{stem}.json"
    if state == "complete":
        document = Document.read(path)
        file = document.audio.files[0].model_copy(update={"sha256": "0" * 64, "size": 1})
        audio = document.audio.model_copy(update={"files": [file]})
        document.model_copy(update={"audio": audio}).save(path)
    else:
        path.with_suffix(".wav").write_bytes(b"nonsense")
    with pytest.raises(LostError) as error:
        finish(finishing, stem)
    assert error.value.kind == "damaged"
    assert Document.read(path).owner is None
    assert recorded.names() == [f"{stem}.json", f"{stem}.wav"]
    assert names_in(store) == []


def test_a_damaged_sidecar_is_told(make: Make, recorded: Any, owner: Owner) -> None:
    finishing, _ = make()
    stem = recorded(owner)
    replace(recorded.directory / f"{stem}.json", '{"format": "audiohook-recording/1", "own')
    with pytest.raises(DocumentError, match="cut off"):
        finish(finishing, stem)


@pytest.mark.parametrize("back", [False, True])
def test_a_directory_that_is_gone_comes_back_perhaps(
    make: Make, recorded: Any, owner: Owner, tmp_path: Path, *, back: bool
) -> None:
    finishing, store = make()
    stem = recorded(owner)
    recorded.directory.rename(tmp_path / "elsewhere")
    if back:
        recorded.directory.mkdir()  # an empty mount point
    with pytest.raises(NotADirectoryError):
        finish(finishing, stem)
    if back:
        recorded.directory.rmdir()
    (tmp_path / "elsewhere").rename(recorded.directory)
    assert finish(finishing, stem) is not None
    assert recorded.names() == []
    assert len(names_in(store)) == 2


def test_a_full_disk_does_not_keep_what_the_store_has(
    make: Make, recorded: Any, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    finishing, store = make()
    stem = recorded(owner)

    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Document, "save", refuse)
    assert finish(finishing, stem) is not None
    assert recorded.names() == []
    assert len(names_in(store)) == 2


def test_while_the_store_fails_the_sidecar_says_that_the_call_is_over(
    make: Make, recorded: Any, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise StoreError("http_503")

    finishing, _ = make()
    stem = recorded(owner, state="recording")
    monkeypatch.setattr(Store, "put", fail)
    with pytest.raises(StoreError):
        finish(finishing, stem)
    document = Document.read(recorded.directory / f"{stem}.json")
    assert (document.state, document.owner) == ("interrupted", owner.token)


@pytest.fixture(autouse=True)
def _tidy(tmp_path: Path) -> Iterator[None]:
    yield
    shutil.rmtree(tmp_path / "elsewhere", ignore_errors=True)
