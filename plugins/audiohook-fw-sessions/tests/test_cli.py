"""`audiohook-fw sessions`: what people and programs get, and what they are told."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_sessions import SessionsSettings, cli, export, search
from audiohook_fw_sessions.cli import make_app
from rich.console import Console
from typer.testing import CliRunner

from audiohook_fw import PluginError

Run = Callable[..., str]


def session_id(number: int) -> str:
    return f"{1_767_225_600_000 + number * 3_600_000:012x}{number:020x}"  # an hour apart, from 2026-01-01


@pytest.fixture
def filled(place: Any) -> Any:
    """Ten sessions: two a conversation, of two keys, queues and states; every third with words."""
    writer = place.writer()
    for n in range(10):
        at = f"2026-01-01T{n:02}:00:00.000Z"
        values = {
            "id": session_id(n),
            "revision": 1,
            "session_id": f"00000000-0000-4000-8000-{n:012}",
            "conversation_id": f"6f1c3d58-0000-4000-8000-{n // 2:012}",
            "organization_id": "d7934305-0000-4000-8000-000000000000",
            "key_name": ("monitor", "bot")[n % 2],
            "queue_id": f"a1b2c3d4-0000-4000-8000-{n % 2:012}",
            "queue_name": ("Sales", "=SUM(A1)")[n % 2],
            "started_at": at,
            "ended_at": at,
            "state": "rejected" if n == 9 else "ended",
            "decision": "reject" if n == 9 else "accept",
            "reason": None if n == 9 else "end",
            "seconds": None if n == 9 else float(n * 10),
            "rate": 8000,
            "rtt_max": 0.04,
            "counts": '{"frames": 3}',
        }
        writer.put("sessions", values)
        writer.put("tags", {"session": values["id"], "name": "team", "revision": 1, "value": f"t{n % 3}"})
        if n % 3 == 0:
            said = {"type": "transcript", "channel": "external", "start": 8000, "length": 80}
            text = f"Straße number{n} and good morning"
            writer.put("events", {"session": values["id"], "number": 1, "text": text, "body": "{}", **said})
    pause = {"number": 1, "revision": 2, "origin": "client", "start": 16_000, "length": 8_000}
    writer.put("pauses", {"session": session_id(4), **pause})
    writer.put("pauses", {"session": session_id(5), **pause, "origin": "server"})
    writer.put("failures", {"session": session_id(4), "plugin": "asr", **dict.fromkeys(FAILURE, 0)})
    assert writer.stop(30) == 0
    assert writer.refused == 1  # failures without their flags: see below
    return place


FAILURE = ("faults", "dropped", "refused", "dropped_events")


@pytest.fixture
def run(filled: Any) -> Run:
    app = make_app(SessionsSettings(**filled.settings))

    def run(*args: str, fails: bool = False) -> str:
        result = CliRunner().invoke(app, args)
        if isinstance(result.exception, PluginError):
            raise result.exception
        assert (result.exit_code != 0) is fails, result.output
        return result.stderr if fails else result.stdout

    return run


def numbers(run: Run, *args: str) -> list[int]:
    return [int(session["id"][12:], 16) for session in json.loads(run("list", "--json", *args))]


@pytest.mark.parametrize(
    ("args", "found"),
    [
        ((), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (("--since", "2026-01-01T05:00"), [9, 8, 7, 6, 5]),
        (("--until", "2026-01-01T02:00"), [1, 0]),
        (("--until", "2026-01-01"), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (("--since", "2026-01-02"), []),
        (("--key", "bot"), [9, 7, 5, 3, 1]),
        (("--organization", "D7934305-0000-4000-8000-000000000000", "--limit", "2"), [9, 8]),
        (("--queue", "Sales", "--limit", "1"), [8]),
        (("--queue", "A1B2C3D4-0000-4000-8000-000000000001", "--since", "2026-01-01T08:00"), [9]),
        (("--conversation", "6F1C3D58-0000-4000-8000-000000000003"), [7, 6]),
        (("--state", "rejected"), [9]),
        (("--tag", "team=t1"), [7, 4, 1]),
        (("--tag", "team", "--tag", "team=t2"), [8, 5, 2]),
        (("--tag", "other"), []),
        (("--min-seconds", "70"), [8, 7]),
        (("--search", "MORNING good"), [9, 6, 3, 0]),
        (("--search", "straße number6"), [6]),
        (("--search", "strasse"), []),
        (("--paused",), [4]),
        (("--paused", "--key", "bot"), []),
        (("--search", "number6 number9"), []),
        (("--search", 'morning" OR "x'), []),
        (("--search", "morning", "--key", "bot", "--tag", "team=t0"), [9, 3]),
    ],
)
def test_filters(run: Run, args: tuple[str, ...], found: list[int]) -> None:
    assert numbers(run, *args) == found


def test_pages(run: Run) -> None:
    seen: list[int] = []
    before: tuple[str, ...] = ()
    while page := numbers(run, "--limit", "3", *before):
        seen += page
        before = ("--before", session_id(page[-1]))
    assert seen == list(range(9, -1, -1))


def test_list_is_for_people_and_spreadsheets(run: Run) -> None:
    table = run("list", "--limit", "2").splitlines()
    assert table[0].split() == [
        *("started", "id", "conversation", "key", "queue", "state", "reason", "length"),
    ]
    assert table[1].split()[:2] == ["2026-01-01", "09:00:00"]
    assert table[2].endswith("0:01:20")
    rows = list(csv.DictReader(io.StringIO(run("list", "--csv"))))
    assert len(rows) == 10
    assert (rows[0]["queue_name"], rows[1]["queue_name"]) == ("'=SUM(A1)", "Sales")
    assert (rows[1]["seconds"], rows[1]["tags"]) == ("80.000", "team=t2")
    assert run("list", "--since", "2027-01-01") == "no sessions\n"


def test_show(run: Run) -> None:
    for name in (
        session_id(4),
        "00000000-0000-4000-8000-000000000004",
        "6F1C3D58-0000-4000-8000-000000000002",
    ):
        (session, *rest) = json.loads(run("show", name, "--json"))
        assert session["id"] == session_id(4)
        assert len(rest) == (1 if name.startswith("6F") else 0)
        assert session["pauses"][0]["length"] == 8_000
        assert session["counts"] == {"frames": 3}
    text = run("show", "6f1c3d58-0000-4000-8000-000000000001")
    assert "0:00:01  transcript external: Straße number3 and good morning" in text
    assert "0:00:02  pause by client, 1.0 s" in run("show", session_id(4))


def test_stats(run: Run) -> None:
    (total,) = json.loads(run("stats", "--json"))
    assert (total["sessions"], total["conversations"], total["rejected"], total["seconds"]) == (
        10,
        5,
        1,
        360.0,
    )
    by_key = {line["key"]: line["sessions"] for line in json.loads(run("stats", "--by", "key", "--json"))}
    assert by_key == {"monitor": 5, "bot": 5}
    for by in ("day", "organization", "queue", "state", "reason"):
        lines = json.loads(run("stats", "--by", by, "--json"))
        assert sum(line["sessions"] for line in lines) == 10, by
    assert run("stats", "--by", "day").splitlines()[1].split()[:3] == ["2026-01-01", "10", "5"]
    assert run("stats", "--by", "queue", "--csv").startswith("queue,sessions,conversations,")
    assert "0" in run("stats", "--key", "nobody")


def test_export(run: Run, tmp_path: Path) -> None:
    assert len(json.loads(run("export"))) == 10
    assert "events" not in json.loads(run("export", "--key", "bot"))[0]
    file = tmp_path / "out.json"
    run("export", "--details", "--search", "morning", "--into", str(file))
    (first, *_) = json.loads(file.read_text())
    assert first["events"][0]["text"] == "Straße number9 and good morning"
    with pytest.raises(PluginError, match="is there already"):
        run("export", "--into", str(file))
    assert len(list(csv.DictReader(io.StringIO(run("export", "--csv"))))) == 10
    assert json.loads(run("export", "--key", "nobody")) == []


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (("list", "--json"), "asking the database"),
        (("stats", "--json"), "asking the database"),
        (("show", session_id(1), "--json"), "asking the database"),
        (("export",), "sessions"),
    ],
)
def test_a_terminal_shows_that_it_goes_on(
    run: Run, args: tuple[str, ...], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.StringIO()
    console = partial(Console, file=terminal, force_terminal=True)
    for module in (cli, export):
        monkeypatch.setattr(module, "Console", lambda *, stderr: console())
    assert json.loads(run(*args))
    assert shown in terminal.getvalue()


def test_words_that_many_said_are_exported_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "COMMON", 2)
    assert len(json.loads(run("export", "--search", "morning"))) == 4
    assert numbers(run, "--search", "morning", "--limit", "3") == [9, 6, 3]


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("list", "--since", "soon"), "--since: 'soon' is no time"),
        (("list", "--state", "up"), "--state: 'up' is no state"),
        (("stats", "--tag", "=1"), "--tag: '=1' names no tag"),
        (("list", "--json", "--csv"), "exclude each other"),
        (("export", "--csv", "--details"), "--details is for JSON"),
        (("list", "--database", "mysql://db/x"), "--database: mysql: is a database that is not known"),
        (("list", "--before", "x"), "--before: 'x' is no id of a session"),
        (("list", "--limit", "0"), "should be greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said(run: Run, args: tuple[str, ...], problem: str) -> None:
    words = " ".join(run(*args, fails=True).replace("│", " ").split())
    assert problem in words


def test_what_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    for name in ("nothing", "nul\0", "é"):
        with pytest.raises(PluginError, match="no session or conversation"):
            run("show", name)
    with pytest.raises(PluginError, match="cannot be written: No such file or directory"):
        run("export", "--into", str(tmp_path / "none" / "file"))
    with pytest.raises(PluginError, match=r"cannot be used: (No such file|Connection refused)"):
        run("list", "--database", f"postgresql://u@/x?host={tmp_path}")
    with pytest.raises(PluginError, match=r"there is no .*none\.sqlite; the server makes it"):
        run("list", "--database", f"sqlite:///{tmp_path}/none.sqlite")
    other = tmp_path / "other.sqlite"
    other.write_text("this is no database, and long enough to be seen as none" * 10)
    with pytest.raises(PluginError, match="file is not a database"):
        run("list", "--database", f"sqlite:///{other}")
    with pytest.raises(PluginError, match=r"postgresql://u:\*\*\*@127.0.0.1:1/x cannot be used"):
        run("list", "--database", "postgresql://u:secret@127.0.0.1:1/x")


def test_asking_changes_nothing(filled: Any, run: Run) -> None:
    from audiohook_fw_sessions.address import read_url
    from audiohook_fw_sessions.engines import make_reader
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    async def write() -> None:
        engine = make_reader(read_url(filled.url))
        try:
            async with engine.begin() as connection:
                await connection.execute(text("DELETE FROM sessions"))
        finally:
            await engine.dispose()

    import asyncio

    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        asyncio.run(write())
