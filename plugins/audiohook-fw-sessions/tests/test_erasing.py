"""A conversation that is erased is nowhere any more, and does not come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_sessions import Sessions, SessionsSettings, database
from audiohook_fw_sessions.address import read_url
from audiohook_fw_sessions.journal import Journal
from audiohook_fw_sessions.rows import Row
from sqlalchemy import event

from audiohook_fw import PluginError, RecordingFinished

GONE, STAYS = "6f1c3d58-0000-4000-8000-00000000dead", "6f1c3d58-0000-4000-8000-00000000beef"
MARK = "xylophonemarker"


def rows(conversation: str, session: str, word: str) -> list[tuple[str, dict[str, Any]]]:
    key = {"session": session, "number": 1}
    return [
        (
            "sessions",
            {"id": session, "revision": 1, "state": "open", "conversation_id": conversation, "ani": word},
        ),
        ("tags", {"session": session, "name": word, "revision": 1}),
        ("pauses", {**key, "revision": 1, "start": 0}),
        ("discards", {**key, "start": 0, "length": 1, "clamped": False}),
        ("errors", {**key, "position": 0, "code": 1, "message": word}),
        ("events", {**key, "type": "transcript", "text": f"said {word}", "body": "{}"}),
        ("recordings", {"id": session, "conversation_id": conversation, "url": word}),
    ]


def counts(place: Any) -> list[int]:
    tables = ("sessions", "tags", "pauses", "discards", "errors", "events", "recordings")
    return [place.sql(f"SELECT count(*) FROM {table}")[0][0] for table in tables]


async def erase(place: Any, conversation: str = GONE) -> int:
    return await Sessions(SessionsSettings(**place.settings)).on_erase(conversation)


def test_it_is_nowhere(place: Any, kit: Any, tmp_path: Path) -> None:
    import asyncio

    writer = place.writer()
    for name in ("a", "b"):
        for table, values in rows(GONE, name, MARK):
            writer.put(table, values)
    for table, values in rows(STAYS, "c", "harmless"):
        writer.put(table, values)
    kit.until(lambda: writer.written == 21)
    assert asyncio.run(erase(place)) == 14
    assert counts(place) == [1] * 7
    assert place.sql("SELECT conversation FROM erasures") != [(GONE,)]
    assert place.ask(lambda reader: reader.find(GONE)) == []
    if place.is_file:
        for file in tmp_path.rglob("*"):
            assert file.is_dir() or MARK.encode() not in file.read_bytes(), file
    # what a running call adds goes when its end is written
    for table, values in rows(GONE, "a", MARK)[::-1]:
        writer.put(table, values | ({"revision": 2} if "revision" in values else {}))
    assert writer.stop(30) == 0
    assert counts(place) == [1] * 7
    assert asyncio.run(erase(place)) == 0


def test_others_write_while_a_big_index_is_rewritten(
    file_place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.setattr(database, "_PAGES", 1)
    commits: list[object] = []

    async def run() -> None:
        base = database.Database(read_url(file_place.url))
        for n in range(8):  # each a part of the index
            words = " ".join(f"word{n}x{m}" for m in range(2_000)) + (f" {MARK}" if n == 3 else "")
            added = rows(GONE if n == 3 else STAYS, f"s{n}", words)
            await base.write(
                [Row(table, values) for table, values in added if table in ("sessions", "events")]
            )
        event.listen(base._engine.sync_engine, "commit", commits.append)
        assert await base.erase(GONE) == 2
        await base.close()

    asyncio.run(run())
    assert len(commits) > 5
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or MARK.encode() not in file.read_bytes(), file
    assert len(file_place.sessions(search="word4x1999")) == 1


def test_what_a_journal_holds_does_not_come_back(place: Any) -> None:
    import asyncio

    dead = Journal(place.journal, limit=10**6)
    dead.append([Row(table, values).to_line() for table, values in rows(GONE, "a", MARK)])
    dead.close()
    assert asyncio.run(erase(place)) == 0
    place.writer().stop(30)
    assert counts(place) == [0] * 7


def test_where_nothing_is_nothing_is_made(file_place: Any, tmp_path: Path) -> None:
    import asyncio

    assert asyncio.run(erase(file_place)) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_gone_is_told() -> None:
    import asyncio

    plugin = Sessions(SessionsSettings(url="postgresql://u:secret@127.0.0.1:1/x"))
    with pytest.raises(PluginError, match="cannot be used") as caught:
        asyncio.run(plugin.on_erase(GONE))
    assert "secret" not in str(caught.value)


def test_recordings_are_taken_when_they_are_announced(place: Any) -> None:
    import asyncio

    async def run() -> None:
        plugin = Sessions(SessionsSettings(**place.settings))
        plugin._writer.start()
        told = RecordingFinished(
            id="r1", session_id="S", conversation_id=STAYS, url="file:///r1.wav", samples=800, size=2**40
        )
        await plugin.on_announced(told)
        await plugin.on_announced(told)
        await asyncio.to_thread(plugin._writer.stop, 30)

    asyncio.run(run())
    assert place.sql("SELECT id, session_id, url, samples, size, state FROM recordings") == [
        ("r1", "s", "file:///r1.wav", 800, 2**40, "complete")
    ]
