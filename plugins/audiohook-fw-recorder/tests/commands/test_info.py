"""One recording in full."""

from __future__ import annotations

from typing import Any

import pytest


def test_everything_is_shown(archive: Any) -> None:
    gaps = [(4000, 4000, "pause"), (12_000, 800, "discarded")]
    archive.add("a", seconds=10, gaps=gaps, tags={"team": "blü\x1b[2J"}, errors={"ENOSPC": 2})
    result = archive.run("info", "a")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:10] == [
        "a",
        "  conversation  c0000000-0000-4000-8000-000000000001",
        "  session       a",
        "  organization  d0000000-0000-4000-8000-000000000001",
        "  started       2026-01-02 03:04:05 UTC, ended 2026-01-02 03:14:05 UTC",
        "  state         complete (end)",
        "  audio         0:10, wav, PCMU 8000 Hz, 160 kB",
        "  file          a.wav (external, internal)",
        "  key           monitor",
        "  tags          team=blü�[2J",
    ]
    assert lines[12].startswith("external  ████▁▁▁████")
    assert lines[14].startswith("             ░░░░   ┄┄")
    assert lines[-7:] == [
        "  external      peak -0.2 dBFS, mean -10.4 dBFS",
        "  internal      peak -0.2 dBFS, mean -10.4 dBFS",
        "  pause         0:00.5 in 1 gap",
        "  discarded     0:00.1 in 1 gap",
        "       0:00.5 to    0:01.0  pause",
        "       0:01.5 to    0:01.6  discarded",
        "",
    ]
    assert max(map(len, lines)) <= 80


def test_many_gaps_are_summed_up(archive: Any) -> None:
    archive.add("a", gaps=[(number * 100, 50, "pause") for number in range(60)])
    lines = archive.run("info").stdout.splitlines()
    assert "  pause         0:00.3 in 60 gaps" in lines
    assert "    and 40 more, which --json lists" in lines
    assert len(archive.json("info")[0]["sidecar"]["gaps"]) == 60


def test_what_was_redacted_is_shown_and_what_can_be_heard(archive: Any) -> None:
    entries = [
        {"channel": "external", "kind": "card", "start": 4000, "length": 8000},
        {"channel": "internal", "kind": "phone\x1b[2J", "start": 8000, "length": 4000},
        {"channel": "internal", "kind": "phone", "start": 12_000, "length": 800, "audible": True},
    ]
    archive.add("a", seconds=2, redactions=entries)
    assert archive.run("info").stdout.splitlines()[-6:] == [
        "  redacted      0:01.5 in 2 stretches",
        "  audible       0:00.1 in 1 stretch",
        "       0:00.5 to    0:01.5  external, card",
        "       0:01.0 to    0:01.5  internal, phone�[2J",
        "       0:01.5 to    0:01.6  internal, phone, can be heard: it was told too late",
        "",
    ]
    assert archive.json("info")[0]["sidecar"]["redactions"] == entries
    many = [{"channel": "external", "kind": "card", "start": 9 * n, "length": 5} for n in range(60)]
    archive.add("b", redactions=many)
    assert "    and 40 more, which --json lists" in archive.run("info", "b").stdout.splitlines()


def test_json_has_levels_and_the_sidecar(archive: Any) -> None:
    archive.add("a", channels=["internal"], more={"x": 1})
    (item,) = archive.json("info")
    levels = item["levels"]["internal"]
    assert levels["peak_dbfs"] == -0.2
    assert len(levels["peaks"]) == 70
    assert item["sidecar"]["more"] == {"x": 1}
    assert (item["state"], item["problem"], item["bytes"]) == ("complete", None, 16_058)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "a.wav: this is not a WAV file: give one that starts with RIFF and WAVE"),
        (None, "a.wav: this file is missing"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_is_shown(
    archive: Any, content: bytes | None, problem: str
) -> None:
    wav = archive.add("a").with_suffix(".wav")
    archive.add("b")
    wav.unlink() if content is None else wav.write_bytes(content)
    result = archive.run("info")
    assert result.exit_code == 1
    assert f"  its audio cannot be read: {problem}\n" in result.stdout
    assert "b.wav (external, internal)" in result.stdout
    assert archive.json("info", status=1)[0]["problem"].endswith(problem)


def test_a_damaged_sidecar_is_said(archive: Any) -> None:
    (archive.directory / "a.json").write_text("{")
    (archive.directory / "other.json").write_text("{}")
    result = archive.run("info")
    assert (result.exit_code, result.stdout.splitlines()) == (
        1,
        ["a", "  a.json: this is no JSON: it is damaged, or cut off", ""],
    )
    assert [item["state"] for item in archive.json("info", status=1)] == ["damaged"]
