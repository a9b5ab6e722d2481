"""The engine `webrtc`: costs a few microseconds a window; good on a quiet line, not in loud noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webrtcvad import Vad  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from audiohook_fw.audio import Samples

__all__ = ["WebrtcDetector"]


class WebrtcDetector:
    """WebRTC's detector, which says yes or no.

    Args:
        aggressiveness: 0 to 3; the higher, the less noise counts as speech.

    Attributes:
        window: 30 ms.
    """

    def __init__(self, rate: int, *, aggressiveness: int = 3) -> None:
        self._rate = rate
        self._mode = aggressiveness
        self._vad = Vad(aggressiveness)
        self.window: Final = rate * 30 // 1000

    def detect(self, samples: Samples) -> float:
        """Return 1 when somebody speaks in one window, else 0."""
        return float(self._vad.is_speech(samples.tobytes(), self._rate))

    def reset(self) -> None:
        """Forget what was heard."""
        self._vad = Vad(self._mode)
