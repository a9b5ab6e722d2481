"""The tables are made once, by one node, as the code knows them; newer ones are refused."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from audiohook_fw_sessions import Sessions, migrate
from audiohook_fw_sessions.address import read_url
from audiohook_fw_sessions.engines import make_writer
from audiohook_fw_sessions.schema import METADATA
from sqlalchemy import Connection

from audiohook_fw import PluginError
from audiohook_fw.testing import CallDriver


def test_the_tables_are_those_that_the_code_knows(place: Any) -> None:
    place.writer().stop(30)

    def compare(connection: Connection) -> list[Any]:
        def ours(_: object, name: str | None, kind: str, *rest: object) -> bool:
            return (
                not (kind == "table" and str(name).startswith(("said", "audiohook")))
                and name != "events_said"
            )

        context = MigrationContext.configure(connection, opts={"include_object": ours})
        return compare_metadata(context, METADATA)

    async def run() -> list[Any]:
        engine = make_writer(read_url(place.url))
        async with engine.connect() as connection:
            found = await connection.run_sync(compare)
        await engine.dispose()
        return found

    assert asyncio.run(run()) == []


def test_many_nodes_start_at_once(place: Any) -> None:
    async def node() -> None:
        engine = make_writer(read_url(place.url))
        try:
            await migrate.migrate(engine)
        finally:
            await engine.dispose()

    async def run() -> None:
        await asyncio.gather(*(node() for _ in range(8)))

    asyncio.run(run())
    assert place.sql("SELECT version_num FROM audiohook_sessions_schema") == [("0002",)]


def test_older_tables_are_brought_up_to_date(place: Any) -> None:
    def first(connection: Connection) -> None:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    async def run() -> None:
        engine = make_writer(read_url(place.url))
        async with engine.begin() as connection:
            await connection.run_sync(first)
        await engine.dispose()

    asyncio.run(run())
    place.sql("INSERT INTO sessions (id, revision) VALUES ('a', 1)")
    place.sql("INSERT INTO events (session, number, text) VALUES ('a', 1, 'call 555-1234')")
    with pytest.raises(migrate.SchemaError, match="of schema 0001, and 0002 is needed; start a server"):
        place.sessions()
    assert place.writer().stop(30) == 0
    assert [session["id"] for session in place.sessions(search="1234")] == ["a"]


def test_a_newer_schema_is_refused_by_all(place: Any) -> None:
    place.writer().stop(30)
    place.sql("UPDATE audiohook_sessions_schema SET version_num = '9999'")
    problem = (
        "schema 9999, which is newer than this version of audiohook-fw-sessions knows; install a newer one"
    )
    with pytest.raises(migrate.SchemaError, match=problem):
        place.sessions()
    with CallDriver(Sessions, settings=place.settings) as call, pytest.raises(PluginError, match=problem):
        call.start()
    assert place.sql("SELECT version_num FROM audiohook_sessions_schema") == [("9999",)]


def test_a_wrong_place_fails_the_start_in_one_line(place: Any, tmp_path: Path) -> None:
    if place.is_file:
        wrong, problem = f"sqlite:///{tmp_path}", "Is a directory"
    else:
        wrong, problem = place.url.replace("/test_", "/none_"), "does not exist"
    settings = place.settings | {"url": wrong}
    with CallDriver(Sessions, settings=settings) as call, pytest.raises(PluginError, match=problem) as caught:
        call.start()
    assert "the database of plugins.sessions.url cannot be used: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_database_is_not_asked(place: Any) -> None:
    place.sql("SELECT 1")
    with pytest.raises(migrate.SchemaError, match="no sessions yet"):
        place.sessions()
