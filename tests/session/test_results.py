"""What plugins emit reaches the client as far as its product takes it."""

from __future__ import annotations

from logging import LogRecord
from typing import Any

import pytest

from audiohook_fw.plugin import ContextChanged, LocalMetrics, Transcript
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.session import results
from audiohook_fw.session.results import Results
from audiohook_fw.testing.facts import call_facts

STEREO = MediaFormat("PCMU", ("external", "internal"))
FINAL = Transcript(id="u1", channel="external", text="good day", start=0, length=800)


class Control:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bool]] = []

    def send_entity(self, entity: Any, *, replaces: str, interim: bool) -> None:
        self.sent.append((entity.type, replaces, interim))


class Bench:
    def __init__(self, media: MediaFormat | None = STEREO, **facts: Any) -> None:
        self.control: Any = Control()
        self.metrics = LocalMetrics()
        self.results = Results(call_facts(facts), self.control, self.metrics, lambda: media)


def test_finals_and_wanted_interims_are_sent_under_the_name_of_their_utterance() -> None:
    bench = Bench(product="transcription", interims=True)
    bench.results.send(FINAL.model_copy(update={"is_final": False}), "asr")
    bench.results.send(FINAL, "asr")
    assert bench.control.sent == [
        ("transcript", "transcript u1", True),
        ("transcript", "transcript u1", False),
    ]


@pytest.mark.parametrize(
    "facts", [{"product": "monitor"}, {"product": "connector"}, {"product": "transcription", "media": None}]
)
def test_nothing_is_sent_that_the_client_does_not_take(facts: dict[str, Any]) -> None:
    bench = Bench(**facts)
    bench.results.send(FINAL, "asr")
    bench.results.send(ContextChanged(changed=("queue",)), "asr")
    assert bench.control.sent == []


def test_what_cannot_be_sent_is_counted_and_said_without_its_text(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(results.limited), "_left_out", lambda self, key: 0)
    bench = Bench(media=MediaFormat("PCMU", ("internal",)), product="transcription")
    bench.results.send(FINAL, "asr")
    assert bench.metrics.value("audiohook.outbox.dropped", reason="unsupported") == 1
    [record] = caplog.records
    assert isinstance(record, LogRecord)
    assert "asr" in record.getMessage()
    assert "good day" not in caplog.text
