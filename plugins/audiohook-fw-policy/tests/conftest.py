"""Rules out of texts, and calls for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from audiohook_fw_policy.condition import Condition
from audiohook_fw_policy.rule_file import parse_rules
from audiohook_fw_policy.rules import RuleSet

from audiohook_fw import Session, SessionClosedError, SessionHandler, hookimpl

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


class Lookup:
    """Finds things out about every call, one after the other: pairs of seconds and values of the context."""

    def __init__(self, steps: Sequence[tuple[float, dict[str, object]]]) -> None:
        self.steps = steps
        self.wanted: list[object] = []

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Steps(session, self)


class _Steps(SessionHandler):
    def __init__(self, session: Session, lookup: Lookup) -> None:
        self.session = session
        self.lookup = lookup

    async def on_opened(self) -> None:
        for seconds, values in self.lookup.steps:
            await asyncio.sleep(seconds)
            self.lookup.wanted.append(self.session.context.get("queue_wanted"))
            try:
                self.session.update_context(**values)
            except SessionClosedError:
                return


@pytest.fixture
def lookup() -> Callable[..., Lookup]:
    """Make a plugin that looks calls up: `lookup((2.0, {"queue_name": "Sales"}), …)`."""
    return lambda *steps: Lookup(steps)
