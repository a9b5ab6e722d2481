"""Recordings by id, by file and by directory; and whatever leads elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

A, B = "6f1c3d58-0000-4000-8000-0000000000aa", "6f1c3d58-0000-4000-8000-0000000000bb"


@pytest.fixture
def names(archive: Any) -> Any:
    archive.add(A, conversation_id="C0FFEE00-0000-4000-8000-000000000001")
    archive.add(f"{A}-2", session_id=A.upper(), conversation_id="c0ffee00-0000-4000-8000-000000000001")
    archive.add(B)

    def found(*words: object, status: int = 0) -> list[str]:
        return [item["name"] for item in archive.json("list", *words, status=status)]

    return found


def test_ids_of_sessions_and_conversations(names: Any) -> None:
    assert names() == [A, f"{A}-2", B]
    assert names(A) == names(A.upper()) == [A, f"{A}-2"]
    assert names(f"{A}-2") == [f"{A}-2"]
    assert names("c0ffee00-0000-4000-8000-000000000001") == [A, f"{A}-2"]
    assert names(B, A) == [A, f"{A}-2", B]


def test_a_damaged_sidecar_is_found_by_its_name(archive: Any, names: Any) -> None:
    (archive.directory / f"{A}.json").write_text("{")
    (archive.directory / f"{A}-3.json").write_text("{")
    assert names(A, status=1) == [A, f"{A}-2", f"{A}-3"]


def test_files_and_directories(archive: Any, names: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    there = archive.directory
    assert names(there / f"{B}.wav") == names(there / f"{B}.json") == [B]
    assert names(there) == [A, f"{A}-2", B]
    monkeypatch.chdir(there)
    assert names(f"{B}.wav") == [B]
    assert names(".") == [A, f"{A}-2", B]


def test_the_directory_of_the_settings_may_be_missing_when_files_are_named(archive: Any) -> None:
    path = archive.add(A)
    archive.directory = archive.directory / "missing"
    assert len(archive.json("list", path)) == 1
    result = archive.run("list")
    assert "there is no directory" in str(result.exception)
    assert "plugins.recorder.directory" in str(result.exception)


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("../secret", "there is no such file or directory"),
        ("a/../../b", "there is no such file or directory"),
        ("/etc/passwd", "there is no sidecar beside it"),
        *((word, "is no id, and no file") for word in ("*", "", ".owner-1", f"{A}\n", "é", "a" * 300)),
    ],
)
def test_tricks_with_ids_lead_nowhere(archive: Any, names: Any, word: str, problem: str) -> None:
    (archive.directory.parent / "secret.json").write_text((archive.directory / f"{A}.json").read_text())
    result = archive.run("list", "--json", "--", word)
    assert result.exit_code != 0
    assert "secret" not in result.stdout
    assert problem in str(result.exception)


def test_an_id_that_nothing_has_is_named(archive: Any, names: Any) -> None:
    result = archive.run("list", A, "other", "--json")
    assert result.stdout.count('"name"') == 2
    assert "there is no recording of other in" in str(result.exception)


def test_links_and_pipes_are_not_followed(archive: Any, tmp_path: Path) -> None:
    archive.add(A)
    outside = tmp_path / "outside.json"
    outside.write_text((archive.directory / f"{A}.json").read_text())
    (archive.directory / "link.json").symlink_to(outside)
    os.mkfifo(archive.directory / "pipe.json")
    (archive.directory / "directory.json").mkdir()
    assert [item["name"] for item in archive.json("list")] == [A]
    problems = [item["problems"] for item in archive.json("verify") if item["verdict"] == "foreign"]
    assert problems == [
        ["directory.json: this is no regular file"],
        ["link.json: this is a link, and links are not followed"],
        ["pipe.json: this is no regular file"],
    ]


def test_a_sidecar_that_is_huge_is_not_read(archive: Any) -> None:
    with (archive.directory / "huge.json").open("wb") as file:
        file.truncate(1 << 40)
    (item,) = archive.json("verify")
    assert item["problems"] == ["huge.json: this is too much for a sidecar"]


def test_what_the_store_has_and_is_being_removed_here_is_not_listed(archive: Any) -> None:
    path = archive.add(A)
    path.rename(path.with_name(f"{A}.stored.json"))
    assert archive.json("list") == []
    assert [item["verdict"] for item in archive.json("verify")] == ["foreign"]  # its audio, for a moment
