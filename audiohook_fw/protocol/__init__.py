"""AudioHook version 2 without I/O: messages, media, the stream clock, both state machines."""

from .media import CHANNELS, MediaFormat, parse_offers

__all__ = ["CHANNELS", "MediaFormat", "parse_offers"]
