"""Rules out of texts, and calls for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from audiohook_fw_policy.condition import Condition
from audiohook_fw_policy.rule_file import parse_rules
from audiohook_fw_policy.rules import RuleSet

TOP = 'default = "accept"\nzone = "Europe/Berlin"\n'


@pytest.fixture
def rules() -> Callable[..., RuleSet]:
    """Make rules of TOML texts, one for each, without their names; `top` is the rest of the file."""

    def make(*texts: str, top: str = TOP) -> RuleSet:
        parts = [f'[[rules]]\nname = "r{number}"\n{text}\n' for number, text in enumerate(texts, 1)]
        return parse_rules(top + "\n" + "\n".join(parts), "rules.toml")

    return make


@pytest.fixture
def when(rules: Callable[..., RuleSet]) -> Callable[[str], Condition]:
    """Make a condition of what stands in `when = { … }`."""
    return lambda text: rules(f'action = "reject"\nwhen = {{ {text} }}').rules[0].when


@pytest.fixture
def rule_file(tmp_path: Path) -> Callable[..., Path]:
    """Write rules to a file, as `rules` takes them; always the same file."""

    def write(*texts: str, top: str = TOP, names: Sequence[str] = ()) -> Path:
        path = tmp_path / "rules.toml"
        named = names or [f"r{number}" for number in range(1, len(texts) + 1)]
        parts = [f'[[rules]]\nname = "{name}"\n{text}\n' for name, text in zip(named, texts, strict=True)]
        temporary = path.with_suffix(".new")
        temporary.write_text(top + "\n" + "\n".join(parts), encoding="utf-8")
        temporary.replace(path)
        return path

    return write
