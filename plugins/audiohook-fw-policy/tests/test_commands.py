"""`audiohook-fw policy check` and `audiohook-fw policy test`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from audiohook_fw.cli.main import run

ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"
CONVERSATION = "e160e428-53e2-487c-977d-96989bf5c99d"
RULES = (
    'action = "reject"\nwhen = { time = { hours = "20:00-06:00" } }',
    'action = "accept"\ntags = { tier = "gold" }\nwhen = { dnis = "+49800*", any = [{ key = "pilot" }, '
    '{ not = { language = "de" } }] }',
    'action = "accept"\nwhen.queue = "Sales"\nfallback = "next"\nqueue_timeout = 4',
    f'action = "reject"\nreason = "error"\nwhen.organization = "{ORGANIZATION}"',
)
Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDIOHOOK_PLUGINS__ENABLED", '["policy"]')


@pytest.fixture
def opening(tmp_path: Path) -> Path:
    """An `open` of a caller in Berlin to a free number."""
    path = tmp_path / "open.json"
    parameters = {
        "organizationId": "00000000-1111-4222-8333-444444444444",
        "conversationId": CONVERSATION,
        "participant": {
            "id": "883efee8-3d6c-4537-b500-6d7ca4b92fa0",
            "ani": "tel:+4930111111",
            "aniName": "Marker Name",
            "dnis": "tel:+49800222222",
        },
        "media": [],
        "language": "de-DE",
        "customConfig": {"tier": "gold"},
    }
    path.write_text(json.dumps({"version": "2", "type": "open", "parameters": parameters}), encoding="utf-8")
    return path


@pytest.fixture
def tested(rule_file: Write, opening: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """Return what is said of the call, with further options."""

    def make(*options: str, rules: tuple[str, ...] = RULES) -> list[str]:
        path = rule_file(*rules)
        assert run(["policy", "test", str(path), "--open", str(opening), *options]) == 0
        return capsys.readouterr().out.splitlines()

    return make


def test_a_good_file(rule_file: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = rule_file(*RULES)
    assert run(["policy", "check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 4 rules, 1 of them ask for the queue; nothing is wrong\n"


def test_a_bad_file_among_good_ones(
    rule_file: Write, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("default: accept\nrules:\n- {name: a, action: accept}\n- {nam: b}\n", encoding="utf-8")
    assert run(["policy", "check", str(bad), str(rule_file(*RULES))]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f'{bad}:4: rule 2: unknown key of a rule "nam"')
    assert len(lines) == 4
    assert lines[-1].endswith("nothing is wrong")


def test_a_warning_is_no_mistake(rule_file: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = rule_file('action = "accept"', 'action = "reject"')
    assert run(["policy", "check", str(path)]) == 0
    assert f'{path}:8: rule "r2" and all after it are never asked' in capsys.readouterr().out


def test_files_that_cannot_be_read_do_not_hide_the_others(
    rule_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder.toml").mkdir()
    good = str(rule_file(*RULES))
    assert run(["policy", "check", "none.toml", "folder.toml", good]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "none.toml: cannot be read: No such file or directory",
        "folder.toml: cannot be read: Is a directory",
    ]
    assert lines[2].startswith(f"{good}: 4 rules")


def test_it_is_told_which_rule_matches_and_why(tested: Callable[..., list[str]]) -> None:
    assert tested("--key", "pilot", "--at", "2026-03-27T12:00") == [
        "rule r1 (line 4): does not match",
        "  time is in 20:00-06:00 (Europe/Berlin): no",
        "rule r2 (line 9): matches",
        "  dnis is +49800*: yes",
        "  any: yes",
        "    key is pilot: yes",
        "    not: no",
        "      language is de: yes",
        "decision: accept, tags tier=gold (rule r2 matches)",
    ]


def test_the_time_without_a_zone_is_that_of_the_file(tested: Callable[..., list[str]]) -> None:
    assert tested("--at", "2026-03-27T20:00")[-1] == "decision: reject (completed) (rule r1 matches)"
    assert tested("--at", "2026-03-27T20:00-04:00")[-1] == "decision: reject (completed) (rule r1 matches)"
    assert "rule r1 (line 4): does not match" in tested("--at", "2026-03-27T19:00+02:00")


def test_without_a_queue_it_is_told_what_comes_then(tested: Callable[..., list[str]]) -> None:
    assert tested("--at", "2026-03-27T12:00")[-4:] == [
        "rule r3 (line 15): asks for the queue",
        "  queue is Sales: not known yet",
        "decision: accept paused, and wait up to 4 s for the queue (rule r3)",
        "if the queue stays unknown: accept (no rule matches: the default)",
    ]


@pytest.mark.parametrize(
    ("options", "decision"),
    [
        (["--queue", "sales"], "accept (rule r3 matches)"),
        (["--queue", "Care"], "accept (no rule matches: the default)"),
        (["--queue", "Care", "--organization", ORGANIZATION.upper()], "reject (error) (rule r4 matches)"),
        (["--queue", CONVERSATION, "--queue", "Sales"], "accept (rule r3 matches)"),
    ],
)
def test_with_a_queue(tested: Callable[..., list[str]], options: list[str], decision: str) -> None:
    assert tested("--at", "2026-03-27T12:00", *options)[-1] == f"decision: {decision}"


def test_the_default_after_all_rules(tested: Callable[..., list[str]]) -> None:
    lines = tested("--queue", "x", rules=('action = "reject"\nwhen.active = { per = "key", at_least = 3 }',))
    assert lines[-1] == "decision: accept (no rule matches: the default)"
    lines = tested("--active", "3", rules=('action = "reject"\nwhen.active = { per = "key", at_least = 3 }',))
    assert lines[-1] == "decision: reject (completed) (rule r1 matches)"


@pytest.mark.parametrize(("on_failure", "decision"), [("closed", "reject (error)"), ("open", "accept")])
def test_a_rule_without_fallback(tested: Callable[..., list[str]], on_failure: str, decision: str) -> None:
    lines = tested("--on-failure", on_failure, rules=('action = "accept"\nwhen.queue = "Sales"',))
    assert lines[-1] == f"if the queue stays unknown: {decision} (on_failure, since rule r1 has no fallback)"


def test_no_number_and_no_name_is_shown(tested: Callable[..., list[str]]) -> None:
    numbers = 'ani = ["+4930111111", "+4930111111*"], dnis = ["+49800222222", "anonymous"]'
    lines = tested(rules=(f'action = "reject"\nwhen = {{ {numbers} }}',))
    assert lines[1:3] == [
        "  ani is +49######## or +49301#####*: yes",
        "  dnis is +49######### or anonymous: yes",
    ]
    text = " ".join(lines)
    assert "111111" not in text
    assert "222222" not in text
    assert "Marker" not in text


def test_no_number_in_custom_values_is_shown(tested: Callable[..., list[str]]) -> None:
    values = '"+4930123456", "030 / 12 34-56", "tel:49301*", 4930777777, "tier 4711", "gold"'
    lines = tested(rules=(f'action = "reject"\nwhen.custom = {{ phone = [{values}] }}',))
    assert "+########## or ### / ## ##-## or tel:#####* or ########## or tier 4711 or gold: no" in lines[2]


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59", "9999-12-31T23:59-14:00"])
def test_a_time_that_no_zone_knows(
    rule_file: Write, opening: Path, capsys: pytest.CaptureFixture[str], at: str
) -> None:
    path = rule_file('action = "reject"\nwhen.time = { days = "mon", zone = "Asia/Tokyo" }')
    assert run(["policy", "test", str(path), "--open", str(opening), "--at", at]) == 2
    said = capsys.readouterr().err
    assert f'--at: "{at}" is out of range; allowed: the years 1900 to 9000' in said


def test_the_parameters_alone_will_do(
    rule_file: Write, opening: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone.json"
    alone.write_text(json.dumps(json.loads(opening.read_text())["parameters"]), encoding="utf-8")
    rules = rule_file('action = "reject"\nwhen.custom.tier = "gold"')
    assert run(["policy", "test", str(rules), "--open", str(alone)]) == 0
    assert "reject (completed) (rule r1 matches)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "open.json: is no JSON on line 1; write the open message"),
        ("[]", "open.json: the content: "),
        (
            '{"type": "close", "parameters": {}}',
            "open.json: is a message of another type; write the open message",
        ),
        ('{"conversationId": "x"}', "open.json: organizationId: Field required; write the open message"),
    ],
)
def test_what_is_no_open_message(
    rule_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, problem: str
) -> None:
    (tmp_path / "open.json").write_text(content, encoding="utf-8")
    assert run(["policy", "test", str(rule_file(*RULES)), "--open", "open.json"]) == 2
    assert problem in capsys.readouterr().err


def test_what_is_no_time(rule_file: Write, opening: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "test", str(rule_file()), "--open", str(opening), "--at", "noon"]) == 2
    assert '--at: "noon" is no time; allowed: ISO 8601' in capsys.readouterr().err


def test_rules_that_are_wrong_are_told_by_test_too(
    tmp_path: Path, opening: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules.toml").write_text("", encoding="utf-8")
    assert run(["policy", "test", "rules.toml", "--open", str(opening)]) == 2
    assert "rules.toml:1: has no default" in capsys.readouterr().err
