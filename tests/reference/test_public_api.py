"""The public API is what was promised: it changes only on purpose."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
from make_reference import public_api

import audiohook_fw
from audiohook_fw.plugin import FAMILIES

RENEW = (
    "The public API is not what tests/reference/public_api.txt promises.\n"
    "If that is meant: cd docs && ../.venv/bin/python -m make_reference.public_api,\n"
    "and tell plugin authors in CHANGELOG.md (docs/explanation/compatibility.md says what may change).\n\n"
)


def difference(now: list[str]) -> str:
    """Return what differs from what is frozen; empty when nothing does."""
    frozen = public_api.FROZEN.read_text(encoding="utf-8").splitlines()
    return "\n".join(difflib.unified_diff(frozen, now, "promised", "now", n=0, lineterm=""))


def test_it_is_as_promised() -> None:
    changes = difference(list(public_api.lines()))
    assert not changes, RENEW + changes


def test_it_holds_every_public_name_and_every_hook() -> None:
    lines = list(public_api.lines())
    for name in audiohook_fw.__all__:
        assert any(line.startswith(f"{name}: ") for line in lines), name
    for hook in FAMILIES:
        assert sum(line.startswith(f"hook {hook}(") for line in lines) == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("hook on_dtmf", "hook on_dtmf(session: Session, digit: str, position: int) -> Result"),
        ("Session.emit", "Session.emit(event: Event) -> None"),
        (
            "async Session.run_blocking",
            "async Session.run_blocking(function: Callable[..., T], *args: Any, **kwargs: Any) -> T",
        ),
        ("Session.__init__", None),
        ("ServerContext.node", "ServerContext.node"),
        ("SessionHandler.on_audio", "SessionHandler.on_audio(frame: AudioFrame) -> Result"),
        ("Accept.start_paused", "Accept.start_paused: bool = False"),
        ("CloseReason.LOST", "CloseReason.LOST = 'lost'"),
        ("HOOK_API_VERSION", "HOOK_API_VERSION: Final = 1"),
    ],
)
def test_names_come_with_their_signatures(name: str, shown: str | None) -> None:
    assert [line for line in public_api.lines() if line.startswith(name)] == ([shown] if shown else [])


def test_a_change_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = list(public_api.lines())

    def changed(old: str, new: str) -> str:
        assert old in lines
        return difference([new if line == old else line for line in lines])

    old = "hook on_dtmf(session: Session, digit: str, position: int) -> Result"
    assert changed(old, old.replace("digit", "key")).count("\n+hook") == 1
    names: list[Any] = [name for name in audiohook_fw.__all__ if name != "Word"]
    monkeypatch.setattr(audiohook_fw, "__all__", names)
    assert "-Word: class Word(BaseModel)" in difference(list(public_api.lines()))
