"""What there is, in a table and as JSON."""

from __future__ import annotations

from typing import Any


def test_a_table_has_a_line_for_each_recording_the_newest_at_the_end(archive: Any) -> None:
    archive.add("b", seconds=61, started_at="2026-01-03T01:00:00+02:00")
    archive.add("c", seconds=1, channels=["internal"], encoding="L16", conversation_id="x\x1b[31m")
    (archive.directory / archive.add("a", started_at="2026-01-04T00:00:00Z").name).with_suffix(
        ".wav"
    ).unlink()
    assert archive.run("list").stdout.splitlines() == [
        "started (UTC)        length  ch     size  state     conversation                          recording",
        "2026-01-02 03:04:05    0:01   1  16.0 kB  complete  x�[31m                                c",
        "2026-01-02 23:00:00    1:01   2   976 kB  complete  c0000000-0000-4000-8000-000000000001  b",
        "2026-01-04 00:00:00    0:02   2  missing  complete  c0000000-0000-4000-8000-000000000001  a",
    ]


def test_json_is_an_array_with_everything(archive: Any) -> None:
    assert archive.json("list") == []
    archive.add("a")
    (archive.directory / "cut.json").write_text('{"format": "audiohook-recording/1", "sess')
    (archive.directory / "other.json").write_text("[1]")
    whole, damaged = archive.json("list", status=1)
    assert whole == {
        "name": "a",
        "place": str(archive.directory),
        "state": "complete",
        "session_id": "a",
        "conversation_id": "c0000000-0000-4000-8000-000000000001",
        "organization_id": "d0000000-0000-4000-8000-000000000001",
        "started_at": "2026-01-02T03:04:05+00:00",
        "ended_at": "2026-01-02T03:14:05+00:00",
        "seconds": 2.0,
        "format": "wav",
        "channels": ["external", "internal"],
        "bytes": 32058,
        "files": ["a.wav"],
    }
    assert damaged == {
        "name": "cut",
        "place": str(archive.directory),
        "state": "damaged",
        "problem": "cut.json: this is no JSON: it is damaged, or cut off",
    }


def test_what_is_no_recording_is_said_beside_the_table(archive: Any) -> None:
    (archive.directory / "cut.json").write_text("{")
    (archive.directory / "other.json").write_text("[1]")
    result = archive.run("list")
    assert (result.exit_code, result.stdout) == (1, "")  # as of info and verify
    assert result.stderr.splitlines() == [
        "Warning: cut.json: this is no JSON: it is damaged, or cut off",
        "no recordings",
        "Warning: 1 other JSON file is no sidecar of a recording",
    ]
    (archive.directory / "cut.json").unlink()
    assert archive.run("list").exit_code == 0  # what is none of the recorder's is no fault


def test_a_call_that_runs_is_told_from_one_whose_server_is_gone(archive: Any) -> None:
    owner = archive.owner()
    archive.add("a", state="recording", owner=owner.token)
    archive.add("b", state="recording", owner="0" * 16)
    archive.add("c", state="recording")
    assert [item["state"] for item in archive.json("list")] == ["recording", "abandoned", "abandoned"]
    owner.release()
    assert [item["state"] for item in archive.json("list")] == ["abandoned"] * 3
