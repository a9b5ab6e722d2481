"""Prefer the customer's channel alone, for less audio to transcribe."""

from __future__ import annotations

from collections.abc import Sequence

from audiohook_fw import AudioWish, MediaFormat, PluginInfo, Session, hookimpl

info = PluginInfo(summary="Listens to the customer", audio=AudioWish(channels=("external",)))


@hookimpl
def select_media(session: Session, offers: Sequence[MediaFormat]) -> MediaFormat | None:
    """Leave it to others when the client does not offer it."""
    return next((offer for offer in offers if offer.channels == ("external",)), None)
