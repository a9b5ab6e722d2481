"""A model that is not there is told in one line, and decoders are bounded."""

from __future__ import annotations

import pytest
from audiohook_fw_asr import StreamRequest
from audiohook_fw_pocketsphinx import PocketsphinxSettings
from audiohook_fw_pocketsphinx.engine import PocketsphinxEngine
from pydantic import ValidationError

REQUEST = StreamRequest("external", "en-US", 16000, "a session", "a conversation")


async def test_a_model_that_is_not_there() -> None:
    engine = PocketsphinxEngine({"hmm": "/no/such/model"}, ("en-US",), 1)
    with pytest.raises(EOFError, match="Failed to initialize"):
        await engine.start()
    await engine.stop()


async def test_no_more_decoders_than_configured() -> None:
    engine = PocketsphinxEngine({}, ("en-US",), 1)
    await engine.start()
    first = await engine.connect(REQUEST)
    with pytest.raises(RuntimeError, match="all 1 decoders are in use: raise `processes`"):
        await engine.connect(REQUEST)
    await first.close()
    second = await engine.connect(REQUEST)
    await second.close()
    await engine.stop()


@pytest.mark.parametrize(
    "wrong", [{"processes": 0}, {"languages": []}, {"languages": ["no language"]}, {"lm": "x"}]
)
def test_wrong_settings(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PocketsphinxSettings.model_validate(wrong)
