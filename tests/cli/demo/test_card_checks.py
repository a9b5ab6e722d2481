"""The checks of the card find what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.audio import CONVERSATION_MEDIA, ULAW_SILENCE, WavWriter, conversation, conversation_script
from audiohook_fw.cli.demo.card_checks import check_card

RATE = CONVERSATION_MEDIA.rate
SCRIPT = conversation_script()
[CARD] = [line for line in SCRIPT if "one one one one" in line.text]
FROM, TO = CARD.start + 2 * RATE, CARD.end
DIGITS = re.compile(r"four one.*")


class Kept:
    """What a call left, as it should be; a test spoils it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.utterances: list[dict[str, Any]] = [
            {
                "channel": line.channel,
                "start": line.start / RATE,
                "length": line.length / RATE,
                "final": True,
                "text": DIGITS.sub("[card]", line.text),
                "words": [],
            }
            for line in SCRIPT
        ]
        self.card = self.utterances[SCRIPT.index(CARD)]
        self.card["words"] = [{"text": "[card]", "start": FROM / RATE, "length": (TO - FROM) / RATE}]
        self.silent = (FROM, TO)
        self.sidecar: dict[str, Any] = {"redactions": [{}]}

    def problems(self) -> list[str]:
        text, wav = self.directory / "call.txt", self.directory / "call.wav"
        text.write_text(
            "".join(f"{one['start']} {one['channel']}: {one['text']}\n" for one in self.utterances)
        )
        payload = bytearray(conversation().payload)
        start, end = self.silent
        payload[2 * start : 2 * end : 2] = ULAW_SILENCE * (end - start)
        with WavWriter(wav, CONVERSATION_MEDIA) as writer:
            writer.write(bytes(payload))
        document = {"utterances": self.utterances}
        return [
            check.text for check in check_card(document, SCRIPT, text, wav, self.sidecar) if check.problem
        ]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_all_is_well(kept: Kept) -> None:
    assert kept.problems() == []


def test_a_card_that_was_not_redacted_is_found(kept: Kept) -> None:
    kept.card["text"] = CARD.text
    assert kept.problems() == [
        "the customer read out a card number, which was redacted where it was said",
        "none of it is in what was told to Genesys and written",
    ]


@pytest.mark.parametrize("left", ["[card] 1111", "[card] 1-1-1-1.", "[card] one, one one one"])
def test_what_is_left_of_it_is_found(kept: Kept, left: str) -> None:
    kept.card["text"] = left
    assert kept.problems() == ["none of it is in what was told to Genesys and written"]


def test_a_label_where_none_was_said_is_found(kept: Kept) -> None:
    kept.utterances[0]["text"] = "[card] speaking"
    assert kept.problems() == ["the customer read out a card number, which was redacted where it was said"]


def test_what_can_be_heard_is_found(kept: Kept) -> None:
    kept.silent = (FROM, TO - RATE)
    assert kept.problems() == ["it cannot be heard in the recording"]
    (kept.directory / "call.wav").unlink()
    kept.sidecar = {}
    assert kept.problems() == []  # such a recorder says nothing of it
