"""What was said is found, whether few said it or many, and always the same."""

from __future__ import annotations

import random
from typing import Any

import pytest
from audiohook_fw_sessions import reader as reader_module
from audiohook_fw_sessions import search
from audiohook_fw_sessions.filters import read_filter
from audiohook_fw_sessions.reader import Reader

SESSIONS = 60


def session_id(number: int) -> str:
    return f"{1_767_225_600_000 + number * 1000:012x}{number:020x}"


@pytest.fixture
def talked(place: Any) -> Any:
    """Sixty sessions whose utterances came in any order: all say `yes`, half `no`, the older ones `once`."""
    chance = random.Random(7)
    rows = []
    for n in range(SESSIONS):
        for number in range(3):
            said = ["yes", *(["no"] if n % 2 else []), *(["once"] if n < 20 else []), f"n{n}"]
            chance.shuffle(said)
            text = {"type": "transcript", "text": " ".join(said) if number else None}
            rows.append({"session": session_id(n), "number": number + 1, **text})
    chance.shuffle(rows)
    writer = place.writer()
    for n in range(SESSIONS):
        facts = {"revision": 1, "state": "ended", "key_name": f"k{n % 3}", "started_at": "2026-01-01"}
        writer.put("sessions", {"id": session_id(n), **facts})
    for row in rows:
        writer.put("events", row)
    assert writer.stop(30) == 0
    assert writer.refused == 0
    return place


def pages(place: Any, limit: int, **wanted: object) -> list[str]:
    """Return all ids, page by page."""

    async def question(reader: Reader) -> list[str]:
        found: list[str] = []
        while page := await reader.page(read_filter(wanted), limit=limit, before=found[-1] if found else ""):
            assert len(page) <= limit
            found += [session["id"] for session in page]
        return found

    asked: list[str] = place.ask(question)
    return asked


@pytest.mark.parametrize("sparse", [0, 10**9])
def test_common_words_find_what_rare_ones_would(
    talked: Any, monkeypatch: pytest.MonkeyPatch, sparse: int
) -> None:
    monkeypatch.setattr(search, "_SPARSE", sparse)
    monkeypatch.setattr(reader_module, "_STRIDE", 16)
    questions: list[tuple[dict[str, object], list[int]]] = [
        ({"search": "yes"}, list(range(SESSIONS))),
        ({"search": "no YES"}, list(range(1, SESSIONS, 2))),
        ({"search": "once"}, list(range(20))),
        ({"search": "once", "key": "k1"}, list(range(1, 20, 3))),
        ({"search": "n7 yes"}, [7]),
        ({"search": "n7 n8"}, []),
        ({"search": "nobody"}, []),
    ]
    for wanted, numbers in questions:
        expected = [session_id(n) for n in reversed(numbers)]
        for common in (0, 10**6):
            monkeypatch.setattr(search, "COMMON", common)
            for limit in (1, 7, 100):
                assert pages(talked, limit, **wanted) == expected, (wanted, common, limit)


def test_words_are_found_within_numbers_and_addresses(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = place.writer()
    writer.put("sessions", {"id": session_id(1), "revision": 1})
    said = "call 555-1234 or +49170 at 10:30, 3.50 of a@example.com/path?q=x#part, <b>Straße-Nord</b> don't"
    writer.put("events", {"session": session_id(1), "number": 1, "type": "transcript", "text": said})
    assert writer.stop(30) == 0
    words = [
        "555",
        "1234",
        "555-1234",
        "49170",
        "10",
        "30,",
        "50",
        "3.50",
        "example",
        "example.com",
        "path",
        "x",
    ]
    for word in [*words, "part", "nord", "straße-nord", "don't", "don", "1234 30 com"]:
        for common in (0, 10):
            monkeypatch.setattr(search, "COMMON", common)
            assert pages(place, 10, search=word) == [session_id(1)], word
    for word in ("55", "exampl", "strasse"):
        assert pages(place, 10, search=word) == []


def test_what_is_common(talked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def question(reader: Reader) -> list[bool]:
        async with reader._engine.connect() as connection:
            return [await search.is_common(connection, [word]) for word in ("yes", "no", "nobody")]

    for limit, expected in ((119, [True, False, False]), (59, [True, True, False]), (120, [False] * 3)):
        monkeypatch.setattr(search, "COMMON", limit)
        assert talked.ask(question) == expected


def test_a_page_of_common_words_looks_no_further_than_it_must(
    talked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def holding(connection: Any, words: Any, ids: Any) -> set[str]:
        asked.extend(ids)
        return await search.holding(connection, words, ids)

    monkeypatch.setattr(search, "COMMON", 50)
    monkeypatch.setattr(reader_module, "holding", holding)

    async def question(reader: Reader) -> None:
        assert len(await reader.page(read_filter({"search": "yes"}), limit=5)) == 5
        assert len(await reader.page(read_filter({"search": "no"}), limit=5)) == 5

    talked.ask(question)
    newest = [session_id(n) for n in range(SESSIONS - 1, SESSIONS - 11, -1)]
    assert asked == newest * 2


def test_what_many_said_is_not_counted(talked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def question(reader: Reader) -> list[int | None]:
        return [await reader.count(read_filter({"search": word})) for word in ("yes", "n7", "")]

    monkeypatch.setattr(search, "COMMON", 50)
    assert talked.ask(question) == [None, 1, SESSIONS]
