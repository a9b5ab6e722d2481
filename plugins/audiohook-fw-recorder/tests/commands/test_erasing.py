"""`recordings erase` as people call it: with other plugins, with a store, and when it must not be."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.digest import Digest
from audiohook_fw_recorder.ledger import LEDGER, check_ledger, digest_of
from audiohook_fw_recorder.store import Store
from audiohook_fw_recorder.store_settings import StoreSettings

from audiohook_fw.cli.main import run

MINE = "c0000000-0000-4000-8000-000000000001"  # the archive's
OTHER = "c0000000-0000-4000-8000-000000000002"
A, B, C = (f"00000000-0000-4000-8000-00000000000{n}" for n in "abc")

NOTES = """
from pathlib import Path
from audiohook_fw import PluginError, hookimpl

@hookimpl
def on_erase(conversation_id):
    if Path("locked").exists():
        raise PluginError("notes", "the notes are locked; unlock them")
    notes = [path for path in Path("notes").glob("*") if conversation_id in path.read_text()]
    for note in notes:
        note.unlink()
    return len(notes)
"""


@pytest.fixture
def configured(archive: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory with a configuration, a store, and another plugin that keeps something."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.py").write_text(NOTES)
    (tmp_path / "notes").mkdir()
    (tmp_path / "audiohook.toml").write_text(
        '[plugins]\nenabled = ["recorder"]\nmodules = ["notes.py"]\n'
        '[plugins.recorder]\ndirectory = "archive"\n'
        f'[plugins.recorder.store]\nurl = "file://{tmp_path}/store"\n'
    )
    store = Store(StoreSettings(url=f"file://{tmp_path}/store"))
    for conversation in (MINE, OTHER):
        (tmp_path / "notes" / f"{conversation[-1]}.txt").write_text(f"MARK-{conversation}")
        content = f"MARK-{conversation}".encode()
        assert store.put(store.key(conversation, f"{A}.wav"), content, Digest.of(content))
    archive.add(A, tags={"mark": f"MARK-{MINE}"})
    archive.add(B, tags={"mark": f"MARK-{MINE}"})
    archive.add(C, conversation_id=OTHER, tags={"mark": f"MARK-{OTHER}"})
    return tmp_path


def found(place: Path, marker: str) -> set[str]:
    return {str(p.relative_to(place)) for p in place.rglob("*") if p.is_file() and marker in read(p)}


def read(path: Path) -> str:
    return path.name + path.read_bytes().decode(errors="replace")


def test_nothing_is_left_in_any_store(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = found(configured, f"MARK-{OTHER}")
    assert len(kept) == 3
    assert len(found(configured, f"MARK-{MINE}")) == 4
    assert run(["recordings", "erase", "--yes", "--json", MINE.upper(), MINE]) == 0
    (item,) = json.loads(capsys.readouterr().out)
    assert item.pop("bytes") > 2 * 32_000
    assert item == {
        "conversation": MINE,
        "recordings": 2,
        "files": 4,
        "objects": 1,
        "plugins": {"notes": 1},
        "problems": [],
    }
    assert found(configured, f"MARK-{MINE}") == set()
    assert found(configured, MINE) == set()
    assert found(configured, f"MARK-{OTHER}") == kept
    lines = [json.loads(line) for line in (configured / "archive" / LEDGER).read_text().splitlines()]
    assert [line["conversations"] for line in lines] == [[digest_of(MINE)]] * 2
    assert [line.get("plugins") for line in lines] == [None, {"notes": 1}]
    assert check_ledger(configured / "archive").problems == []
    assert run(["recordings", "erase", "--yes", MINE]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"{MINE}: 0 recordings, 0 files, 0 objects, 0 B erased"
    assert out[1] == f"ledger: 4 lines, the last one is {check_ledger(configured / 'archive').last}"
    assert run(["recordings", "verify", "--json"]) == 0


def test_a_call_that_runs_is_refused_and_the_others_are_erased(
    archive: Any, configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = archive.owner()
    sidecar = archive.directory / f"{B}.json"
    archive.change(sidecar, lambda content: content.update(state="recording", owner=owner.token))
    assert run(["recordings", "erase", "--yes", MINE, OTHER]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"{MINE}: a call of it is being recorded ({B}.json): nothing is erased; try")
    assert said.out.startswith(f"{OTHER}: 1 recording, 2 files, 1 object, ")
    assert len(found(configured, f"MARK-{MINE}")) == 4
    assert (configured / "notes" / "1.txt").exists()
    assert found(configured, OTHER) == set()
    owner.release()
    assert run(["recordings", "erase", "--yes", MINE]) == 0
    assert found(configured, MINE) == set()


def test_what_another_plugin_cannot_erase_is_told(
    configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (configured / "locked").touch()
    assert run(["recordings", "erase", "--yes", "--json", MINE]) == 1
    (item,) = json.loads(capsys.readouterr().out)
    assert item["problems"] == ["plugin notes: the notes are locked; unlock them"]
    assert item["files"] == 4
    lines = [json.loads(line) for line in (configured / "archive" / LEDGER).read_text().splitlines()]
    assert [line["complete"] for line in lines] == [True, False]
    (configured / "notes.py").write_text("1 / 0")
    assert run(["recordings", "erase", "--yes", "--json", MINE]) == 1
    (item,) = json.loads(capsys.readouterr().out)
    assert item["problems"][0].startswith("plugin notes: was not asked, since it does not run: ")


def test_a_store_that_cannot_be_reached_keeps_all(
    configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (configured / "audiohook.toml").read_text()
    gone = text.replace(f"file://{configured}/store", "s3://calls") + (
        'options = {endpoint = "http://127.0.0.1:9", region = "x", access_key_id = "x"}\n'
        'secrets = {secret_access_key = "x"}\nconnect_timeout = 1\n'
    )
    (configured / "audiohook.toml").write_text(gone)
    assert run(["recordings", "erase", "--yes", MINE]) == 1
    assert (
        f"{MINE}: the store failed (connection): nothing is erased; check store.url"
        in capsys.readouterr().err
    )
    assert len(found(configured, f"MARK-{MINE}")) == 4
    (configured / "audiohook.toml").write_text(text.replace(f"file://{configured}", "nonsense://"))
    assert run(["recordings", "erase", "--yes", MINE]) == 2


@pytest.mark.parametrize("wrong", ["", "*", "..", f"../{MINE}", f"{MINE}/", A[:-1]])
def test_only_ids_are_taken(configured: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = found(configured, "")
    assert run(["recordings", "erase", "--yes", MINE, wrong]) == 2
    assert "the id of a conversation is a UUID" in capsys.readouterr().err
    assert found(configured, "") == before


def test_nobody_to_ask_is_no_yes(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = found(configured, "")
    assert run(["recordings", "erase", MINE]) == 2
    assert "add --yes" in capsys.readouterr().err
    assert found(configured, "") == before


def test_no_directory_is_told(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (configured / "archive").rename(configured / "elsewhere")
    assert run(["recordings", "erase", "--yes", MINE]) == 1
    said = capsys.readouterr()
    assert f"{MINE}: there is no directory archive: go where the server's audiohook.toml is" in said.err
    assert "AUDIOHOOK_CONFIG" in said.err
    assert said.out == ""


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 2)])
def test_people_are_asked(configured: Path, answer: str, status: int) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "audiohook_fw", "recordings", "erase", MINE],
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=110,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == status, done.stderr
    assert f"{MINE}: 2 recordings, 4 files, 1 object, " in done.stderr
    assert "It cannot be undone." in done.stderr
    assert len(found(configured, f"MARK-{MINE}")) == (4 if status else 0)
