"""Calls over real sockets: events in order, figures, and an engine that hangs in one of two calls."""

from __future__ import annotations

import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from audiohook_fw_vad import Conversation, Vad

from audiohook_fw import Event, PluginInfo, Session, SpeechEnded, SpeechStarted, hookimpl
from audiohook_fw.testing import CallAudio, ServerThread

PATIENCE = 60.0


class Ear:
    """Notes what it is told, by session."""

    info = PluginInfo(consumes=(SpeechStarted, SpeechEnded, Conversation))

    def __init__(self) -> None:
        self.heard: dict[str, list[Event]] = {}

    @hookimpl
    def on_event(self, session: Session, event: Event) -> None:
        self.heard.setdefault(session.id, []).append(event)


def speech(kit: Any, times: int = 1) -> CallAudio:
    parts = [kit.quiet(0.5), kit.loud(1, 0), kit.loud(0.5, 0, 1), kit.quiet(0.5)]
    return CallAudio.samples(np.concatenate(parts * times))


def metrics(server: ServerThread) -> dict[str, float]:
    request = urllib.request.Request(f"{server.admin_url}/metrics")
    request.add_header("Authorization", f"Bearer {server.admin_token}")
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        lines = re.findall(r"^(vad_[^ ]*) ([^ ]*)$", answer.read().decode(), re.M)
    return {name: float(value) for name, value in lines}


def wait_for_calls(server: ServerThread) -> None:
    given_up = time.monotonic() + PATIENCE
    while server.calls and time.monotonic() < given_up:
        time.sleep(0.02)
    assert not server.calls


def test_events_and_figures(audiohook_server: Any, audiohook_client: Any, kit: Any) -> None:
    ear = Ear()
    section = {"engine": "scripted_detector:LoudDetector", "ignore_background": False}
    server = audiohook_server(Vad, ear, settings={"vad": section})
    audiohook_client(server, "pause@0.8, resume@1.0", audio=speech(kit), speed=4)
    wait_for_calls(server)
    (heard,) = ear.heard.values()
    kinds = [type(event).__name__ for event in heard]
    assert kinds.count("SpeechStarted") == kinds.count("SpeechEnded") == 3
    assert kinds[-1] == "Conversation"
    starts = [event.start for event in heard if isinstance(event, SpeechStarted)]
    assert starts == sorted(starts)
    values = metrics(server)
    assert values['vad_segments_total{channel="external"}'] == 2
    assert values['vad_segments_total{channel="internal"}'] == 1
    assert values['vad_talk_seconds_total{channel="internal"}'] > 0.3
    assert values["vad_overlap_seconds_total"] > 0.3
    assert values["vad_lag_seconds"] == 0


def test_an_engine_that_hangs_in_one_call_is_replaced(
    audiohook_server: Any, audiohook_client: Any, kit: Any, plan: Any
) -> None:
    plan.hangs = {60}
    ear = Ear()
    section = {"engine": "scripted_detector:FaultyDetector", "options": {"plan": plan}, "threads": 1}
    section |= {"engine_timeout": 2.0, "max_lag": 60, "ignore_background": False}
    server = audiohook_server(Vad, ear, settings={"vad": section})
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(audiohook_client, server, audio=speech(kit, 6), speed=3) for _ in range(2)]
        for call in calls:
            call.result(PATIENCE)
    wait_for_calls(server)
    assert len(ear.heard) == 2
    summaries = [events[-1] for events in ear.heard.values()]
    unjudged = sorted(summary.unjudged for summary in summaries if isinstance(summary, Conversation))
    assert unjudged[0] == 0  # the other call lost nothing
    assert unjudged[1] > 0
    ended = [[e for e in events if isinstance(e, SpeechEnded)] for events in ear.heard.values()]
    assert max(len(events) for events in ended) == 12
    assert all(events[-1].start > 5 * 2.5 * 8000 for events in ended)  # both were heard to the end
    assert metrics(server)['vad_failures_total{kind="hung"}'] == 1
