"""The engine by itself, on speech."""

from __future__ import annotations

import numpy as np
import pytest
from audiohook_fw_asr.testing import check_engine
from audiohook_fw_pocketsphinx.engine import PocketsphinxEngine

from audiohook_fw.audio import Samples, conversation


@pytest.fixture(scope="module")
def clip() -> Samples:
    """What the customer says first: about six seconds."""
    return np.ascontiguousarray(conversation().samples[33000:88000, 0])


async def test_it_does_what_the_base_expects(clip: Samples) -> None:
    heard = await check_engine(PocketsphinxEngine({}, ("en-US",), 2), clip)
    assert len(" ".join(heard).split()) > 8
    assert "copy machine" in " ".join(heard)
