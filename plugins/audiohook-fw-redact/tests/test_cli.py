"""`audiohook-fw redact test`: what people and programs get."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from audiohook_fw_redact import RedactSettings
from audiohook_fw_redact.cli import make_app
from typer.testing import CliRunner

from audiohook_fw import PluginError

Run = Callable[..., str]


@pytest.fixture
def run() -> Run:
    def invoke(
        *arguments: str, settings: RedactSettings | None = None, given: str = "", code: int = 0
    ) -> str:
        app = make_app(settings or RedactSettings())
        result = CliRunner().invoke(app, ["test", *arguments], input=given)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code
        return result.output

    return invoke


def test_a_text(run: Run) -> None:
    assert run("take 4111 1111 1111 1111 please") == "take [card] please\n  5-24  card  luhn\n"


def test_values_only_when_asked_for(run: Run) -> None:
    assert run("take 4111111111111111 please", "--values").endswith("  5-21  card  luhn  4111111111111111\n")


def test_a_file_is_a_call(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "call.txt"
    file.write_text(
        "agent: what is your order number\n\ncustomer: 48213\nagent: and the card\n4111\n", encoding="utf-8"
    )
    assert run(str(file)).splitlines() == [
        "what is your order number", "48213", "and the card", "[card]", "  0-4  card  asked-for",
    ]  # fmt: skip


def test_standard_input(run: Run) -> None:
    assert run("-", given="mail a@b.com\n").startswith("mail [email]\n")


def test_json(run: Run) -> None:
    first, second = (
        json.loads(line) for line in run("mail a@b.com\nagent: yes", "--json", "--values").splitlines()
    )
    assert first["text"] == "mail [email]"
    assert first["findings"] == [
        {"kind": "email", "rule": "written", "start": 5, "end": 12, "value": "a@b.com"}
    ]
    assert first["spans"][0]["kind"] == "email"
    assert (second["channel"], second["findings"]) == ("internal", [])


def test_settings_count(run: Run) -> None:
    assert run("mail a@b.com", settings=RedactSettings(style="stars")).startswith("mail ****\n")


def test_files_that_are_not_there_or_no_text(run: Run, tmp_path: Path) -> None:
    assert "there is no file" in run("calls.txt", code=2)
    (tmp_path / "odd.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PluginError, match="no UTF-8"):
        run(str(tmp_path / "odd.txt"))
