"""What a start finds in a directory: orphans, leftovers, damaged files, and files of others."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder import sweep as sweep_module
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.finishing import STORED
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.sweep import Swept, sweep

ID = "6f1c3d58-0000-4000-8000-0000000000ab"


def swept(recorded: Any, owner: Owner, **more: Any) -> tuple[Swept, list[str]]:
    adopted: list[str] = []
    found = sweep(recorded.directory, owner, adopted.append, before=time.time() + 1.0, **more)
    return found, sorted(adopted)


def owner_of(recorded: Any, stem: str) -> str | None:
    return Document.read(recorded.directory / f"{stem}.json").owner


@pytest.mark.parametrize("state", ["complete", "recording"])
def test_recordings_of_a_killed_server_are_taken_over(
    recorded: Any, owner: Owner, dead: Owner, state: str
) -> None:
    stem = recorded(dead, state=state)
    found, adopted = swept(recorded, owner)
    assert (found.adopted, adopted) == (1, [stem])
    assert owner_of(recorded, stem) == owner.token
    assert swept(recorded, owner)[1] == []


def test_others_are_left_alone(recorded: Any, owner: Owner, dead: Owner) -> None:
    running = Owner(recorded.directory)
    running.hold()
    theirs = recorded(running, name=ID[:-1] + "1", state="recording")
    ours = recorded(owner, name=ID[:-1] + "2", state="recording")
    final = recorded(dead, name=ID[:-1] + "3")
    path = recorded.directory / f"{final}.json"
    Document.read(path).owned_by(None).save(path)
    before = {p.name: p.read_bytes() for p in recorded.directory.glob("[!.]*")}
    found, adopted = swept(recorded, owner)
    assert (found.adopted, adopted) == (0, [])
    assert {p.name: p.read_bytes() for p in recorded.directory.glob("[!.]*")} == before
    assert (owner_of(recorded, theirs), owner_of(recorded, ours)) == (running.token, owner.token)
    running.release()
    assert swept(recorded, owner)[1] == [theirs]


def test_what_the_store_has_already_is_handed_on(recorded: Any, owner: Owner, dead: Owner) -> None:
    stem = recorded(dead)
    path = recorded.directory / f"{stem}.json"
    path.rename(recorded.directory / f"{stem}{STORED}")
    assert swept(recorded, owner)[1] == [stem]


def test_leftovers_of_the_dead_go(recorded: Any, owner: Owner, dead: Owner) -> None:
    stem = recorded(dead)
    leftovers = [f"{ID}.json.tmp", f"{ID}-2-external.flac.tmp", f".{ID}.wav.123-456.part", ".check-abc_123x"]
    others = ["notes.tmp", "a.part", "thesis.wav", "ledger.jsonl", ".hidden", f"{ID}.txt"]
    for name in (*leftovers, *others):
        (recorded.directory / name).write_text("x")
    (recorded.directory / f"{ID}-dir.tmp").mkdir()
    left = recorded.directory / ".owner-0123456789abcdef"
    left.touch()
    found, _ = swept(recorded, owner)
    assert found.removed == len(leftovers)
    names = {path.name for path in recorded.directory.iterdir()}
    assert names == {
        *others,
        f"{ID}-dir.tmp",
        f"{stem}.json",
        f"{stem}.wav",
        ".turn",
        f".owner-{owner.token}",
    }
    assert (found.foreign.count, str(found.foreign).count(",")) == (3, 2)


def test_what_is_being_written_is_no_leftover(recorded: Any, owner: Owner) -> None:
    young, old = (recorded.directory / f"{ID}-{n}.json.tmp" for n in (1, 2))
    for path in (young, old):
        path.write_text("x")
    os.utime(old, (time.time() - 7200,) * 2)
    found = sweep(recorded.directory, owner, print, before=time.time() - 60.0)
    assert (found.removed, young.exists(), old.exists()) == (1, True, False)
    os.utime(young, (time.time() - 120,) * 2)
    another = Owner(recorded.directory)
    another.hold()  # whose it may be
    assert sweep(recorded.directory, owner, print, before=time.time()).removed == 0
    another.release()
    assert sweep(recorded.directory, owner, print, before=time.time()).removed == 1


@pytest.mark.parametrize(
    "content", ["", "{", '{"format": "audiohook-recording/1", "owner": "dead", "sess', "\0" * 600]
)
def test_damaged_sidecars_are_left_and_told(
    recorded: Any, owner: Owner, dead: Owner, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    stem = recorded(dead)
    path = recorded.directory / f"{stem}.json"
    path.write_text(content)
    (recorded.directory / "package.json").write_text("{}")
    found, adopted = swept(recorded, owner)
    assert (found.damaged.count, found.foreign.count, adopted) == (1, 1, [])
    assert path.read_text() == content
    with caplog.at_level(logging.INFO):
        found.report(recorded.directory)
    texts = [record.getMessage() for record in caplog.records]
    assert f"1 sidecars in {recorded.directory} are damaged, and left as they are: {path.name}" in texts
    assert any("none of the recorder's, and left alone: package.json" in text for text in texts)


def test_what_is_taken_over_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Swept(adopted=2).report(Path("calls"))
    (record,) = caplog.records  # the server may have ended in order, while its store was away
    assert record.getMessage() == "2 recordings that a server before this one left are finished now"


def test_long_lists_are_told_in_short(caplog: pytest.LogCaptureFixture) -> None:
    found = Swept()
    for number in range(10_000):
        found.foreign.add(f"{number}.txt")
    with caplog.at_level(logging.INFO):
        found.report(Path("calls"))
    (record,) = caplog.records
    assert record.getMessage().endswith(": 0.txt, 1.txt, 2.txt and 9997 more")


def test_names_do_not_lead_out_of_the_directory(
    recorded: Any, owner: Owner, dead: Owner, tmp_path: Path
) -> None:
    stem = recorded(dead)
    path = recorded.directory / f"{stem}.json"
    sidecar = json.loads(path.read_text())
    sidecar["audio"]["files"][0]["name"] = "../outside.wav"
    path.write_text(json.dumps(sidecar))
    (tmp_path / "outside.wav").write_text("x")
    (recorded.directory / f"{ID}-2.json").symlink_to(tmp_path / "outside.json")
    found, adopted = swept(recorded, owner)
    assert (found.damaged.count, adopted) == (1, [])
    assert (tmp_path / "outside.wav").read_text() == "x"


def test_of_several_servers_that_start_at_once_one_takes_each(recorded: Any, dead: Owner) -> None:
    stems = [recorded(dead, name=f"{ID[:-2]}{n:02}", seconds=0.0) for n in range(40)]
    owners = [Owner(recorded.directory) for _ in range(4)]
    taken: list[list[str]] = [[] for _ in owners]

    def take(number: int) -> None:
        sweep(recorded.directory, owners[number], taken[number].append, before=time.time())

    threads = [threading.Thread(target=take, args=(number,)) for number in range(len(owners))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stem for each in taken for stem in each) == sorted(stems)
    for owner, mine in zip(owners, taken, strict=True):
        assert {owner_of(recorded, stem) for stem in mine} <= {owner.token}
        owner.release()


def test_what_the_disk_refuses_is_counted(
    recorded: Any, owner: Owner, dead: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    stem = recorded(dead)

    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Document, "save", refuse)
        found, adopted = swept(recorded, owner)
    assert (found.refused, adopted) == (1, [])
    assert swept(recorded, owner)[1] == [stem]


def test_it_can_be_stopped(recorded: Any, owner: Owner, dead: Owner) -> None:
    for n in range(5):
        recorded(dead, name=f"{ID[:-2]}{n:02}", seconds=0.0)
    assert swept(recorded, owner, stopped=lambda: True)[1] == []
    assert sweep_module.sweep(recorded.directory, owner, print, before=0.0).adopted == 5
