"""The child process: one decoder for one channel. It runs as a script, and imports nothing of ours.

A process, and not a thread, since pocketsphinx keeps Python's lock while it decodes: half a second at the end
of a sentence, in which no other call would be served.

Each request is a kind (one byte), a length (four bytes, little endian) and as many bytes; the answer is a
length and JSON. `r`: begin anew. `a`: audio, int16 at 16,000 Hz. `f`: the end of what is being said.
"""

from __future__ import annotations

import json
import re
import signal
import struct
import sys
from typing import Any, BinaryIO, Final

from pocketsphinx import Decoder, Endpointer  # type: ignore[import-untyped]

RATE: Final = 16000
FRAME: Final = 0.01  # seconds of the decoder's frames
LONGEST: Final = 20.0  # seconds of one utterance
_VARIANT: Final = re.compile(r"\(\d+\)$")


class Channel:
    """Finds speech in audio and decodes it; results as dictionaries, their times in seconds."""

    def __init__(self, options: dict[str, str]) -> None:
        self._decoder = Decoder(samprate=RATE, loglevel="FATAL", **options)
        self._running = False
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        if self._running:
            self._decoder.end_utt()
            self._running = False
        self._rest = b""
        self._sent = 0  # bytes given to the present endpointer and those before
        self._begin()

    def audio(self, data: bytes) -> list[dict[str, Any]]:
        """Take audio; return finals of what ended, and an interim of what goes on."""
        results: list[dict[str, Any]] = []
        data = self._rest + data
        size = self._endpointer.frame_bytes
        whole = len(data) - len(data) % size
        for at in range(0, whole, size):
            self._frame(data[at : at + size], results)
        self._rest = data[whole:]
        if self._running and (interim := self._result(is_final=False)):
            results.append(interim)
        return results

    def flush(self) -> list[dict[str, Any]]:
        """End what is being said."""
        results: list[dict[str, Any]] = []
        if self._rest:
            size = self._endpointer.frame_bytes
            padded = self._rest + bytes(size - len(self._rest))
            self._frame(padded, results)
            self._sent -= size - len(self._rest)
            self._rest = b""
        if self._running:
            self._end(results)
        self._begin()
        return results

    def _begin(self) -> None:
        self._endpointer = Endpointer(sample_rate=RATE)
        self._offset = self._sent / 2 / RATE

    def _frame(self, frame: bytes, results: list[dict[str, Any]]) -> None:
        was_speech = self._endpointer.in_speech
        speech = self._endpointer.process(frame)
        self._sent += len(frame)
        if speech is None:
            return
        if not was_speech or not self._running:
            self._decoder.start_utt()
            self._running = True
            now = self._sent / 2 / RATE
            self._start = self._offset + self._endpointer.speech_start if not was_speech else now
            self._fed = 0
        self._decoder.process_raw(speech, False, False)
        self._fed += len(speech)
        if not self._endpointer.in_speech or self._fed / 2 / RATE > LONGEST:
            self._end(results)

    def _end(self, results: list[dict[str, Any]]) -> None:
        self._decoder.end_utt()
        self._running = False
        if result := self._result(is_final=True):
            results.append(result)

    def _result(self, *, is_final: bool) -> dict[str, Any] | None:
        """Return what the decoder makes of the utterance so far, or `None` for nothing."""
        words = []
        exp = self._decoder.logmath.exp if is_final else None  # of an interim it knows no probabilities
        for part in self._decoder.seg() or ():
            text = _VARIANT.sub("", part.word)
            if text and text[0] not in "<[+":
                start, end = part.start_frame * FRAME, (part.end_frame + 1) * FRAME
                confidence = min(1.0, max(0.0, exp(part.prob))) if exp is not None else 1.0
                words.append((text, self._start + start, end - start, confidence))
        if not words:
            return None
        return {"final": is_final, "words": words}


def serve(channel: Channel, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while header := requests.read(5):
        kind, length = struct.unpack("<cI", header)
        data = requests.read(length)
        results: list[dict[str, Any]] = []
        if kind == b"a":
            results = channel.audio(data)
        elif kind == b"f":
            results = channel.flush()
        else:
            channel.reset()
        answer = json.dumps(results).encode()
        answers.write(struct.pack("<I", len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    # What is sent to the server's whole group of processes (Ctrl-C, systemd) must not take from it what it
    # needs while its calls run out. With the server, however it ended, the requests end, and so does this.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    serve(Channel(json.loads(sys.argv[1])), sys.stdin.buffer, sys.stdout.buffer)
