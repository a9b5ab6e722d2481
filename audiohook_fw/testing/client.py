"""`play_call`: a call of the simulated Genesys client, scripted in one line, for plain tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from audiohook_fw.client import CallOptions, CallReport, Timeline, run_call

from .audio import CallAudio
from .server import ServerThread

__all__ = ["play_call"]

_SPEED: Final = 20.0


def play_call(
    server: ServerThread | str,
    timeline: str | Iterable[str] | Timeline = (),
    *,
    audio: CallAudio | None = None,
    **options: object,
) -> CallReport:
    """Play one call over a real socket, and return its report once it is over.

    Args:
        server: a `ServerThread`, whose key is used, or a URL, with `api_key` and `secret` among the options.
        timeline: what happens besides the audio: `"pause@5, resume@8, discard@10+2.5"`.
        audio: what is said, and how long; three seconds of a tone by default.
        options: all else of `audiohook_fw.client.CallOptions`: `speed` (20 by default), `dnis`, `media`,
            `connector`, `backlog`, `keep_audio` …

    Raises:
        ValueError: an option or the timeline makes no sense.
    """
    if isinstance(server, ServerThread):
        options = {"url": server.url, "api_key": server.api_key, "secret": server.secret, **options}
    else:
        options = {"url": server, **options}
    played = audio or CallAudio.tone(3.0)
    if not isinstance(timeline, Timeline):
        timeline = Timeline.parse([timeline] if isinstance(timeline, str) else timeline)
    options = {"speed": _SPEED, "duration": played.seconds, "source": played.source, **options}
    call = run_call(CallOptions(timeline=timeline, **options))  # type: ignore[arg-type]  # it checks them
    with ThreadPoolExecutor(1, "audiohook-test-client") as thread:  # a test may have a loop of its own
        return thread.submit(asyncio.run, call).result()
