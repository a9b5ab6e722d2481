"""Calls of the plugin, and engines that are installed for a test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from audiohook_fw_sentiment import SentimentPlugin

from audiohook_fw import Sentiment, Transcript
from audiohook_fw.testing import CallDriver

SECOND = 8000


class Kit:
    """What tests use besides fixtures: test modules cannot import this one."""

    @staticmethod
    def said(text: str, *, at: float = 0.0, seconds: float = 2.0, **fields: Any) -> Transcript:
        """Return a final transcript of the customer."""
        fields = {"channel": "external", "start": round(at * SECOND), **fields}
        return Transcript(text=text, length=round(seconds * SECOND), **fields)

    @staticmethod
    def moods(call: CallDriver, *, running: bool = False) -> Sequence[Sentiment]:
        """Return the moods of utterances, or those of channels, that the plugin emitted."""
        return [e for e in call.emitted if isinstance(e, Sentiment) and e.running is running]


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install engines as a distribution would: an entry point for each name, which makes one."""

    def install(**factories: object) -> None:
        module = ModuleType("acme_engines")
        module.__dict__.update(factories)
        monkeypatch.setitem(sys.modules, "acme_engines", module)
        info = tmp_path / "site" / "acme_engines-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-engines\nVersion: 1.0\n")
        lines = [f"{name} = acme_engines:{name}\n" for name in factories]
        (info / "entry_points.txt").write_text("[audiohook_fw_sentiment]\n" + "".join(lines))
        monkeypatch.syspath_prepend(str(info.parent))

    return install


@pytest.fixture
def new_call(audiohook_session: Callable[..., CallDriver]) -> Callable[..., CallDriver]:
    """Open a call of the plugin with these settings; `facts` are of the call."""

    def make(facts: dict[str, Any] | None = None, **settings: Any) -> CallDriver:
        facts = {"language": "en-US", **(facts or {})}
        call = audiohook_session(SentimentPlugin, settings=settings, **facts)
        call.open()
        return call

    return make
