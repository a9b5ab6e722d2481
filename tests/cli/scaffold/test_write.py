"""All files or none."""

from __future__ import annotations

import pytest

from audiohook_fw.cli.scaffold import NotEmptyError, write

FILES = {"a.txt": "one\n", "b/c.txt": "two\n"}


def found(directory):
    return {p.relative_to(directory).as_posix() for p in directory.rglob("*")}


@pytest.mark.parametrize("exists", [False, True])
def test_files_are_written(tmp_path, exists):
    target = tmp_path / "above" / "made"
    if exists:
        target.mkdir(parents=True)
    write(FILES, target)
    assert (target / "b/c.txt").read_text() == "two\n"
    assert found(tmp_path) == {
        "above",
        "above/made",
        "above/made/a.txt",
        "above/made/b",
        "above/made/b/c.txt",
    }
    (tmp_path / "usual").mkdir()
    assert target.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_what_is_there_stays(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine").touch()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("made", "file", "link"):
        with pytest.raises(NotEmptyError):
            write(FILES, tmp_path / name)
    assert found(tmp_path) == {"made", "made/mine", "file", "link"}


@pytest.mark.parametrize("parents", [False, True])
def test_a_failure_leaves_nothing(tmp_path, parents):
    target = tmp_path / "above" / "made" if parents else tmp_path / "made"
    with pytest.raises(OSError, match=r"a\.txt"):
        write({**FILES, "a.txt/impossible": ""}, target)
    assert found(tmp_path) == set()
