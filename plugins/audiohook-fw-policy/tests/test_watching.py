"""The rule file while it changes: when it is read again, and what stays when it is wrong."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from audiohook_fw_policy.watching import RuleFile

Write = Callable[..., Path]


@pytest.fixture
def results() -> list[str]:
    return []


@pytest.fixture
async def watched(rule_file: Write, results: list[str]) -> AsyncIterator[RuleFile]:
    file = RuleFile(rule_file('action = "accept"'), every=0, noted=results.append)
    await file.start()
    yield file
    await file.stop()


def count(file: RuleFile) -> int:
    assert file.rules is not None
    return len(file.rules.rules)


async def test_a_change_counts_at_the_second_look(
    watched: RuleFile, rule_file: Write, results: list[str]
) -> None:
    rule_file('action = "accept"', 'action = "reject"')
    await watched.look()
    assert count(watched) == 1  # it may be being written
    await watched.look()
    assert count(watched) == 2
    await watched.look()
    assert results == ["loaded", "loaded"]


async def test_a_file_that_goes_on_changing_is_not_read(watched: RuleFile, rule_file: Write) -> None:
    for number in range(2, 5):
        rule_file(*['action = "accept"'] * number)
        await watched.look()
    assert count(watched) == 1
    await watched.look()
    assert count(watched) == 4


async def test_a_wrong_file_keeps_the_old_rules_and_says_so(
    watched: RuleFile, rule_file: Write, results: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    watched.path.write_text('default = "accept"\nrule = 1\nzone = 5\n', encoding="utf-8")
    for _ in range(3):
        await watched.look()
    assert count(watched) == 1
    assert results == ["loaded", "invalid"]
    assert f'{watched.path}:2: unknown key "rule"' in caplog.text
    assert "(and 1 more); audiohook-fw policy check" in caplog.text
    assert "the rules of before stay in force" in caplog.text
    rule_file('action = "accept"', 'action = "reject"')
    for _ in range(2):
        await watched.look()
    assert (count(watched), watched.problem) == (2, "")


async def test_a_file_that_is_gone_keeps_the_old_rules(
    watched: RuleFile, rule_file: Write, results: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    watched.path.unlink()
    for _ in range(3):
        await watched.look()
    assert count(watched) == 1
    assert results == ["loaded", "unreadable"]
    assert "No such file or directory; the rules of before stay in force" in caplog.text
    rule_file('action = "accept"', 'action = "reject"')
    for _ in range(2):
        await watched.look()
    assert count(watched) == 2


async def test_a_file_that_comes_later_is_read(tmp_path: Path, rule_file: Write, results: list[str]) -> None:
    file = RuleFile(tmp_path / "rules.toml", every=0, noted=results.append)
    await file.start()
    assert (file.rules, results) == (None, ["unreadable"])
    rule_file('action = "accept"')
    for _ in range(2):
        await file.look()
    assert count(file) == 1


async def test_a_link_that_leads_to_another_file_is_a_change(
    tmp_path: Path, rule_file: Write, results: list[str]
) -> None:
    """As container platforms replace configuration."""
    link = tmp_path / "link.toml"
    link.symlink_to(rule_file('action = "accept"'))
    file = RuleFile(link, every=0, noted=results.append)
    await file.start()
    other = tmp_path / "other.toml"
    other.write_text('default = "reject"', encoding="utf-8")
    os.replace(_link(tmp_path / "new", other), link)
    for _ in range(2):
        await file.look()
    assert count(file) == 0


def _link(path: Path, target: Path) -> Path:
    path.symlink_to(target)
    return path
