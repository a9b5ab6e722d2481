"""Reports: by everything, of everything, in every form."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from audiohook_fw_cost import CostSettings
from audiohook_fw_cost.cli import make_app
from audiohook_fw_cost.figures import MICRO, Figures, Leg, Tariff
from audiohook_fw_cost.report import NO_FILES_BESIDE, By, Filter, make_report
from audiohook_fw_cost.rows import CallRow
from audiohook_fw_cost.shapes import as_csv, as_table
from audiohook_fw_cost.store import Store
from typer.testing import CliRunner

from audiohook_fw import PluginError

NewRow = Callable[..., CallRow]
JAN, FEB = "2026-01-31", "2026-02-01"
HOUR = 3600 * 8000


@pytest.fixture
def filled(database: Path, new_row: NewRow) -> Path:
    """Three calls: two keys, two queues, two days, two organizations, two currencies."""
    one = {Leg("q1", JAN): Figures(HOUR, 0, 8000, HOUR // 2), Leg("q2", FEB): Figures(8000)}
    with Store(database) as store:
        store.save(
            [
                new_row(
                    id="1", session_id="s1", legs=one, names={"q1": "Sales", "q2": "Hilfe"}, ended_at="x"
                ),
                new_row(
                    id="2",
                    session_id="s2",
                    key="other",
                    organization_id="P",
                    legs={Leg("", FEB): Figures(HOUR)},
                ),
                new_row(
                    id="3",
                    session_id="s3",
                    legs={Leg("q1", FEB): Figures(1)},
                    names={"q1": "Sales"},
                    tariff=Tariff(9 * MICRO, "USD"),
                ),
            ]
        )
    return database


def groups(path: Path, by: By, **wanted: str) -> list[tuple[str, int]]:
    return [(line.group, line.calls) for line in make_report(path, by, Filter(**wanted))[0]]


def test_what_a_line_holds(filled: Path) -> None:
    lines, totals = make_report(filled, By.QUEUE, Filter(since=JAN, until=JAN))
    (line,) = lines
    assert (line.group, line.name, line.calls, line.unfinished, line.currency) == ("q1", "Sales", 1, 0, "EUR")
    assert (line.streamed, line.client_paused, line.server_paused, line.connected) == (3600, 1, 1800, 5401)
    assert (line.cost, line.saved) == (Decimal(60), Decimal(30))
    assert [total.cost for total in totals] == [Decimal(60)]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (By.DAY, [(JAN, 1), (FEB, 2), (FEB, 1)]),
        (By.KEY, [("monitor", 1), ("monitor", 1), ("other", 1)]),
        (By.QUEUE, [("", 1), ("q1", 1), ("q1", 1), ("q2", 1)]),
        (By.ORGANIZATION, [("P", 1), ("o", 1), ("o", 1)]),
        (By.CALL, [("1", 1), ("2", 1), ("3", 1)]),
    ],
)
def test_by_everything_and_currencies_apart(filled: Path, by: By, expected: list[tuple[str, int]]) -> None:
    assert groups(filled, by) == expected


@pytest.mark.parametrize(
    ("wanted", "calls"),
    [
        ({"since": FEB}, ["1", "2", "3"]),
        ({"until": JAN}, ["1"]),
        ({"since": "2026-03-01"}, []),
        ({"key": "other"}, ["2"]),
        ({"key": "Other"}, []),
        ({"queue": "SALES"}, ["1", "3"]),
        ({"queue": "Q1"}, ["1", "3"]),
        ({"organization": "p"}, ["2"]),
        ({"queue": "hilfe", "until": JAN}, []),
    ],
)
def test_filters(filled: Path, wanted: dict[str, str], calls: list[str]) -> None:
    filled_names = [group for group, _ in groups(filled, By.CALL, **wanted)]
    assert filled_names == calls


def run(path: Path, *arguments: str) -> Any:
    return CliRunner().invoke(make_app(CostSettings(database=path)), ["report", *arguments])


def test_a_table(filled: Path) -> None:
    assert run(filled, "--by", "queue").output.splitlines() == [
        "                                          client   server",
        "queue        calls  connected  streamed   paused   paused    cost  saved",
        "(not known)      1    1:00:00   1:00:00  0:00:00  0:00:00   60.00   0.00  EUR",
        "Sales            1    1:30:01   1:00:00  0:00:01  0:30:00   60.00  30.00  EUR",
        "Sales            1    0:00:00   0:00:00  0:00:00  0:00:00    0.00   0.00  USD",
        "Hilfe            1    0:00:01   0:00:01  0:00:00  0:00:00    0.02   0.00  EUR",
        "total            2    2:30:02   2:00:01  0:00:01  0:30:00  120.02  30.00  EUR",
        "total            1    0:00:00   0:00:00  0:00:00  0:00:00    0.00   0.00  USD",
    ]


def test_a_table_fits_a_terminal_also_with_ids_in_it(database: Path, new_row: NewRow) -> None:
    names = {"q1": "Kundendienst Deutschland, abends", "q2": "a" * 200}
    figures = Figures(9 * HOUR, 0, 9 * HOUR, 9 * HOUR)
    legs = {Leg("q1", JAN): figures, Leg("q2", JAN): figures, Leg("", JAN): figures}
    with Store(database) as store:
        store.save([new_row(legs=legs, names=names, organization_id=str(UUID(int=7)))])
    lines = run(database, "--by", "queue").output.splitlines()
    row = "1  27:00:00  9:00:00  9:00:00  9:00:00  540.00  540.00 EUR"
    assert lines[2:6] == [f"(not known)     {row}", names["q1"], f"                {row}", names["q2"]]
    assert max(len(line) for line in lines if line != names["q2"]) <= 80
    lines = run(database, "--by", "organization").output.splitlines()
    assert lines[2] == str(UUID(int=7))
    assert max(map(len, lines)) <= 80


def test_csv_and_json_say_the_same(filled: Path) -> None:
    records = list(csv.DictReader(io.StringIO(run(filled, "--by", "key", "--format", "csv").output)))
    document = json.loads(run(filled, "--by", "key", "--json", "--since", JAN).output)
    assert document["filter"] == {"since": JAN}
    assert [{name: str(value) for name, value in line.items()} for line in document["lines"]] == records
    assert records[0] == {
        "key": "monitor",
        "calls": "1",
        "unfinished": "0",
        "connected_seconds": "5402.0",
        "streamed_seconds": "3601.0",
        "client_paused_seconds": "1.0",
        "server_paused_seconds": "1800.0",
        "discarded_seconds": "0.0",
        "without_media_seconds": "0.0",
        "currency": "EUR",
        "cost": "60.016667",
        "saved": "30",
    }
    assert sum(total["calls"] for total in document["totals"]) == 3
    assert document["totals"][0]["unfinished"] == 1
    assert (
        run(filled, "--by", "key", "--format", "json").output == run(filled, "--by", "key", "--json").output
    )


@pytest.mark.parametrize("by", list(By))
def test_every_group_has_its_columns(filled: Path, by: By) -> None:
    head = run(filled, "--by", by, "--format", "csv").output.splitlines()[0].split(",")
    names = {
        By.QUEUE: ["queue_id", "queue_name"],
        By.CALL: ["call", "session_id"],
        By.ORGANIZATION: ["organization_id"],
    }.get(by, [str(by)])
    assert head[: len(names) + 1] == [*names, "calls"]
    assert run(filled, "--by", by).exit_code == 0


def test_nothing_to_report(database: Path) -> None:
    Store(database).close()
    assert run(database).output == "no calls\n"
    assert len(run(database, "--format", "csv").output.splitlines()) == 1
    assert json.loads(run(database, "--json").output)["lines"] == []


@pytest.mark.parametrize("shape", ["table", "csv", "json"])
def test_a_key_that_was_mistyped(filled: Path, shape: str) -> None:
    result = run(filled, "--key", "Monitor", "--format", shape)
    assert result.exit_code == 0
    assert result.stderr == 'no call of a key "Monitor" was counted; there are calls of: monitor, other\n'
    assert result.stdout == run(filled, "--since", "2030-01-01", "--format", shape).stdout or shape == "json"


def test_a_key_without_calls_in_that_time_is_no_mistake(filled: Path) -> None:
    assert run(filled, "--key", "monitor", "--since", "2030-01-01").output == "no calls\n"


def test_a_key_where_there_are_no_calls_at_all(database: Path) -> None:
    Store(database).close()
    assert run(database, "--key", "x").stderr == 'no call of a key "x" was counted; nor of any other\n'


def test_of_many_keys_some_are_told(database: Path, new_row: NewRow) -> None:
    with Store(database) as store:
        store.save([new_row(id=str(number), key=f"\x1bk{number:02}") for number in range(25)])
    told = run(database, "--key", "x").stderr
    assert "?k19 and 5 more" in told
    assert "\x1b" not in told


def test_names_of_queues_harm_neither_terminals_nor_spreadsheets(database: Path, new_row: NewRow) -> None:
    legs = {Leg("=1+1", JAN): Figures(8000)}
    with Store(database) as store:
        store.save(
            [
                new_row(legs=legs, names={"=1+1": "\x1b[2J=cmd"}),
                new_row(id="b", legs={Leg("-", JAN): Figures(1)}),
            ]
        )
    lines, totals = make_report(database, By.QUEUE, Filter())
    assert "?[2J=cmd" in as_table(lines, totals, By.QUEUE)
    assert [row["queue_id"] for row in csv.DictReader(io.StringIO(as_csv(lines, By.QUEUE)))] == [
        "'-",
        "'=1+1",
    ]


def test_a_report_reads_while_the_server_writes_and_writes_nothing(filled: Path, new_row: NewRow) -> None:
    with Store(filled) as store:
        store._connection.execute("BEGIN IMMEDIATE")
        assert groups(filled, By.DAY)
        store._connection.execute("ROLLBACK")


def test_a_report_in_a_folder_that_cannot_be_written_to(filled: Path) -> None:
    # SQLite cannot make the file that it wants beside a file of this kind: nobody may, be it root.
    Path(f"{filled}-shm").symlink_to(filled.parent / "not" / "there")
    assert groups(filled, By.CALL) == [("1", 1), ("2", 1), ("3", 1)]


@pytest.fixture
def as_a_guest(filled: Path) -> Iterator[Path]:
    """Be a user who may read the file, but not write to its folder, which root always may."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "cost.sqlite"
        shutil.copy(filled, path)
        path.chmod(0o444)
        folder.chmod(0o555)
        me = os.geteuid()
        if me == 0:
            os.seteuid(65_534)
        try:
            yield path
        finally:
            os.seteuid(me)
            folder.chmod(0o755)


