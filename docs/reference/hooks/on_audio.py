"""Remember the loudest sample of the customer, in the stash of the call."""

from __future__ import annotations

from audiohook_fw import AudioFrame, Overflow, PluginInfo, Session, StashKey, hookimpl

info = PluginInfo(summary="Peak level", overflow=Overflow.DROP_OLDEST, max_lag=2.0)

PEAK = StashKey[int]()


@hookimpl
def on_audio(session: Session, frame: AudioFrame) -> None:
    """A plain function: it runs inline, so it only calculates."""
    peak = int(abs(frame.channel("external").astype("int32")).max(initial=0))
    session.stash[PEAK] = max(peak, session.stash.get(PEAK, 0))
