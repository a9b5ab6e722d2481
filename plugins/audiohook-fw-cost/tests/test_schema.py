"""Versions of the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from audiohook_fw_cost.schema import MIGRATIONS, SchemaError, migrate, version_of


@pytest.fixture
def file() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def tables(file: sqlite3.Connection) -> set[str]:
    return {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_an_empty_file_gets_the_newest_version(file: sqlite3.Connection) -> None:
    assert version_of(file) == 0
    migrate(file)
    migrate(file)
    assert (version_of(file), tables(file)) == (len(MIGRATIONS), {"calls", "legs", "erased"})


def test_what_is_there_is_kept(file: sqlite3.Connection) -> None:
    migrate(file, ["CREATE TABLE a (x); INSERT INTO a VALUES (1)"])
    migrate(file, ["never run again", "ALTER TABLE a ADD y DEFAULT 2", "CREATE TABLE b (z)"])
    assert version_of(file) == 3
    assert file.execute("SELECT * FROM a").fetchall() == [(1, 2)]


def test_a_step_is_taken_whole_or_not_at_all(file: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        migrate(file, ["CREATE TABLE a (x)", "CREATE TABLE b (x); nonsense"])
    assert (version_of(file), tables(file), file.in_transaction) == (1, {"a"}, False)


def test_a_newer_version_is_left_alone(file: sqlite3.Connection) -> None:
    file.execute("PRAGMA user_version = 99")
    with pytest.raises(SchemaError, match=r"of version 99.*upgrade"):
        migrate(file)
    assert tables(file) == set()


def test_the_database_of_somebody_else_is_left_alone(file: sqlite3.Connection) -> None:
    file.execute("CREATE TABLE customers (x)")
    with pytest.raises(SchemaError, match="something else"):
        migrate(file)
    assert tables(file) == {"customers"}
