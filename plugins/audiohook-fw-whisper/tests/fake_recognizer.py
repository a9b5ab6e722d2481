"""Stands for Whisper in a worker process. It does what the samples and the model's place say."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audiohook_fw_whisper.messages import Heard, HeardWord, Load, Request

SAY, KILL, KILL_ONCE, HANG, RAISE, NONSENSE, EXIT = range(1, 8)


def load(message: Load) -> Callable[[Request], Any]:
    place = message.models[0][1].place
    if place.endswith("refuse"):
        raise ValueError("the model is no model")
    if place.endswith("slow"):
        time.sleep(60)
    if place.endswith("crash"):
        print("segmentation fault, as it were", file=sys.stderr)
        os._exit(3)
    print("what libraries print must not come between the messages")
    return recognize


def recognize(request: Request) -> Any:
    """Do what the first sample says; the second one is the milliseconds it takes."""
    command, delay = (int(value) for value in request.samples[:2])
    time.sleep(delay / 1000)
    if command == KILL or (command == KILL_ONCE and _is_first()):
        os.kill(os.getpid(), signal.SIGKILL)
    if command == HANG:
        time.sleep(600)
    if command == RAISE:
        raise RuntimeError("what was said")
    if command == NONSENSE:
        return "nonsense"
    if command == EXIT:
        os._exit(7)
    seconds = len(request.samples) / 16_000
    words = (HeardWord("hello", 0.0, seconds / 2, 0.9), HeardWord("there", seconds / 2, seconds, 0.8))
    return Heard(f"hello there {os.getpid()}", request.language or "de", 0.85, words)


def _is_first() -> bool:
    mark = Path(os.environ["FAKE_MARKS"]) / "killed"
    if mark.exists():
        return False
    mark.touch()
    return True
