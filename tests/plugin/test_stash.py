"""The stash: typed, by key object, per call."""

from __future__ import annotations

import pytest

from audiohook_fw.plugin import Stash, StashKey


def test_values_belong_to_their_key() -> None:
    stash, peak, name = Stash(), StashKey[float](), StashKey[str]()
    assert peak not in stash
    assert stash.get(peak, 0.5) == 0.5
    stash[peak] = 0.7
    assert (stash[peak], stash.get(peak, 0.0), len(stash)) == (0.7, 0.7, 1)
    assert stash.setdefault(peak, 0.1) == 0.7
    assert stash.setdefault(name, "x") == "x"
    del stash[peak]
    assert peak not in stash
    with pytest.raises(KeyError):
        stash[peak]
    assert len(Stash()) == 0
