"""Measures what encryption costs the server, and what reading costs afterwards; prints a table for the page.

python tests/measure_encryption.py [CALLS [SECONDS]]
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyrage
from audiohook_fw_recorder.age import Identities, Recipients
from audiohook_fw_recorder.age_spool import SEGMENT_DELAY, AgeSpool
from audiohook_fw_recorder.decrypting import segments
from audiohook_fw_recorder.spool import Spool, WavSpool

from audiohook_fw import MediaFormat

STEREO = MediaFormat("PCMU", ("external", "internal"))
FRAME = os.urandom(3_200)  # 200 ms
FRAMES = 5  # a second


class Loop:
    """Stands for the event loop: wants to run each millisecond, and notes how long it had to wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Loop:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            before = time.perf_counter()
            time.sleep(0.001)
            self.waits.append(time.perf_counter() - before - 0.001)


def measure(name: str, new: Callable[[], Spool], calls: int, seconds: float, delay: float) -> None:
    """Write the calls as the writer does: all of them, one after the other, when audio waited long enough."""
    with tempfile.TemporaryDirectory() as directory:
        spools = [new() for _ in range(calls)]
        for number, spool in enumerate(spools):
            spool.begin(Path(directory) / f"{number}{spool.suffix}")
        rounds = max(1, round(seconds / delay))
        pieces = [FRAME] * max(1, round(FRAMES * delay))
        began = time.process_time()
        longest = 0.0
        with Loop() as loop:
            for _ in range(rounds):
                start = time.perf_counter()
                for spool in spools:
                    spool.write(list(pieces))
                longest = max(longest, time.perf_counter() - start)
        spent = time.process_time() - began
        for spool in spools:
            spool.finish()
            spool.close()
        size = sum(path.stat().st_size for path in Path(directory).iterdir())
        recorded = calls * rounds * len(pieces) / FRAMES
        waits = sorted(loop.waits)
        each = f"{spent / recorded * 1e6:.0f} µs | {size / recorded / 1e3:.1f} kB | {longest * 1e3:.0f} ms"
        print(f"| {name} | {each} | {waits[len(waits) // 2] * 1e3:.1f} ms | {waits[-1] * 1e3:.1f} ms |")


def read(secret: str, public: str, minutes: int) -> None:
    """Decrypt a call."""
    with tempfile.TemporaryDirectory() as directory:
        spool = AgeSpool(STEREO, Recipients([public]), byte_order="little")
        spool.begin(Path(directory) / "call.tar")
        for _ in range(minutes * 60 // 4):
            spool.write([FRAME] * 20)
        began = time.process_time()
        for _ in segments(Path(directory) / "call.tar", Identities.parse(secret, "key")):
            pass
        print(f"\nAn hour is decrypted in {(time.process_time() - began) * 60 / minutes:.2f} s.")


def main(calls: int = 200, seconds: float = 40.0) -> None:
    """Print the table."""
    keys = [pyrage.x25519.Identity.generate() for _ in range(3)]
    names = [str(key.to_public()) for key in keys]
    print(f"{calls} stereo calls, written one after the other\n")
    print("| | CPU for a second of call | disk | all calls once | loop waits, median | longest |")
    print("|---|---|---|---|---|---|")
    measure("WAV", lambda: WavSpool(STEREO, byte_order="little"), calls, seconds, 0.9)
    for count in (1, 2, 3):
        recipients = Recipients(names[:count])
        measure(
            f"encrypted, {count} key{'s' * (count > 1)}",
            lambda recipients=recipients: AgeSpool(STEREO, recipients, byte_order="little"),
            calls,
            seconds,
            SEGMENT_DELAY,
        )
    read(str(keys[0]), names[0], 60)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
