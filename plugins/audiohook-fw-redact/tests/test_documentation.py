"""The README names every kind, metric and national id; the page in docs names what the plugin emits."""

from __future__ import annotations

import re
from pathlib import Path

from audiohook_fw_redact import Kind, Redacted
from audiohook_fw_redact.recognise import checks, letters

ROOT = Path(__file__).parents[3]
README = (ROOT / "plugins/audiohook-fw-redact/README.md").read_text(encoding="utf-8")


def test_kinds() -> None:
    assert re.findall(r"^\| `(\w+)` \| (?:\S.*) \|$", README.partition("| kind |")[2], re.M)[: len(Kind)] == [
        *Kind
    ]


def test_national_ids() -> None:
    named = {*checks._IDS, *(shape.rule for shape in letters._IDS)}
    assert {
        name for name in named if name not in ("us-ssn", "gb-nino") and f"`{name}`" not in README
    } == set()


def test_metrics() -> None:
    source = (ROOT / "plugins/audiohook-fw-redact/audiohook_fw_redact/metrics.py").read_text(encoding="utf-8")
    names = re.findall(r'"(redact\.[a-z]+)"', source)
    assert len(names) == 2
    assert all(f"| `{name}` |" in README for name in names)


def test_events() -> None:
    page = (ROOT / "docs/how-to/redact-transcripts.md").read_text(encoding="utf-8")
    assert f"`{Redacted.event_type}`" in page
    assert {*Redacted.model_fields} <= {*re.findall(r"`(\w+)`", README)}