def test_a_report_for_who_may_only_read(as_a_guest: Path) -> None:
    with pytest.raises(OSError, match="Permission denied"):
        (as_a_guest.parent / "x").touch()
    assert groups(as_a_guest, By.CALL) == [("1", 1), ("2", 1), ("3", 1)]
    assert [path.name for path in as_a_guest.parent.iterdir()] == ["cost.sqlite"]


@pytest.mark.parametrize("code", NO_FILES_BESIDE)
def test_whatever_sqlite_calls_it(filled: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    connect = sqlite3.connect

    def refuse(name: str, /, **options: Any) -> sqlite3.Connection:
        if "mode=ro" in name:
            error = sqlite3.OperationalError("attempt to write a readonly database")
            error.sqlite_errorcode = code
            raise error
        return connect(name, **options)

    monkeypatch.setattr(sqlite3, "connect", refuse)
    assert len(groups(filled, By.CALL)) == 3
    Path(f"{filled}-wal").write_bytes(b"")
    assert "run this as the user that the server runs as" in str(run(filled).exception)


def test_a_file_that_may_be_in_use_is_not_read_without_looking(filled: Path) -> None:
    Path(f"{filled}-shm").symlink_to(filled.parent / "not" / "there")
    Path(f"{filled}-wal").write_bytes(b"")
    result = run(filled)
    assert isinstance(result.exception, PluginError)
    assert "unable to open database file; run this as the user that the" in str(result.exception)


# what goes wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--since", "yesterday"], "--since yesterday: no such day; write it as 2026-01-31"),
        (["--until", "2026-02-30"], "--until 2026-02-30: no such day"),
        (["--since", FEB, "--until", JAN], "is after"),
        (["--by", "color"], "'color' is not one of"),
        (["--format", "xml"], "'xml' is not one of"),
    ],
)
def test_wrong_options(filled: Path, arguments: list[str], problem: str) -> None:
    result = run(filled, *arguments)
    assert result.exit_code == 2
    assert problem in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            None,
            "there is no {path}; the server makes it: run one, set plugins.cost.database, or name --database",
        ),
        (b"not a database, whatever it is called", "{path} cannot be read: file is not a database"),
        (b"", "{path} cannot be read: it holds no figures of calls"),
        ("newer", "{path} cannot be read: it is of version 99, and this one reads 1 to 2"),
    ],
)
def test_a_database_that_cannot_be_read_is_one_line(
    tmp_path: Path, content: bytes | str | None, problem: str
) -> None:
    path = tmp_path / "cost.sqlite"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
    command = [str(Path(sys.executable).with_name("audiohook-fw")), "cost", "report", "--database", str(path)]
    environment = {**os.environ, "AUDIOHOOK_DEBUG": ""}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=environment
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == f"Error: plugin cost: {problem.format(path=path)}\n"


def test_the_command_takes_the_configured_database(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "audiohook.toml").write_text(f'[plugins.cost]\ndatabase = "{filled}"\n')
    command = [str(Path(sys.executable).with_name("audiohook-fw")), "cost", "report", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["lines"]) == 3
